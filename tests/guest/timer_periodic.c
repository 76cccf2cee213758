// SPDX-License-Identifier: Apache-2.0
// The periodic timer of a vCPU: VIRQ_TIMER every so many nanoseconds, at least a millisecond.
/* guest: */
#include "rt/rt.h"

static int64_t set(uint64_t period) {
  struct vcpu_set_periodic_timer arg = {.period_ns = period};
  return vcpu_op(VCPUOP_set_periodic_timer, 0, &arg);
}

static unsigned count(unsigned port, uint64_t ns) {
  uint64_t end = time_ns() + ns;
  unsigned seen = 0;
  while (time_ns() < end) {
    if (!evtchn_pending(port))
      continue;
    evtchn_clear(port);
    seen++;
  }
  return seen;
}

void test_main(void) {
  unsigned port = evtchn_bind_virq(VIRQ_TIMER, 0);
  check_eq("timer_periodic.too_short", set(MS - 1), -XEN_EINVAL);
  check_eq("timer_periodic.negative", set(1UL << 63), -XEN_EINVAL);
  check_eq("timer_periodic.set", set(10 * MS), 0);
  uint64_t start = time_ns();
  unsigned seen = count(port, 200 * MS), most = (time_ns() - start) / (10 * MS) + 2;
  printf("%u ticks of 10 ms in 200 ms\n", seen);
  CHECK("timer_periodic.rate", seen >= 5 && seen <= most);
  check_eq("timer_periodic.stop", vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0);
  count(port, MS);
  check_eq("timer_periodic.stopped", count(port, 50 * MS), 0);
  check_eq("timer_periodic.no_such_vcpu", vcpu_op(VCPUOP_stop_periodic_timer, 9, 0), -XEN_ENOENT);
  check_eq("timer_periodic.wild", vcpu_op(VCPUOP_set_periodic_timer, 0, UNMAPPED), -XEN_EFAULT);
}
