/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_channel_op (libxen-dev 4.17, xen/event_channel.h). The structures are
 * the same for 32-bit and 64-bit guests.
 */
#ifndef ABI_XEN_EVENT_CHANNEL_H
#define ABI_XEN_EVENT_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq        1
#define EVTCHNOP_bind_pirq        2
#define EVTCHNOP_close            3
#define EVTCHNOP_send             4
#define EVTCHNOP_status           5
#define EVTCHNOP_alloc_unbound    6
#define EVTCHNOP_bind_ipi         7
#define EVTCHNOP_bind_vcpu        8
#define EVTCHNOP_unmask           9
#define EVTCHNOP_reset            10

struct evtchn_alloc_unbound {
  uint16_t dom, remote_dom;
  uint32_t port; /* out */
};

struct evtchn_bind_interdomain {
  uint16_t remote_dom;
  uint32_t remote_port;
  uint32_t local_port; /* out */
};

struct evtchn_bind_virq {
  uint32_t virq;
  uint32_t vcpu;
  uint32_t port; /* out */
};

struct evtchn_bind_ipi {
  uint32_t vcpu;
  uint32_t port; /* out */
};

struct evtchn_bind_vcpu {
  uint32_t port;
  uint32_t vcpu;
};

#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq        3
#define EVTCHNSTAT_virq        4
#define EVTCHNSTAT_ipi         5

struct evtchn_status {
  uint16_t dom;
  uint32_t port;
  uint32_t status; /* out, as all that follows */
  uint32_t vcpu;
  union {
    struct {
      uint16_t dom;
    } unbound;
    struct {
      uint16_t dom;
      uint32_t port;
    } interdomain;
    uint32_t virq;
  } u;
};

_Static_assert(sizeof(struct evtchn_alloc_unbound) == 8, "evtchn_alloc_unbound");
_Static_assert(sizeof(struct evtchn_bind_interdomain) == 12, "evtchn_bind_interdomain");
_Static_assert(sizeof(struct evtchn_bind_virq) == 12, "evtchn_bind_virq");
_Static_assert(sizeof(struct evtchn_status) == 24, "evtchn_status");

#endif
