// SPDX-License-Identifier: Apache-2.0
// What CPUID must hide, and what it must show of the guest's own state.
/* guest: */
#include "rt/rt.h"

static int is_zero(uint32_t leaf, uint32_t subleaf) {
  struct cpuid c = cpuid(leaf, subleaf);
  return !(c.eax | c.ebx | c.ecx | c.edx);
}

static void hidden(void) {
  struct cpuid c = cpuid(1, 0);
  check_eq("cpuid_policy.hides.monitor", c.ecx >> 3 & 1, 0);
  check_eq("cpuid_policy.hides.vmx", c.ecx >> 5 & 1, 0);
  check_eq("cpuid_policy.hides.smx", c.ecx >> 6 & 1, 0);
  check_eq("cpuid_policy.hides.pdcm", c.ecx >> 15 & 1, 0);
  c = cpuid(0x80000001, 0);
  check_eq("cpuid_policy.hides.svm", c.ecx >> 2 & 1, 0);
  check_eq("cpuid_policy.hides.skinit", c.ecx >> 12 & 1, 0);
  CHECK("cpuid_policy.hides.svm_leaf", is_zero(0x8000000a, 0));
  c = cpuid(7, 0);
  check_eq("cpuid_policy.hides.sgx", c.ebx >> 2 & 1, 0);
  check_eq("cpuid_policy.hides.pqm_pqe", c.ebx & (1u << 12 | 1u << 15), 0);
  check_eq("cpuid_policy.hides.processor_trace", c.ebx >> 25 & 1, 0);
}

static void unlisted(void) {
  uint32_t basic = cpuid(0, 0).eax, extended = cpuid(0x80000000, 0).eax;
  CHECK("cpuid_policy.basic_max", basic >= 1 && basic < 0x40);
  CHECK("cpuid_policy.extended_max", extended >= 0x80000008 && extended < 0x80000040);
  CHECK("cpuid_policy.zero.past_basic", is_zero(basic + 1, 0));
  CHECK("cpuid_policy.zero.past_extended", is_zero(extended + 1, 0));
  CHECK("cpuid_policy.zero.20000000", is_zero(0x20000000, 0));
  CHECK("cpuid_policy.zero.40000100", is_zero(0x40000100, 0));
  CHECK("cpuid_policy.zero.c0000000", is_zero(0xc0000000, 0));
  CHECK("cpuid_policy.zero.ffffffff", is_zero(0xffffffff, 0));
  CHECK("cpuid_policy.zero.7.5", is_zero(7, 5));
}

static void shown(void) {
  struct cpuid c = cpuid(1, 0);
  check_eq("cpuid_policy.shows.hypervisor", c.ecx >> 31, 1);
  check_eq("cpuid_policy.shows.apic", c.edx >> 9 & 1, 1);
  check_eq("cpuid_policy.shows.x2apic", c.ecx >> 21 & 1, 1);
  // FPU, PSE, TSC, MSR, PAE, CX8, SEP, MTRR, PGE, CMOV, PAT, FXSR, SSE, SSE2.
  uint32_t base = 0x0701b179u & ~0x80u;
  check_eq("cpuid_policy.shows.baseline", c.edx & base, base);
  check_eq("cpuid_policy.shows.long_mode_nx_syscall",
           cpuid(0x80000001, 0).edx & (1u << 29 | 1u << 20 | 1u << 11),
           1u << 29 | 1u << 20 | 1u << 11);
  check_eq("cpuid_policy.osxsave.off", c.ecx >> 27 & 1, 0);
  if (!(c.ecx >> 26 & 1))
    return;
  write_cr4(read_cr4() | CR4_OSXSAVE);
  check_eq("cpuid_policy.osxsave.on", cpuid(1, 0).ecx >> 27 & 1, 1);
  write_cr4(read_cr4() & ~CR4_OSXSAVE);
}

void test_main(void) {
  hidden();
  unlisted();
  shown();
}
