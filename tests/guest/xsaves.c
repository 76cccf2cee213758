// SPDX-License-Identifier: Apache-2.0
// XSAVES where CPUID shows it, with an IA32_XSS that stays 0; elsewhere neither is there.
/* guest: */
#include "rt/rt.h"

#define XSS       0xda0
#define COMPACTED (1ul << 63)

static uint8_t area[4096] __attribute__((aligned(64)));

static int try_xsaves(void) {
  return TRY("xsaves64 (%0)", TRY_NO_OUTPUT, "r"(area), "a"(3), "d"(0));
}

static int try_xrstors(void) {
  return TRY("xrstors64 (%0)", TRY_NO_OUTPUT, "r"(area), "a"(3), "d"(0));
}

static void shown(void) {
  uint64_t value = 1;
  uint64_t *header = (uint64_t *)(area + 512);
  check_fault("xsaves.save", try_xsaves(), NO_FAULT);
  check_eq("xsaves.compacted", header[1], COMPACTED | 3);
  check_fault("xsaves.restore", try_xrstors(), NO_FAULT);
  header[1] = 3;
  check_fault("xsaves.not_compacted", try_xrstors(), TRAP_GP);
  check_fault("xsaves.xss", try_rdmsr(XSS, &value), NO_FAULT);
  check_eq("xsaves.xss.zero", value, 0);
  check_fault("xsaves.xss.write", try_wrmsr(XSS, 0), NO_FAULT);
  check_fault("xsaves.xss.supervisor", try_wrmsr(XSS, 1 << 8), TRAP_GP);
  check_eq("xsaves.supervisor_state", cpuid(0xd, 1).ecx, 0);
}

static void hidden(void) {
  uint64_t value;
  check_fault("xsaves.save", try_xsaves(), TRAP_UD);
  check_fault("xsaves.xss", try_rdmsr(XSS, &value), TRAP_GP);
}

void test_main(void) {
  if (cpuid(1, 0).ecx >> 26 & 1) {
    write_cr4(read_cr4() | CR4_OSXSAVE);
    asm volatile("xsetbv" : : "c"(0), "a"(3), "d"(0));
  }
  if (cpuid(0xd, 1).eax & 8)
    shown();
  else
    hidden();
}
