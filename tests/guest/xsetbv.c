// SPDX-License-Identifier: Apache-2.0
// XSETBV: good values are taken, bad ones fault and change nothing.
/* guest: */
#include "rt/rt.h"

static uint64_t xgetbv(void) {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static int try_xsetbv(uint32_t index, uint64_t value) {
  return TRY("xsetbv", TRY_NO_OUTPUT, "c"(index), "a"((uint32_t)value),
             "d"((uint32_t)(value >> 32)));
}

static void bad_values(void) {
  check_fault("xsetbv.zero", try_xsetbv(0, 0), TRAP_GP);
  check_fault("xsetbv.no_x87", try_xsetbv(0, 2), TRAP_GP);
  check_fault("xsetbv.avx_without_sse", try_xsetbv(0, 5), TRAP_GP);
  check_fault("xsetbv.not_supported", try_xsetbv(0, 1UL << 62 | 3), TRAP_GP);
  check_fault("xsetbv.index", try_xsetbv(1, 3), TRAP_GP);
  check_eq("xsetbv.unchanged", xgetbv(), 3);
}

void test_main(void) {
  check_fault("xsetbv.osxsave_off", try_xsetbv(0, 3), TRAP_UD);
  if (!(cpuid(1, 0).ecx >> 26 & 1)) {
    printf("no XSAVE shown\n");
    return;
  }
  write_cr4(read_cr4() | CR4_OSXSAVE);
  check_eq("xsetbv.reset", xgetbv(), 1);
  check_fault("xsetbv.sse", try_xsetbv(0, 3), NO_FAULT);
  check_eq("xsetbv.taken", xgetbv(), 3);
  bad_values();
  struct cpuid c = cpuid(0xd, 0);
  CHECK("xsetbv.leaf_d.x87_sse", (c.eax & 3) == 3);
  check_eq("xsetbv.leaf_d.size", c.ebx, 576);
}
