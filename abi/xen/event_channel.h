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
#define EVTCHNOP_init_control     11
#define EVTCHNOP_expand_array     12
#define EVTCHNOP_set_priority     13

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

/* --- FIFO events --- */

struct evtchn_init_control {
  uint64_t control_gfn;
  uint32_t offset; /* bytes into the page */
  uint32_t vcpu;
  uint8_t link_bits; /* out */
  uint8_t pad[7];
};

struct evtchn_expand_array {
  uint64_t array_gfn;
};

struct evtchn_set_priority {
  uint32_t port;
  uint32_t priority;
};

#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15 /* the last to be served */
#define EVTCHN_FIFO_MAX_QUEUES       16

/* A port's word. */
#define EVTCHN_FIFO_PENDING          (1u << 31)
#define EVTCHN_FIFO_MASKED           (1u << 30)
#define EVTCHN_FIFO_LINKED           (1u << 29)
#define EVTCHN_FIFO_BUSY             (1u << 28)
#define EVTCHN_FIFO_LINK_BITS        17
#define EVTCHN_FIFO_LINK             ((1u << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_WORDS            1024u /* in a page */

struct evtchn_fifo_control_block {
  uint32_t ready; /* one bit a queue */
  uint32_t reserved;
  uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};

_Static_assert(sizeof(struct evtchn_init_control) == 24, "evtchn_init_control");
_Static_assert(sizeof(struct evtchn_fifo_control_block) == 72, "evtchn_fifo_control_block");
_Static_assert(sizeof(struct evtchn_alloc_unbound) == 8, "evtchn_alloc_unbound");
_Static_assert(sizeof(struct evtchn_bind_interdomain) == 12, "evtchn_bind_interdomain");
_Static_assert(sizeof(struct evtchn_bind_virq) == 12, "evtchn_bind_virq");
_Static_assert(sizeof(struct evtchn_status) == 24, "evtchn_status");

#endif
