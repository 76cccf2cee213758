// SPDX-License-Identifier: Apache-2.0
// Single-shot timers: VCPUOP_set_singleshot_timer and set_timer_op.
/* guest: vcpus=2 */
#include "rt/rt.h"

static unsigned port;

static int64_t set(unsigned vcpu, uint64_t deadline, unsigned flags) {
  struct vcpu_set_singleshot_timer arg = {.timeout_abs_ns = deadline, .flags = flags};
  return vcpu_op(VCPUOP_set_singleshot_timer, vcpu, &arg);
}

static int fires(uint64_t ns) {
  int fired = WAIT(evtchn_pending(port), ns);
  evtchn_clear(port);
  return fired;
}

static void in_future(void) {
  uint64_t deadline = time_ns() + 50 * MS;
  check_eq("timer_singleshot.set", set(0, deadline, 0), 0);
  int early = evtchn_pending(port) && time_ns() < deadline;
  CHECK("timer_singleshot.not_yet", !early);
  CHECK("timer_singleshot.fires", fires(1000 * MS));
  CHECK("timer_singleshot.not_early", time_ns() >= deadline);
  CHECK("timer_singleshot.once", !fires(20 * MS));
  set(0, time_ns() + 5000 * MS, 0);
  set(0, time_ns() + 5 * MS, 0);
  CHECK("timer_singleshot.replaced", fires(2000 * MS));
}

static void stopped(void) {
  int64_t set_error = set(0, time_ns() + 20 * MS, VCPU_SSHOTTMR_future);
  int64_t stop_error = vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0);
  check_eq("timer_singleshot.set_again", set_error, 0);
  check_eq("timer_singleshot.stop", stop_error, 0);
  CHECK("timer_singleshot.stopped", !fires(40 * MS));
}

static void in_past(void) {
  check_eq("timer_singleshot.past", set(0, time_ns() - MS, 0), 0);
  CHECK("timer_singleshot.past.fires", fires(100 * MS));
  // The flag asks for an error instead of an event; a hypervisor may ignore it.
  int64_t error = set(0, time_ns() - MS, VCPU_SSHOTTMR_future);
  CHECK("timer_singleshot.past.future_flag", error == 0 || error == -XEN_ETIME);
  check_eq("timer_singleshot.past.future_flag.event", fires(20 * MS), !error);
}

static void timer_op(void) {
  check_eq("timer_singleshot.set_timer_op", set_timer_op(time_ns() + 5 * MS), 0);
  CHECK("timer_singleshot.set_timer_op.fires", fires(1000 * MS));
  set_timer_op(time_ns() + 20 * MS);
  check_eq("timer_singleshot.set_timer_op.zero", set_timer_op(0), 0);
  CHECK("timer_singleshot.set_timer_op.stopped", !fires(40 * MS));
}

void test_main(void) {
  port = evtchn_bind_virq(VIRQ_TIMER, 0);
  in_future();
  stopped();
  in_past();
  timer_op();
  check_eq("timer_singleshot.other_vcpu", set(1, time_ns() + MS, 0), -XEN_EINVAL);
  check_eq("timer_singleshot.no_such_vcpu", set(2, time_ns() + MS, 0), -XEN_ENOENT);
  check_eq("timer_singleshot.wild", vcpu_op(VCPUOP_set_singleshot_timer, 0, UNMAPPED), -XEN_EFAULT);
}
