/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scheduling policy owes to sched.c. A vCPU with a pin belongs to the
 * pinned policy, one without to the fair policy. Each function but init and
 * sched_fair_waiting runs with the lock of its policy held, in root mode, on any CPU.
 *
 * A policy that is not compiled in is a file *_none.c whose init refuses.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <sched.h>

/* Boot: pinned first, which marks the CPUs that fair must leave alone. INVALID
 * after a machine-readable line. */
enum status sched_pinned_init(void);
enum status sched_fair_init(void);

extern struct spinlock sched_fair_lock;

/* The vCPU that should run on `c` next, still RUNNABLE and out of every queue; or NULL. */
struct vcpu_stub *sched_pinned_pick(struct cpu *c);
struct vcpu_stub *sched_fair_pick(struct cpu *c, uint64_t now);

/* Does a vCPU without a pin wait for a CPU? Needs no lock: true or false a moment ago. */
bool sched_fair_waiting(void);

/* `s`, which has just become RUNNABLE, waits for a CPU: queue it and call one if one should come.
 * `woken`: it was blocked or parked, not preempted. */
void sched_pinned_enqueue(struct vcpu_stub *s);
void sched_fair_enqueue(struct vcpu_stub *s, bool woken, uint64_t now);

/* `s` has left `c`, its state is not settled yet. */
void sched_fair_leave(struct cpu *c, struct vcpu_stub *s, uint64_t now);

#endif
