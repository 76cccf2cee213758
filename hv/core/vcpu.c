/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPUs as threads: the loop of each CPU that runs them, mail, blocking, and
 * what happens between exit and entry. tests/models/wake.pml is the model of how
 * no mail is lost.
 */
#include <arch/arch.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <sched.h>

struct cpu cpus[CPUS_MAX];
unsigned cpu_count, cpu_first;

/* --- mail ---------------------------------------------------------------------- */

static bool mail_wakes(const struct vcpu_stub *s, enum mail m) {
  enum vcpu_state state = atomic_read(&s->state);
  if (state == VCPU_PARKED)
    return m == MAIL_LIFE || m == MAIL_INTERRUPT;
  return state == VCPU_BLOCKED;
}

/* Pairs with the entry: there in_guest is set, then (full barrier) the mail is read; here the mail
 * is set, then (full barrier of atomic_or) in_guest is read. One of the two sees the other. From
 * then on in_guest stays until the thread leaves the CPU or serves its mail: what is sent meanwhile
 * kicks, and a kick that waits ends the next entry at once. */
void vcpu_mail(struct vcpu_stub *s, enum mail m) {
  atomic_or(&s->mail, BIT(m));
  if (atomic_read(&s->in_guest)) {
    struct cpu *c = atomic_read(&s->cpu);
    if (c != arch_this_cpu())
      arch_kick(c);
  } else if (mail_wakes(s, m)) {
    sched_wake(s);
  }
}

/* --- leaving the CPU -------------------------------------------------------------- */

void vcpu_block(void) {
  struct vcpu *v = vcpu_current();
  if (!atomic_load(&v->stub->mail))
    vcpu_leave(arch_vcpu_offline(v) ? VCPU_PARKED : VCPU_BLOCKED);
}

/* --- between exit and entry --------------------------------------------------------- */

static void mail_drain(struct vcpu *v) {
  uint64_t mail = atomic_swap(&v->stub->mail, 0);
  arch_vcpu_mail(v, mail);
  personality_prepare_entry(v, mail);
}

static void entry_settle(struct vcpu *v, struct cpu *c) {
  if (atomic_read(&c->serve))
    arch_cpu_serve();
  if (c->resumed) {
    c->resumed = false;
    if (ENABLED(CONFIG_SPECULATION))
      speculation_enter(c, v->stub->domain);
    personality_scheduled_in(v);
  }
  if (atomic_read(&v->stub->mail))
    mail_drain(v);
  sched_preempt_point();
  if (!atomic_read(&v->stub->park) && arch_vcpu_halted(v))
    vcpu_block();
}

static bool may_enter(struct vcpu *v) {
  (void)atomic_swap(&v->stub->in_guest, true);
  return !atomic_read(&v->stub->park) && vcpu_entry_free(v, arch_this_cpu()) &&
         !arch_vcpu_halted(v);
}

bool vcpu_prepare_entry(struct vcpu *v) {
  while (!may_enter(v)) {
    atomic_write(&v->stub->in_guest, false);
    if (atomic_read(&v->stub->park))
      return false;
    entry_settle(v, arch_this_cpu());
  }
  return true;
}

/* --- the CPU's loop -------------------------------------------------------------------- */

static void run_one(struct cpu *c, struct vcpu_stub *s) {
  arch_arena_switch(s->domain);
  c->resumed = true;
  arch_thread_enter(s->vcpu);
  sched_put(c, s, s->leave_state);
}

void cpu_loop(void) {
  struct cpu *c = arch_this_cpu();
  for (;;) {
    struct vcpu_stub *s = sched_pick(c);
    if (s) {
      run_one(c, s);
      continue;
    }
    arch_arena_switch(NULL);
    arch_cpu_serve();
    arch_idle(c, sched_has_work);
  }
}

/* --- threads ------------------------------------------------------------------------------ */

/* Says once for each life that the vCPU has parked, also for one that ended before this thread was
 * given a CPU. A life is counted after its start has cleared `park`: what is seen set behind the
 * count was set by that life's end. */
static void say_parked(struct vcpu_stub *s) {
  struct domain_stub *d = s->domain;
  uint32_t lives = atomic_load(&d->lives);
  if (s->parked_lives == lives || !atomic_load(&s->park))
    return;
  s->parked_lives = lives;
  if (atomic_add(&d->parked, 1) + 1 == d->vcpu_count - 1)
    vcpu_mail(&d->vcpus[0], MAIL_LIFE);
}

/* Wait until the domain runs. Mail that was taken when it had just begun to run is put back. */
static void wait_for_start(struct vcpu *v) {
  struct vcpu_stub *s = v->stub;
  while (atomic_load(&s->park)) {
    say_parked(s);
    uint64_t mail = atomic_swap(&s->mail, 0);
    if (!atomic_load(&s->park)) {
      (void)atomic_or(&s->mail, mail);
      return;
    }
    vcpu_leave(VCPU_PARKED);
  }
}

void vcpu_thread(void) {
  struct vcpu *v = vcpu_current();
  for (;;) {
    if (v->id == 0)
      domain_life(v->domain);
    else
      wait_for_start(v);
    arch_vcpu_run(v);
  }
}
