/* SPDX-License-Identifier: Apache-2.0 */
/* Event channel calls of the guest that the test plays: a port or result, or the error. */
#ifndef TESTS_XEN_EVENTS_H
#define TESTS_XEN_EVENTS_H

#include "guest.h"
#include <abi/xen/event_channel.h>

#define EVENT(op, arg) CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_##op, arg)

static inline int64_t on_port(unsigned op, uint32_t port) {
  return call_with(__HYPERVISOR_event_channel_op, op, &port, sizeof(port));
}
static inline int64_t send(uint32_t port) {
  return on_port(EVTCHNOP_send, port);
}
static inline int64_t close(uint32_t port) {
  return on_port(EVTCHNOP_close, port);
}

static inline struct evtchn_status status(uint32_t port) {
  struct evtchn_status s = {.dom = DOMID_SELF, .port = port};
  assert_int_equal(EVENT(status, s), 0);
  return s;
}

static inline bool pending(uint32_t port) {
  return shared()->evtchn_pending[port / 64] >> port % 64 & 1;
}
static inline void mask(uint32_t port) {
  shared()->evtchn_mask[port / 64] |= BIT(port % 64);
}

static inline int64_t alloc(uint16_t dom, uint16_t remote) {
  struct evtchn_alloc_unbound op = {.dom = dom, .remote_dom = remote};
  int64_t error = EVENT(alloc_unbound, op);
  return error ? error : (int64_t)op.port;
}
static inline int64_t join(uint16_t dom, uint32_t remote) {
  struct evtchn_bind_interdomain op = {.remote_dom = dom, .remote_port = remote};
  int64_t error = EVENT(bind_interdomain, op);
  return error ? error : (int64_t)op.local_port;
}
static inline int64_t bind_virq(uint32_t virq, uint32_t n) {
  struct evtchn_bind_virq op = {.virq = virq, .vcpu = n};
  int64_t error = EVENT(bind_virq, op);
  return error ? error : (int64_t)op.port;
}
static inline int64_t move(uint32_t port, uint32_t n) {
  struct evtchn_bind_vcpu op = {.port = port, .vcpu = n};
  return EVENT(bind_vcpu, op);
}

#endif
