// SPDX-License-Identifier: Apache-2.0
// A domain that asks for a reboot starts again from its image, its memory as at first.
/* guest: on_reboot=restart done=3 */
#include "rt/rt.h"

static volatile int seen = 7;

void test_main(void) {
  check_eq("shutdown_reboot.data_as_loaded", seen, 7);
  seen = 8;
  printf("DONE 1 0\n");
  shutdown(SHUTDOWN_reboot);
}
