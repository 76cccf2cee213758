// SPDX-License-Identifier: Apache-2.0
// Instructions fetched from where no memory is, then from the local APIC's page. Each may fault or
// end the domain, alone.
/* guest: on_crash=restart on_reboot=restart done=2 */
#include "rt/rt.h"

static void jump(uint64_t address) {
  TRY("jmp *%0", TRY_NO_OUTPUT, "r"(address));
}

void test_main(void) {
  CHECK("evil_fetch.started", 1);
  printf("DONE 1 0\n");
  jump(0xfd800000);
  jump(0xfee00000);
  shutdown(SHUTDOWN_crash);
}
