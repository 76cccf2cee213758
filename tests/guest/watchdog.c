// SPDX-License-Identifier: Apache-2.0
// SCHEDOP_watchdog: two of them, renewed and stopped by their numbers.
/* guest: */
#include "rt/rt.h"

// The error comes as a 32-bit number.
static int watchdog(unsigned id, unsigned seconds) {
  struct sched_watchdog arg = {.id = id, .timeout = seconds};
  return sched_op(SCHEDOP_watchdog, &arg);
}

void test_main(void) {
  check_eq("watchdog.first", watchdog(0, 30), 1);
  check_eq("watchdog.second", watchdog(0, 30), 2);
  check_eq("watchdog.full", watchdog(0, 30), -XEN_ENOSPC);
  check_eq("watchdog.renew", watchdog(1, 1), 0);
  delay_ns(500 * MS);
  check_eq("watchdog.renew_again", watchdog(1, 30), 0);
  check_eq("watchdog.stop", watchdog(1, 0), 0);
  check_eq("watchdog.stop_stopped", watchdog(1, 0), -XEN_EINVAL);
  check_eq("watchdog.reuse", watchdog(0, 30), 1);
  check_eq("watchdog.number", watchdog(3, 30), -XEN_EINVAL);
  check_eq("watchdog.wild", sched_op(SCHEDOP_watchdog, UNMAPPED), -XEN_EFAULT);
  watchdog(1, 0);
  watchdog(2, 0);
  delay_ns(1000 * MS);
  CHECK("watchdog.alive", 1);
}
