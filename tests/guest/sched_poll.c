// SPDX-License-Identifier: Apache-2.0
// SCHEDOP_poll: pending ports, a time-out, wake-up through a masked port, refusals.
/* guest: vcpus=2 */
#include "rt/rt.h"

static evtchn_port_t port;
static volatile int go;

static int64_t poll(evtchn_port_t *ports, unsigned count, uint64_t timeout) {
  struct sched_poll arg = {.nr_ports = count, .timeout = timeout};
  set_xen_guest_handle(arg.ports, ports);
  return sched_op(SCHEDOP_poll, &arg);
}

static void second_vcpu(void) {
  while (!go)
    cpu_relax();
  delay_ns(5 * MS);
  evtchn_send(port);
}

static void times_out(void) {
  uint64_t start = time_ns();
  check_eq("sched_poll.timeout", poll(&port, 1, start + 10 * MS), 0);
  CHECK("sched_poll.timeout.waited", time_ns() >= start + 10 * MS);
  CHECK("sched_poll.timeout.no_event", !evtchn_pending(port));
  start = time_ns();
  check_eq("sched_poll.past", poll(&port, 1, 1), 0);
  CHECK("sched_poll.past.at_once", time_ns() < start + 1000 * MS);
  check_eq("sched_poll.no_ports", poll(&port, 0, time_ns() + 2 * MS), 0);
}

static void refusals(void) {
  evtchn_port_t bad = 4096;
  check_eq("sched_poll.bad_port", poll(&bad, 1, time_ns() + MS), -XEN_EINVAL);
  check_eq("sched_poll.too_many", poll(&port, 129, time_ns() + MS), -XEN_EINVAL);
  check_eq("sched_poll.wild_ports", poll(UNMAPPED, 1, time_ns() + MS), -XEN_EFAULT);
  check_eq("sched_poll.wild", sched_op(SCHEDOP_poll, UNMAPPED), -XEN_EFAULT);
}

void test_main(void) {
  evtchn_port_t ports[2];
  ports[1] = port = evtchn_bind_ipi(0);
  ports[0] = evtchn_bind_ipi(0);
  evtchn_set_mask(port, 1);
  times_out();
  evtchn_send(port);
  check_eq("sched_poll.pending", poll(&port, 1, 0), 0);
  check_eq("sched_poll.second_pending", poll(ports, 2, 0), 0);
  evtchn_clear(port);
  check_eq("sched_poll.start", cpu_start(1, second_vcpu), 0);
  uint64_t start = time_ns();
  go = 1;
  check_eq("sched_poll.woken", poll(&port, 1, start + 5000 * MS), 0);
  CHECK("sched_poll.woken.in_time", time_ns() < start + 2000 * MS);
  CHECK("sched_poll.woken.by_event", evtchn_pending(port));
  refusals();
}
