/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's own XSAVE: which components are kept for guests, and the switch
 * between vCPUs with it or, on a machine without, with FXSAVE. xsave_none.c is the
 * twin of a build without.
 */
#include <asm/msr.h>
#include <asm/platform.h>
#include <asm/private.h>
#include <asm/vendor.h>

/* x87, SSE, AVX, and AVX-512's three: their area takes less than a page. */
#define XCR0_ALLOWED 0xe7ull

__boot void xsave_init(struct cpu_features *f) {
  uint32_t r[4];
  cpuid(1, 0, r);
  f->xsave = r[2] & BIT(26);
  if (!f->xsave)
    return;
  cpuid(0xd, 0, r);
  f->xcr0 = (r[0] | (uint64_t)r[3] << 32) & XCR0_ALLOWED;
  cpuid(0xd, 1, r);
  f->xsaves = ENABLED(CONFIG_GUEST_XSAVES) && (r[0] & BIT(3));
}

void xcr0_init(void) {
  uint64_t v = cpu_features.xcr0;
  if (cpu_features.xsave)
    xsetbv(v);
  if (cpu_features.xsaves)
    wrmsr(MSR_XSS, 0); /* the guests' too: no vendor switches it */
  this_private->xcr0 = v;
}

static void xcr0_load(uint64_t value) {
  if (this_private->xcr0 == value)
    return;
  xsetbv(value);
  this_private->xcr0 = value;
}

/* Some emulated machines let the guest's XSETBV through although it is intercepted: what the
 * register holds counts, not what we saw. */
uint64_t fpu_get_xcr0(struct vcpu *v) {
  uint32_t low, high;
  if (!cpu_features.xsave)
    return v->arch.xcr0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  this_private->xcr0 = low | (uint64_t)high << 32;
  return this_private->xcr0 & cpu_features.xcr0;
}

void fpu_area_save(struct vcpu *v) {
  if (!cpu_features.xsave) {
    asm volatile("fxsave64 (%0)" ::"r"(v->arch.fpu) : "memory");
    return;
  }
  v->arch.xcr0 = fpu_get_xcr0(v);
  xcr0_load(cpu_features.xcr0);
  asm volatile("xsave64 (%0)" ::"r"(v->arch.fpu), "a"(~0u), "d"(~0u) : "memory");
}

void fpu_area_load(struct vcpu *v) {
  if (!cpu_features.xsave) {
    asm volatile("fxrstor64 (%0)" ::"r"(v->arch.fpu) : "memory");
    return;
  }
  xcr0_load(cpu_features.xcr0);
  asm volatile("xrstor64 (%0)" ::"r"(v->arch.fpu), "a"(~0u), "d"(~0u) : "memory");
  xcr0_load(v->arch.xcr0);
}

/* The exits of a guest that sets XCR0 come here: the vCPU is on this CPU. */
void fpu_set_xcr0(struct vcpu *v, uint64_t value) {
  v->arch.xcr0 = value;
  xcr0_load(value);
}
