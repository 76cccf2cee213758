// SPDX-License-Identifier: Apache-2.0
// A domain that reports its own crash is brought back with on_crash: restart.
/* guest: on_crash=restart done=3 */
#include "rt/rt.h"

void test_main(void) {
  CHECK("shutdown_crash.started", 1);
  check_eq("shutdown_crash.wild", sched_op(SCHEDOP_shutdown, UNMAPPED), -XEN_EFAULT);
  printf("DONE 2 0\n");
  shutdown(SHUTDOWN_crash);
}
