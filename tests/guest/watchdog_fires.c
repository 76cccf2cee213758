// SPDX-License-Identifier: Apache-2.0
// A watchdog that is not renewed ends the domain, even while it loops with interrupts off.
/* guest: on_crash=restart on_reboot=restart done=2 */
#include "rt/rt.h"

void test_main(void) {
  struct sched_watchdog arg = {.id = 0, .timeout = 1};
  check_eq("watchdog_fires.set", sched_op(SCHEDOP_watchdog, &arg), 1);
  printf("DONE 1 0\n");
  delay_ns(5000 * MS);
  printf("FAIL watchdog_fires.end: still runs\n");
}
