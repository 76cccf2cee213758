/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler's interface. Policies are files chosen by the build: a pinned
 * vCPU owns its CPU (sched_pinned.c), the others share the CPUs that nobody
 * owns by weighted fair time (sched_fair.c). Two domains never run on the
 * threads of one core at the same time unless both allow it.
 */
#ifndef SCHED_H
#define SCHED_H

#include <domain.h>

/* Boot, once, after CPUs and stubs exist. Refuses (INVALID, after a machine-readable line) pins to
 * CPUs that are not there, and unpinned vCPUs when no CPU is left for them. */
enum status sched_init(void);

/* The next vCPU for this CPU, taken out of the queue and RUNNING; NULL: idle. Called from cpu_loop.
 */
struct vcpu_stub *sched_pick(struct cpu *c);
/* The vCPU has left the CPU with `state` RUNNABLE (preempted, yielded), BLOCKED or PARKED. A
 * BLOCKED one that has mail meanwhile becomes RUNNABLE again. */
void sched_put(struct cpu *c, struct vcpu_stub *s, enum vcpu_state state);
/* Make a BLOCKED or PARKED vCPU runnable; nothing if it is neither. Any CPU. */
void sched_wake(struct vcpu_stub *s);
/* Anything to do before idling again? (checked with interrupts off) */
bool sched_has_work(struct cpu *c);

/* From a vCPU's thread: give up the CPU. Returns when scheduled again. */
void sched_yield(void);         /* stays runnable, behind the others */
void sched_preempt_point(void); /* takes interrupts, gives way if asked to; for long operations */

/* With CONFIG_SPECULATION: this CPU is about to enter a guest of `d`. Lets the machine forget what
 * it has of another domain, or of an earlier life of this one, if that was here last. */
void speculation_enter(const struct cpu *c, const struct domain_stub *d);

/* Runstate accounting: the current state's time included. */
void runstate_get(const struct vcpu_stub *s, enum runstate *state, uint64_t *since,
                  uint64_t time[4]);

#endif
