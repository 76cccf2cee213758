/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduling, the part that every policy shares: states and their accounting,
 * waking without losing a wake-up (model: tests/models/wake.pml), giving up a CPU.
 *
 *              sched_wake           sched_pick
 *   BLOCKED ---------------> RUNNABLE -------> RUNNING
 *   PARKED                      ^                 |
 *     ^                         +-----------------+
 *     +-------------------------------------------+  sched_put
 */
#include "sched_policy.h"
#include <arch/arch.h>
#include <lib/atomic.h>
#include <lib/lib.h>

static struct spinlock *lock_of(const struct vcpu_stub *s) {
  return s->pin ? &s->pin->sched_lock : &sched_fair_lock;
}

static const enum runstate runstate_of[] = {
    [VCPU_PARKED] = RUNSTATE_OFFLINE,
    [VCPU_RUNNABLE] = RUNSTATE_RUNNABLE,
    [VCPU_RUNNING] = RUNSTATE_RUNNING,
    [VCPU_BLOCKED] = RUNSTATE_BLOCKED,
};

static void state_set(struct vcpu_stub *s, enum vcpu_state state, uint64_t now) {
  s->runstate_time[runstate_of[s->state]] += now - s->runstate_since;
  s->runstate_since = now;
  atomic_write(&s->state, state);
}

void runstate_get(const struct vcpu_stub *s, enum runstate *state, uint64_t *since,
                  uint64_t time[4]) {
  struct spinlock *lock = lock_of(s);

  spin_lock(lock);
  *state = runstate_of[s->state];
  *since = s->runstate_since;
  memcpy(time, s->runstate_time, sizeof(s->runstate_time));
  time[*state] += time_now() - s->runstate_since;
  spin_unlock(lock);
}

static void enqueue(struct vcpu_stub *s, bool woken, uint64_t now) {
  state_set(s, VCPU_RUNNABLE, now);
  if (s->pin)
    sched_pinned_enqueue(s);
  else
    sched_fair_enqueue(s, woken, now);
}

/* need_resched is set before the kick: the CPU looks at it after any interrupt, before it enters a
 * guest or waits. If it was set already a kick is on its way. */
void cpu_resched(struct cpu *c) {
  if (!atomic_swap(&c->need_resched, true) && c != arch_this_cpu())
    arch_kick(c);
}

void sched_wake(struct vcpu_stub *s) {
  struct spinlock *lock = lock_of(s);

  spin_lock(lock);
  if (s->state == VCPU_BLOCKED || s->state == VCPU_PARKED)
    enqueue(s, true, time_now());
  spin_unlock(lock);
}

/* Does its mail forbid that `s` stays in the state that was just published? vcpu_mail sets the bit,
 * then (full barrier) reads the state; here the state is set, then the mail read. One of the two
 * sees the other's store. */
static bool mail_keeps_awake(struct vcpu_stub *s) {
  atomic_fence();
  uint64_t mail = atomic_read(&s->mail);
  if (s->state == VCPU_PARKED)
    return mail & MAIL_WAKES_PARKED;
  return s->state == VCPU_BLOCKED && mail;
}

void sched_put(struct cpu *c, struct vcpu_stub *s, enum vcpu_state state) {
  struct spinlock *lock = lock_of(s);

  spin_lock(lock);
  uint64_t now = time_now();
  if (!s->pin)
    sched_fair_leave(c, s, now);
  c->running = NULL;
  state_set(s, state, now);
  if (state == VCPU_RUNNABLE || mail_keeps_awake(s))
    enqueue(s, false, now);
  spin_unlock(lock);
}

struct vcpu_stub *sched_pick(struct cpu *c) {
  struct spinlock *lock = c->owner ? &c->sched_lock : &sched_fair_lock;
  struct vcpu_stub *s;

  /* Before anything is looked at: who changes something later sets it again. */
  (void)atomic_swap(&c->need_resched, false);
  spin_lock(lock);
  uint64_t now = time_now();
  s = c->owner ? sched_pinned_pick(c) : sched_fair_pick(c, now);
  if (s) {
    state_set(s, VCPU_RUNNING, now);
    atomic_store(&s->cpu, c);
    c->running = s;
  }
  spin_unlock(lock);
  return s;
}

/* Whoever makes work for a CPU calls cpu_resched. */
bool sched_has_work(struct cpu *c) {
  return atomic_load(&c->need_resched);
}

/* in_guest is cleared before sched_put publishes the state, and mail read after: who saw it set has
 * been seen, and who did not wakes the vCPU. */
void vcpu_leave(enum vcpu_state state) {
  struct vcpu *v = vcpu_current();
  v->stub->leave_state = state;
  atomic_write(&v->stub->in_guest, false);
  arch_thread_leave(v);
}

/* Nobody to yield to: that a vCPU comes to wait just now is no different from a moment later. */
void sched_yield(void) {
  struct vcpu_stub *s = vcpu_current()->stub;
  if (s->pin || !sched_fair_waiting())
    return;
  s->yielded = true;
  vcpu_leave(VCPU_RUNNABLE);
}

static bool is_busy(struct cpu *c __unused_param) {
  return true;
}

/* The end of the turn is an interrupt, and so is what others on this CPU wait for. */
void sched_preempt_point(void) {
  arch_idle(arch_this_cpu(), is_busy);
  arch_cpu_serve();
  if (unlikely(atomic_load(&arch_this_cpu()->need_resched)))
    vcpu_leave(VCPU_RUNNABLE);
}

static void stub_init(struct vcpu_stub *s, uint64_t now) {
  s->weight = s->domain->config->weight;
  s->runstate_since = now;
}

enum status sched_init(void) {
  uint64_t now = time_now();

  for (unsigned i = 0; i < domain_count; i++)
    for (uint32_t n = 0; n < domains[i].vcpu_count; n++)
      stub_init(&domains[i].vcpus[n], now);
  enum status status = sched_pinned_init();
  return status == STATUS_OK ? sched_fair_init() : status;
}
