/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Xen personality keeps of a domain and of a vCPU, in the arena. Only
 * hv/xen looks inside; core embeds the two structures (domain.h).
 */
#ifndef XEN_STATE_H
#define XEN_STATE_H

#include <console_line.h>
#include <lib/lock.h>

#define XEN_VIRQS           24
#define XEN_EVTCHN_MAX      4096u /* 2-level ABI; 1024 in the 32-bit layout */
#define XEN_EVTCHN_PER_PAGE 512u
#define XEN_EVTCHN_BUCKETS  (XEN_EVTCHN_MAX / XEN_EVTCHN_PER_PAGE)
#define XEN_PARAMS          9u /* rows of the table in xen/hvm.c */

/* A port that leads to another domain: its route stands in the domain's stub (channel.h). */
#define XEN_PORT_FAR        6u

/* One port of the event channel table. */
struct xen_port {
  uint8_t state; /* EVTCHNSTAT_*, or XEN_PORT_FAR */
  uint8_t virq;
  uint16_t vcpu;         /* that it notifies */
  uint16_t remote_domid; /* unbound, interdomain; DOMID_XEN: the console */
  uint16_t remote_port;
};

/* FIFO events (event_fifo.c), under the table's lock. Of a port: */
struct xen_fifo_port {
  uint16_t vcpu;    /* whose queue it is in, or was in last */
  uint8_t queue;    /* which one */
  uint8_t priority; /* the queue that its next event goes to */
  bool waits;       /* pending, with no word yet to say so in */
  uint8_t pad[3];
};
#define XEN_FIFO_PER_PAGE 512u

struct xen_fifo {
  bool on;
  uint32_t pages;                         /* of `array` */
  uint32_t *array[XEN_EVTCHN_MAX / 1024]; /* the guest's pages of words, pinned */
  struct xen_fifo_port *ports[XEN_EVTCHN_MAX / XEN_FIFO_PER_PAGE]; /* arena pages */
};

struct xen_fifo_vcpu {
  void *page;                                /* pinned, NULL: it has none */
  struct evtchn_fifo_control_block *control; /* in the page */
  uint32_t tail[16];                         /* of each queue, 0: empty or not known */
};

struct xen_console {
  void *ring;    /* the ring's page, pinned, or NULL: the domain has none */
  uint32_t port; /* that it signals on, 0: closed */
  bool wanted;   /* there may be something to move, and */
  bool busy;     /* somebody moves bytes; both atomic */
  struct console_line ring_line;
  struct spinlock io_lock;     /* guards io_line; `console` comes after it in the lock order */
  struct console_line io_line; /* what console_io writes */
};

/* One page of a domain's grant table, 512 entries. */
struct grant_frame {
  uint32_t shared; /* frame number of the page that the domain sees, */
  uint32_t active; /* and of the one (kind HELD) that counts the uses of its entries */
  uint64_t gfn;    /* where the domain has mapped the former, ~0: nowhere; under its p2m lock */
};

/* A domain's grant table, in its stub: others use it while the domain's arena is not linked. */
struct grant_table {
  struct spinlock lock;
  uint32_t life;             /* tables that have ended: uses of those are not counted here */
  uint32_t frames;           /* in use; 0: the domain does not live now */
  struct grant_frame *frame; /* as many as the manifest allows; shared part */
};

/* A use that a domain makes of a page that it was granted. */
struct grant_use {
  uint32_t ref, life; /* of the granter's table */
  uint32_t frame;     /* with a reference */
  uint16_t granter;   /* index into domains */
  bool readonly;
};

/* The grants that the domain itself has mapped, by handle. */
struct maptrack {
  struct spinlock lock;
  uint32_t made;                /* handles that exist */
  uint32_t free;                /* first free one, ~0: none */
  struct maptrack_entry **page; /* arena page of arena pages */
};

struct personality_domain {
  bool compat;             /* the shared info has the 32-bit layout (latched) */
  uint8_t watchdogs;       /* slots in use, under `lock` */
  uint8_t callback_vector; /* from HVM_PARAM_CALLBACK_IRQ, 0: none */
  int16_t shutdown_code;   /* latched by SCHEDOP_shutdown_code, -1: none */
  void *shared;            /* arena page of the shared info */
  uint64_t shared_gfn;     /* where the guest has mapped it, ~0: nowhere; under the p2m lock */

  struct spinlock lock;  /* `evtchn` in the lock order: the table, not the bits that it leads to */
  uint32_t evtchn_limit; /* ports 1 .. limit - 1 may exist */
  uint32_t evtchn_hint;  /* no port below it is closed */
  struct xen_port *ports[XEN_EVTCHN_BUCKETS]; /* arena pages, on demand */

  struct xen_fifo fifo;
  uint64_t param[XEN_PARAMS];
  uint64_t vm_assist; /* VMASST_TYPE_* bits */
  struct xen_console console;
  struct maptrack maptrack;
};

struct personality_vcpu {
  bool compat_call;              /* the hypercall at hand came from a 32-bit mode */
  bool runstate_compat;          /* layout of the runstate area */
  bool initialised;              /* VCPUOP_initialise has been done */
  bool clock_dirty;              /* to be written out when it is next scheduled */
  uint8_t upcall_vector;         /* of its own, 0: the domain's callback counts */
  uint16_t virq_port[XEN_VIRQS]; /* 0: not bound; global ones are on vCPU 0 */
  uint32_t poll_port;            /* while polling: the one port, 0: several */
  uint32_t clock_version;
  void *info;      /* its vcpu_info: in the shared info or a pinned page; NULL: none yet */
  void *info_page; /* the pinned page, or NULL */
  struct xen_fifo_vcpu fifo;
  uint64_t runstate_va; /* registered areas, guest-linear; 0: none */
  uint64_t clock_va;
};

/* Has the guest's upcall flag been set? The first byte of its vcpu_info; no upcall is due without.
 */
static inline bool personality_upcall_flag(const struct personality_vcpu *p) {
  const uint8_t *pending = p->info;
  return pending && atomic_read(pending);
}

#endif
