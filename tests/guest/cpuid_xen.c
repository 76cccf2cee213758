// SPDX-License-Identifier: Apache-2.0
// The hypervisor's own CPUID leaves (xen/arch-x86/cpuid.h).
/* guest: vcpus=2 */
#include "rt/rt.h"

static uint32_t find_base(void) {
  for (uint32_t base = 0x40000000; base < 0x40010000; base += 0x100) {
    struct cpuid c = cpuid(base, 0);
    if (c.ebx == XEN_CPUID_SIGNATURE_EBX && c.ecx == XEN_CPUID_SIGNATURE_ECX &&
        c.edx == XEN_CPUID_SIGNATURE_EDX)
      return base;
  }
  return 0;
}

static uint32_t base;
static volatile uint32_t other_vcpu = ~0u;

static void second_vcpu(void) {
  other_vcpu = cpuid(base + 4, 0).ebx;
}

static void leaf_tsc(void) {
  struct cpuid c = cpuid(base + 3, 0);
  CHECK("cpuid_xen.tsc.mode", c.ebx <= 3);
  uint64_t khz = tsc_hz() / 1000;
  CHECK("cpuid_xen.tsc.khz", c.ecx > khz - khz / 100 && c.ecx < khz + khz / 100);
  c = cpuid(base + 3, 1);
  check_eq("cpuid_xen.tsc.multiplier", c.ecx, shared_info->vcpu_info[0].time.tsc_to_system_mul);
  check_eq("cpuid_xen.tsc.shift", (int32_t)c.edx, shared_info->vcpu_info[0].time.tsc_shift);
}

void test_main(void) {
  base = find_base();
  check_eq("cpuid_xen.base", base, 0x40000000);
  uint32_t last = cpuid(base, 0).eax;
  CHECK("cpuid_xen.last_leaf", last >= base + 4 && last <= base + XEN_CPUID_MAX_NUM_LEAVES);
  struct cpuid c = cpuid(base + 1, 0);
  check_eq("cpuid_xen.version", c.eax, xen_version(XENVER_version, 0));
  check_eq("cpuid_xen.version.reserved", c.ebx | c.ecx | c.edx, 0);
  c = cpuid(base + 2, 0);
  check_eq("cpuid_xen.hypercall_pages", c.eax, 1);
  check_eq("cpuid_xen.hypercall_msr", c.ebx, 0x40000000);
  check_eq("cpuid_xen.features2", c.edx, 0);
  leaf_tsc();
  c = cpuid(base + 4, 0);
  uint32_t want = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT;
  check_eq("cpuid_xen.hvm.flags", c.eax & want, want);
  CHECK("cpuid_xen.hvm.upcall_vector", c.eax & XEN_HVM_CPUID_UPCALL_VECTOR);
  check_eq("cpuid_xen.hvm.vcpu", c.ebx, 0);
  CHECK("cpuid_xen.hvm.domid", c.ecx < DOMID_FIRST_RESERVED);
  check_eq("cpuid_xen.start_second", cpu_start(1, second_vcpu), 0);
  CHECK("cpuid_xen.hvm.second_vcpu", WAIT(other_vcpu == 1, 2000 * MS));
  c = cpuid(last + 1, 0);
  check_eq("cpuid_xen.past_end", c.eax | c.ebx | c.ecx | c.edx, 0);
}
