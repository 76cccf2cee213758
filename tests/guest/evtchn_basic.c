// SPDX-License-Identifier: Apache-2.0
// Event channels of one domain: allocate, bind, look, send, close, reset.
/* guest: vcpus=2 */
#include "rt/rt.h"

static struct evtchn_status status;

static void unbound(void) {
  int64_t port = evtchn_alloc_unbound(DOMID_SELF);
  CHECK("evtchn_basic.alloc", port > 0);
  check_eq("evtchn_basic.unbound", evtchn_status(port, &status), 0);
  check_eq("evtchn_basic.unbound.state", status.status, EVTCHNSTAT_unbound);
  check_eq("evtchn_basic.unbound.vcpu", status.vcpu, 0);
  check_eq("evtchn_basic.unbound.send_dropped", evtchn_send(port), 0);
  check_eq("evtchn_basic.close", evtchn_close(port), 0);
  evtchn_status(port, &status);
  check_eq("evtchn_basic.closed.state", status.status, EVTCHNSTAT_closed);
  check_eq("evtchn_basic.reused", evtchn_alloc_unbound(DOMID_SELF), port);
  evtchn_close(port);
}

static void ipi(void) {
  int64_t port = evtchn_bind_ipi(1);
  CHECK("evtchn_basic.ipi", port > 0);
  evtchn_status(port, &status);
  check_eq("evtchn_basic.ipi.state", status.status, EVTCHNSTAT_ipi);
  check_eq("evtchn_basic.ipi.vcpu", status.vcpu, 1);
  check_eq("evtchn_basic.ipi.send", evtchn_send(port), 0);
  CHECK("evtchn_basic.ipi.pending", evtchn_pending(port));
  check_eq("evtchn_basic.ipi.close", evtchn_close(port), 0);
  CHECK("evtchn_basic.ipi.close_clears", !evtchn_pending(port));
}

static void virq(void) {
  int64_t port = evtchn_bind_virq(VIRQ_DEBUG, 1);
  CHECK("evtchn_basic.virq", port > 0);
  evtchn_status(port, &status);
  check_eq("evtchn_basic.virq.state", status.status, EVTCHNSTAT_virq);
  check_eq("evtchn_basic.virq.virq", status.u.virq, VIRQ_DEBUG);
  check_eq("evtchn_basic.virq.vcpu", status.vcpu, 1);
  check_eq("evtchn_basic.virq.twice", evtchn_bind_virq(VIRQ_DEBUG, 1), -XEN_EEXIST);
  check_eq("evtchn_basic.virq.send", evtchn_send(port), -XEN_EINVAL);
  int64_t other = evtchn_bind_virq(VIRQ_DEBUG, 0);
  CHECK("evtchn_basic.virq.per_vcpu", other > 0 && other != port);
  evtchn_close(port);
  evtchn_close(other);
  port = evtchn_bind_virq(VIRQ_DEBUG, 1);
  CHECK("evtchn_basic.virq.again", port > 0);
  evtchn_close(port);
}

// A channel between two ports of the same domain.
static void loopback(void) {
  int64_t a = evtchn_alloc_unbound(DOMID_SELF), b = evtchn_bind_interdomain(DOMID_SELF, a);
  CHECK("evtchn_basic.loop", a > 0 && b > 0 && a != b);
  // What may have been lost before the binding is made good by an event at once.
  CHECK("evtchn_basic.loop.first_event", evtchn_pending(b) && !evtchn_pending(a));
  evtchn_clear(b);
  evtchn_status(b, &status);
  check_eq("evtchn_basic.loop.state", status.status, EVTCHNSTAT_interdomain);
  check_eq("evtchn_basic.loop.port", status.u.interdomain.port, a);
  check_eq("evtchn_basic.loop.send", evtchn_send(a), 0);
  CHECK("evtchn_basic.loop.arrives", evtchn_pending(b) && !evtchn_pending(a));
  check_eq("evtchn_basic.loop.send_back", evtchn_send(b), 0);
  CHECK("evtchn_basic.loop.arrives_back", evtchn_pending(a));
  check_eq("evtchn_basic.loop.bound_twice", evtchn_bind_interdomain(DOMID_SELF, a), -XEN_EINVAL);
  check_eq("evtchn_basic.loop.close", evtchn_close(b), 0);
  evtchn_status(a, &status);
  check_eq("evtchn_basic.loop.unbound_again", status.status, EVTCHNSTAT_unbound);
  evtchn_close(a);
}

static void reset(void) {
  struct evtchn_reset arg = {.dom = DOMID_SELF};
  int64_t port = evtchn_bind_ipi(0);
  check_eq("evtchn_basic.reset", event_op(EVTCHNOP_reset, &arg), 0);
  evtchn_status(port, &status);
  check_eq("evtchn_basic.reset.closed", status.status, EVTCHNSTAT_closed);
}

void test_main(void) {
  unbound();
  ipi();
  virq();
  loopback();
  reset();
}
