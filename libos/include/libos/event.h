/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels (xen/event_channel.h, 2-level ABI, ports 0 to 4095) and the event loop that a
 * service's main() ends in. One thread: a handler runs to its end before the next starts, and
 * nothing interrupts it.
 *
 *     event_handle(port, disk_work, disk);
 *     timer_start(&tick, clock_now() + 1000000000);
 *     event_loop();
 *
 * Each turn of the loop calls the handlers of the ports that are pending, lowest port first and
 * each once, then the timers that are due; if nothing was, the vCPU sleeps. A port's
 * pending bit is cleared before its handler runs, so an event that comes meanwhile calls it again
 * in the next turn. A handler with much to do does a bounded part and calls event_again(): the
 * other ports get their turn before the rest.
 */
#ifndef LIBOS_EVENT_H
#define LIBOS_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_PORTS 4096u

/* --- Ports: each returns the local port (1 or more), or -XEN_E ----------------------------- */

/* A port that domain `remote` may bind to. */
int event_alloc(uint16_t remote);

/* Connects to `remote_port`, which domain `remote` has allocated for us. Pending at once: the peer
 * may have sent before. */
int event_bind(uint16_t remote, uint32_t remote_port);

/* A virtual interrupt (VIRQ_*, abi/xen/xen.h) of vCPU 0. */
int event_bind_virq(unsigned virq);

/* Closes the port, whose handler is called no more. 0, or -XEN_E*. */
int event_close(uint32_t port);

/* Sends to the other end. 0, or -XEN_E*: a peer that is gone is no reason to stop. */
int event_send(uint32_t port);

/* --- Handlers ------------------------------------------------------------------------------ */

/* Calls `handler(port, arg)` whenever the port is pending, and unmasks it; pending events are not
 * lost. Replaces an earlier handler. NULL masks the port. Ports that the hypervisor bound before
 * the start (console, store, `events` channels) are used the same way, by their number, and may be
 * pending from the start: what a life before left undone. Returns 0, or -XEN_E*: -XEN_EBUSY
 * for the library's own port (its timer's). */
int event_handle(uint32_t port, void (*handler)(uint32_t port, void *arg), void *arg);

/* Has the port's handler called in the loop's next turn. */
void event_again(uint32_t port);

/* --- Timers: the caller owns the structure, which lies still while the timer is set -------- */

struct timer {
  uint64_t deadline;            /* ns on clock_now(); set by timer_start */
  void (*fire)(struct timer *); /* may set its timer again */
  struct timer *next;           /* private, as what follows */
  bool set;
  uint32_t turn;
};

/* ns since the machine's start, never backwards. */
uint64_t clock_now(void);

/* ns since 1970-01-01. */
uint64_t clock_wall(void);

/* Fires once, at the deadline or soon after (0 or in the past: in the loop's next
 * turn, behind the ports'). A timer that is set
 * is moved. */
void timer_start(struct timer *t, uint64_t deadline);
void timer_stop(struct timer *t);

/* --- The loop ------------------------------------------------------------------------------ */

/* Runs handlers and timers until event_loop_stop() is called from one of them. */
void event_loop(void);
void event_loop_stop(void);

/* Sleeps until `port` is pending or the deadline has come, and clears the pending bit; no
 * handler and no timer runs meanwhile. True if the port was pending. For set-up code that has
 * nothing else to do. `deadline` is of clock_now(). */
bool event_wait(uint32_t port, uint64_t deadline);

#endif
