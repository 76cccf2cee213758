// SPDX-License-Identifier: Apache-2.0
// CR0.NW without CR0.CD: a state that VMRUN refuses. A fault, or the end of this domain alone.
/* guest: on_crash=restart on_reboot=restart done=2 */
#include "rt/rt.h"

void test_main(void) {
  uint64_t bad = (read_cr0() | 1UL << 29) & ~(1UL << 30);
  CHECK("cr0_nw.started", 1);
  printf("DONE 1 0\n");
  TRY("mov %0, %%cr0", TRY_NO_OUTPUT, "r"(bad));
  shutdown(SHUTDOWN_crash);
}
