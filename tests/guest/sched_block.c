// SPDX-License-Identifier: Apache-2.0
// SCHEDOP_yield, SCHEDOP_block and HLT: a vCPU sleeps until an event that it can take.
/* guest: */
#include "rt/rt.h"

static void arm(uint64_t ns) {
  struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = time_ns() + ns};
  vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
}

// Interrupts are on before the call, so that on a busy machine an event may come before it: another
// one must follow.
static void block_with_events(uint64_t period_ns) {
  struct vcpu_set_periodic_timer timer = {.period_ns = period_ns};
  vcpu_op(VCPUOP_set_periodic_timer, 0, &timer);
  irq_enable();
  check_eq("sched_block.block", sched_op(SCHEDOP_block, 0), 0);
  irq_disable();
  vcpu_op(VCPUOP_stop_periodic_timer, 0, 0);
}

void test_main(void) {
  upcall_start(0, 0x40);
  int64_t port = evtchn_bind_virq(VIRQ_TIMER, 0);
  check_eq("sched_block.yield", sched_op(SCHEDOP_yield, 0), 0);
  uint64_t start = time_ns();
  block_with_events(10 * MS);
  CHECK("sched_block.block.waited", time_ns() >= start + 10 * MS);
  CHECK("sched_block.block.upcall", events[port] >= 1);
  irq_enable(); // what came meanwhile is taken
  delay_ns(MS);
  irq_disable();
  events[port] = 0;
  start = time_ns();
  arm(10 * MS);
  irq_wait();
  CHECK("sched_block.hlt.waited", time_ns() >= start + 10 * MS);
  check_eq("sched_block.hlt.upcall", events[port], 1);
  // An event that is there already lets neither of them sleep.
  arm(MS);
  delay_ns(5 * MS);
  irq_wait();
  check_eq("sched_block.hlt.at_once", events[port], 2);
}
