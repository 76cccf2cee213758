/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-shot timers, a queue for each CPU, deadlines in nanoseconds of system
 * time (time since boot, the same on all CPUs). No periodic tick exists: the
 * hardware timer is set to the earliest deadline.
 */
#ifndef TIMER_H
#define TIMER_H

#include <heap.h>
#include <lib/lock.h>

struct cpu;

/* Owned by whoever embeds it; it stands in the shared part. The function runs in
 * interrupt context on the CPU in `cpu`, no lock held, and may set the timer again. */
struct timer {
  struct heap_node node; /* key: the deadline, ns */
  void (*fn)(struct timer *t);
  struct cpu *cpu; /* the queue it is in, or NULL; atomic */
};

struct timer_queue {
  struct spinlock lock;
  struct heap heap;
};

void timer_init(struct timer *t, void (*fn)(struct timer *t));
/* Queue (or move) to this CPU's queue. A deadline in the past fires at once, from
 * the timer interrupt. Logarithmic (amortised). */
void timer_set(struct timer *t, uint64_t deadline);
/* After it returns the timer is not queued. Its function may be running on another CPU. */
void timer_stop(struct timer *t);
bool timer_pending(const struct timer *t);

/* The timer interrupt: runs what is due and sets the hardware for the next. */
void timer_interrupt(void);

uint64_t time_now(void); /* system time, ns since boot */

#endif
