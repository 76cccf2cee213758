// SPDX-License-Identifier: Apache-2.0
// Reserved and hidden bits of CR4 fault and change nothing; CR0.TS works.
/* guest: */
#include "rt/rt.h"

static void bad_cr4(const char *name, uint64_t bits) {
  uint64_t value = read_cr4();
  check_fault(name, TRY("mov %0, %%cr4", TRY_NO_OUTPUT, "r"(value | bits)), TRAP_GP);
  check_eq("cr_reserved.cr4.kept", read_cr4(), value);
}

void test_main(void) {
  bad_cr4("cr_reserved.cr4.vmxe", 1UL << 13);
  bad_cr4("cr_reserved.cr4.smxe", 1UL << 14);
  bad_cr4("cr_reserved.cr4.bit15", 1UL << 15);
  bad_cr4("cr_reserved.cr4.bit31", 1UL << 31);
  bad_cr4("cr_reserved.cr4.bit40", 1UL << 40);
  check_fault("cr_reserved.cr4.no_pae",
              TRY("mov %0, %%cr4", TRY_NO_OUTPUT, "r"(read_cr4() & ~0x20UL)), TRAP_GP);
  write_cr0(read_cr0() | 8);
  check_eq("cr_reserved.cr0.ts", read_cr0() & 8, 8);
  check_fault("cr_reserved.cr0.ts.works", TRY("fninit", TRY_NO_OUTPUT, "a"(0)), TRAP_NM);
  asm volatile("clts");
  check_eq("cr_reserved.clts", read_cr0() & 8, 0);
}
