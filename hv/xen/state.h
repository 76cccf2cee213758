/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Xen personality keeps of a domain and of a vCPU, in the arena. Only
 * hv/xen looks inside; core embeds the two structures (domain.h).
 */
#ifndef XEN_STATE_H
#define XEN_STATE_H

#include <console_line.h>
#include <lib/lock.h>
#include <lib/types.h>

#define XEN_VIRQS           24
#define XEN_EVTCHN_MAX      4096u /* 2-level ABI, 64-bit layout */
#define XEN_EVTCHN_PER_PAGE 512u
#define XEN_EVTCHN_BUCKETS  (XEN_EVTCHN_MAX / XEN_EVTCHN_PER_PAGE)
#define XEN_POLL_WORDS      5u /* one bit a vCPU: 288 */

/* One port of the event channel table; `state` is an EVTCHNSTAT_* number. */
struct xen_port {
  uint8_t state;
  uint8_t virq;
  uint16_t vcpu; /* that it notifies */
  uint16_t remote_domid;
  uint16_t remote_port;
};

/* The console ring: guest page `gfn` (0: none) and the port that it signals on. */
struct xen_console {
  uint64_t gfn;
  uint32_t port;
  bool input_waits;              /* bytes were there but the ring was full */
  struct console_line ring_line; /* from the ring */
  struct console_line io_line;   /* from console_io */
};

struct personality_domain {
  bool compat;            /* shared info has the 32-bit layout (latched) */
  bool console_port_free; /* the console's port has never been handed out */
  void *shared;           /* arena page of the shared info */
  uint64_t shared_gfn;    /* where the guest has mapped it, or ~0; under the p2m lock */

  struct spinlock evtchn_lock;                /* guards the table; not the pending and mask bits */
  uint32_t evtchn_limit;                      /* ports that may exist, 1.. */
  struct xen_port *ports[XEN_EVTCHN_BUCKETS]; /* arena pages, on demand */
  uint64_t polling[XEN_POLL_WORDS];           /* vCPUs in SCHEDOP_poll; atomic bits */

  uint64_t callback_irq;   /* HVM_PARAM_CALLBACK_IRQ */
  uint8_t callback_vector; /* from it, 0: none */
  uint64_t triple_fault_reason;
  uint64_t store_evtchn;
  uint64_t vm_assist; /* VMASST_TYPE_* bits */
  struct xen_console console;
};

struct personality_vcpu {
  void *info; /* its vcpu_info, in the shared info or in a pinned page; NULL: none (vCPU >= 32) */
  void *info_page;               /* the pinned page, or NULL */
  uint8_t upcall_vector;         /* of its own, 0: the domain's callback counts */
  bool time_dirty;               /* the clock parameters must be written out */
  bool runstate_compat;          /* layout of the two areas, fixed at registration */
  bool initialised;              /* VCPUOP_initialise has been done */
  uint16_t virq_port[XEN_VIRQS]; /* 0: not bound; global ones are on vCPU 0 */
  uint32_t poll_port;            /* while polling: the one port, or 0 for several */
  uint32_t time_version;
  uint64_t runstate_va; /* registered areas, guest-linear; 0: none */
  uint64_t time_va;
};

#endif
