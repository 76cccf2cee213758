// SPDX-License-Identifier: Apache-2.0
// SCHEDOP_yield, SCHEDOP_block and HLT: a vCPU sleeps until an event that it can take.
/* guest: */
#include "rt/rt.h"

static void arm(uint64_t ns) {
  struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = time_ns() + ns};
  vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
}

void test_main(void) {
  upcall_start(0, 0x40);
  int64_t port = evtchn_bind_virq(VIRQ_TIMER, 0);
  check_eq("sched_block.yield", sched_op(SCHEDOP_yield, 0), 0);
  uint64_t start = time_ns();
  arm(10 * MS);
  irq_enable();
  check_eq("sched_block.block", sched_op(SCHEDOP_block, 0), 0);
  CHECK("sched_block.block.waited", time_ns() >= start + 10 * MS);
  check_eq("sched_block.block.upcall", events[port], 1);
  irq_disable();
  start = time_ns();
  arm(10 * MS);
  irq_wait();
  CHECK("sched_block.hlt.waited", time_ns() >= start + 10 * MS);
  check_eq("sched_block.hlt.upcall", events[port], 2);
  // An event that is there already lets neither of them sleep.
  arm(MS);
  delay_ns(5 * MS);
  irq_wait();
  check_eq("sched_block.hlt.at_once", events[port], 3);
}
