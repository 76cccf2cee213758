// SPDX-License-Identifier: Apache-2.0
// Values of CR0 that no CPU allows, and with which VMRUN refuses a guest: a fault, or (this
// emulator does not check them) the end of the domain alone.
/* guest: domains=3 on_crash=restart on_reboot=restart done=6 */
#include "rt/rt.h"

void test_main(void) {
  uint64_t bad[] = {
      (read_cr0() | 1UL << 29) & ~(1UL << 30), // NW without CD
      read_cr0() & ~1UL,                       // PG without PE
      read_cr0() | 1UL << 32,                  // the high half
  };
  CHECK("cr0_illegal.started", 1);
  printf("DONE 1 0\n");
  domid_t me = cpuid(0x40000004, 0).ecx;
  int vector = TRY("mov %0, %%cr0", TRY_NO_OUTPUT, "r"(bad[me % 3]));
  cpuid(0, 0);
  printf("domain %u: vector %d\n", me, vector);
  shutdown(SHUTDOWN_crash);
}
