/* SPDX-License-Identifier: Apache-2.0 */
/* A build without XSAVE: x87 and SSE are all that guests and their switches know. */
#include <asm/platform.h>
#include <asm/vendor.h>

__boot void xsave_init(struct cpu_features *f __unused_param) {
}

void xcr0_init(void) {
}

__boot void cpuid_xsave_init(void) {
}

void cpuid_xsave_leaf(struct vcpu *v __unused_param, uint32_t sub __unused_param,
                      uint32_t out[4] __unused_param) {
}

bool xcr0_legal(uint64_t value __unused_param) {
  return false;
}

void fpu_set_xcr0(struct vcpu *v __unused_param, uint64_t value __unused_param) {
}

void fpu_area_save(struct vcpu *v) {
  asm volatile("fxsave64 (%0)" ::"r"(v->arch.fpu) : "memory");
}

void fpu_area_load(struct vcpu *v) {
  asm volatile("fxrstor64 (%0)" ::"r"(v->arch.fpu) : "memory");
}
