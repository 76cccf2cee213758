// SPDX-License-Identifier: Apache-2.0
// MSRs that are not listed fault; listed ones refuse values that the CPU refuses.
/* guest: xen-differs=pat.type,pat.type.kept,pat.reserved,pat.reserved.kept (it leaves PAT to VMRUN)
 */
#include "rt/rt.h"

static void unlisted(void) {
  static const uint32_t none[] = {0x5,        0x3a0,      0x4ff,      0xdead,     0x40000001,
                                  0x400001ff, 0xc0000105, 0xc0001000, 0xc0012345, 0xffffffff};
  char name[48];
  uint64_t value;
  for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
    snprintf(name, sizeof(name), "msr_policy.read.%x", none[i]);
    check_fault(name, try_rdmsr(none[i], &value), TRAP_GP);
    snprintf(name, sizeof(name), "msr_policy.write.%x", none[i]);
    check_fault(name, try_wrmsr(none[i], 0), TRAP_GP);
  }
}

static void refused(uint32_t msr, uint64_t value, const char *name) {
  uint64_t before, after;
  char full[64];
  snprintf(full, sizeof(full), "msr_policy.%s", name);
  try_rdmsr(msr, &before);
  check_fault(full, try_wrmsr(msr, value), TRAP_GP);
  try_rdmsr(msr, &after);
  snprintf(full, sizeof(full), "msr_policy.%s.kept", name);
  check_eq(full, after, before);
}

static void efer(void) {
  uint64_t efer = rdmsr(0xc0000080);
  check_eq("msr_policy.efer.no_svme", efer >> 12 & 1, 0);
  check_eq("msr_policy.efer.long_mode", efer >> 8 & 5, 5);
  refused(0xc0000080, efer | 1UL << 12, "efer.svme");
  refused(0xc0000080, efer | 1UL << 1, "efer.reserved");
  refused(0xc0000080, efer & ~0x100UL, "efer.leave_long_mode");
  check_fault("msr_policy.efer.sce", try_wrmsr(0xc0000080, efer & ~1UL), NO_FAULT);
  check_eq("msr_policy.efer.sce.off", rdmsr(0xc0000080) & 1, 0);
  wrmsr(0xc0000080, efer);
}

void test_main(void) {
  unlisted();
  efer();
  refused(0x277, 2, "pat.type");
  refused(0x277, 0x8, "pat.reserved");
  refused(0xfe, 0, "mtrrcap.read_only");
  refused(0x2ff, 2, "mtrr_default.type");
  refused(0x1b, 1UL << 60, "apic_base.reserved");
}
