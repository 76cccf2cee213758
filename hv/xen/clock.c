/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as a guest sees it: the clock parameters in its vcpu_info (libxen-dev
 * 4.17, xen/xen.h, struct vcpu_time_info), the wall clock, run states, and
 * the timers that raise VIRQ_TIMER.
 *
 * A clock's parameters refer to system time 0 and are the same on all CPUs, so
 * they are written when they appear or change, not each time a vCPU runs.
 */
#include <abi/xen/vcpu.h>
#include <sched.h>
#include <xen/internal.h>

#define PERIOD_MIN 1000000ull /* ns */
#define PERIOD_MAX (~0ull >> 2)

/* The address in a structure that holds nothing else; a 32-bit guest's has 4 bytes. Any is taken:
 * whether it leads anywhere is asked at each update. */
static int64_t address_in(struct vcpu *caller, uint64_t arg, uint64_t *va) {
  *va = 0;
  return copy_in(va, arg, call_word(caller));
}

/* --- the clock --------------------------------------------------------------------- */

static void wallclock_store(uint32_t *version, uint32_t *seconds_hi, uint64_t now) {
  uint32_t *seconds = version + 1, *ns = version + 2;
  uint32_t v = atomic_read(version) | 1;
  atomic_write(version, v);
  atomic_fence();
  atomic_write(seconds, (uint32_t)now);
  atomic_write(seconds_hi, (uint32_t)(now >> 32));
  atomic_write(ns, 0);
  atomic_store(version, v + 1);
}

void clock_wallclock(struct domain *d) {
  struct shared_info *s = d->personality.shared;
  struct compat_shared_info *c = d->personality.shared;
  if (domain_compat(d))
    wallclock_store(&c->wc_version, &c->wc_sec_hi, wallclock_seconds);
  else
    wallclock_store(&s->wc_version, &s->wc_sec_hi, wallclock_seconds);
}

static void time_store(struct vcpu_time_info *to, const struct vcpu_time_info *t) {
  atomic_write(&to->version, t->version | 1);
  atomic_fence();
  to->tsc_timestamp = t->tsc_timestamp;
  to->system_time = t->system_time;
  to->tsc_to_system_mul = t->tsc_to_system_mul;
  to->tsc_shift = t->tsc_shift;
  to->flags = t->flags;
  atomic_store(&to->version, t->version);
}

/* The copy at a guest's address; where it cannot be written it is left out. */
static void time_copy(uint64_t va, const struct vcpu_time_info *t) {
  uint32_t odd = t->version | 1;
  struct vcpu_time_info body = *t;
  body.version = odd;
  if (guest_write_implicit(GVA(va), &odd, sizeof(odd)) ||
      guest_write_implicit(GVA(va), &body, sizeof(body)) ||
      guest_write_implicit(GVA(va), &t->version, sizeof(t->version)))
    return;
}

void personality_clock_write(struct vcpu *v) {
  struct personality_vcpu *p = &v->personality;
  struct arch_clock c;
  arch_vcpu_clock(v, &c);
  p->clock_version += 2;
  struct vcpu_time_info t = {
      .version = p->clock_version,
      .tsc_timestamp = c.zero,
      .tsc_to_system_mul = c.mul,
      .tsc_shift = c.shift,
      .flags = c.stable ? XEN_PVCLOCK_TSC_STABLE_BIT : 0,
  };
  if (p->info)
    time_store(&((struct vcpu_info *)p->info)->time, &t);
  if (p->clock_va && v == vcpu_current())
    time_copy(p->clock_va, &t);
}

int64_t clock_register(struct vcpu *caller, struct vcpu *v, uint64_t arg) {
  uint64_t va;
  int64_t error = address_in(caller, arg, &va);
  if (error)
    return error;
  v->personality.clock_va = va;
  v->personality.clock_dirty = true;
  if (v == caller)
    personality_clock_write(v);
  return 0;
}

/* --- run states ------------------------------------------------------------------------ */

static struct vcpu_runstate_info runstate_of(const struct vcpu *v) {
  struct vcpu_runstate_info r;
  enum runstate state;
  memset(&r, 0, sizeof(r)); /* the guest gets the gap between its members too */
  runstate_get(v->stub, &state, &r.state_entry_time, r.time);
  r.state = state;
  return r;
}

static struct compat_vcpu_runstate_info runstate_narrow(const struct vcpu_runstate_info *r) {
  struct compat_vcpu_runstate_info c = {.state = r->state, .state_entry_time = r->state_entry_time};
  memcpy(c.time, r->time, sizeof(c.time));
  return c;
}

/* An area that is not mapped now is silently left as it is. */
static void area_store(const struct personality_vcpu *p, const struct vcpu_runstate_info *r) {
  struct compat_vcpu_runstate_info c = runstate_narrow(r);
  enum status s = p->runstate_compat ? guest_write_implicit(GVA(p->runstate_va), &c, sizeof(c))
                                     : guest_write_implicit(GVA(p->runstate_va), r, sizeof(*r));
  (void)s;
}

static void area_store_entry_time(const struct personality_vcpu *p, uint64_t time) {
  size_t offset = p->runstate_compat ? offsetof(struct compat_vcpu_runstate_info, state_entry_time)
                                     : offsetof(struct vcpu_runstate_info, state_entry_time);
  enum status s = guest_write_implicit(GVA(p->runstate_va + offset), &time, sizeof(time));
  (void)s;
}

void runstate_write(struct vcpu *v) {
  const struct personality_vcpu *p = &v->personality;
  struct vcpu_runstate_info r = runstate_of(v);
  if (!(v->domain->personality.vm_assist & BIT(VMASST_TYPE_runstate_update_flag))) {
    area_store(p, &r);
    return;
  }
  uint64_t entry_time = r.state_entry_time;
  r.state_entry_time |= XEN_RUNSTATE_UPDATE;
  area_store_entry_time(p, r.state_entry_time);
  area_store(p, &r);
  area_store_entry_time(p, entry_time);
}

int64_t runstate_register(struct vcpu *caller, struct vcpu *v, uint64_t arg) {
  uint64_t va;
  int64_t error = address_in(caller, arg, &va);
  if (error)
    return error;
  v->personality.runstate_compat = call_compat(caller);
  v->personality.runstate_va = va;
  if (v == caller && va)
    runstate_write(v);
  return 0;
}

int64_t runstate_query(struct vcpu *caller, struct vcpu *v, uint64_t arg) {
  struct vcpu_runstate_info r = runstate_of(v);
  struct compat_vcpu_runstate_info c = runstate_narrow(&r);
  return call_compat(caller) ? copy_out(arg, &c, sizeof(c)) : copy_out(arg, &r, sizeof(r));
}

/* --- timers; they fire on any CPU, where only the stub is there ---------------------------- */

static void single_shot_fired(struct timer *t) {
  vcpu_mail(container_of(t, struct vcpu_stub, timer), MAIL_TIMER);
}

static void poll_timed_out(struct timer *t) {
  vcpu_mail(container_of(t, struct vcpu_stub, poll_timer), MAIL_POLL_TIMEOUT);
}

/* Ticks keep their phase; those that were missed are left out. */
static void periodic_fired(struct timer *t) {
  struct vcpu_stub *s = container_of(t, struct vcpu_stub, periodic);
  uint64_t period = atomic_read(&s->period), now = time_now();
  if (!period)
    return;
  uint64_t next = t->node.key + period;
  timer_set(t, next > now ? next : now + period);
  vcpu_mail(s, MAIL_PERIODIC);
}

void timers_stop(struct vcpu_stub *s) {
  atomic_write(&s->period, 0);
  timer_stop(&s->timer);
  timer_stop(&s->periodic);
  timer_stop(&s->poll_timer);
}

/* A tick that another CPU was handling when the last life ended may have set its timer again: what
 * is in a queue is not written over. */
void timers_init(struct vcpu_stub *s) {
  timers_stop(s);
  s->timer.fn = single_shot_fired;
  s->periodic.fn = periodic_fired;
  s->poll_timer.fn = poll_timed_out;
}

static int64_t periodic_set(struct vcpu *v, uint64_t arg) {
  uint64_t period;
  if (copy_in(&period, arg, sizeof(period)))
    return -XEN_EFAULT;
  if (period < PERIOD_MIN || period > PERIOD_MAX)
    return -XEN_EINVAL;
  atomic_write(&v->stub->period, period);
  timer_set(&v->stub->periodic, time_now() + period);
  return 0;
}

static int64_t periodic_stop(struct vcpu *v) {
  atomic_write(&v->stub->period, 0);
  timer_stop(&v->stub->periodic);
  return 0;
}

/* A 32-bit guest's structure is 4 bytes shorter at its end, which is padding. */
static int64_t single_shot_set(struct vcpu *v, uint64_t arg) {
  struct vcpu_set_singleshot_timer op;
  if (copy_in(&op, arg, offsetof(struct vcpu_set_singleshot_timer, flags) + sizeof(op.flags)))
    return -XEN_EFAULT;
  if ((op.flags & VCPU_SSHOTTMR_future) && op.timeout_abs_ns < time_now())
    return -XEN_ETIME;
  timer_set(&v->stub->timer, op.timeout_abs_ns);
  return 0;
}

int64_t timer_op(struct vcpu *caller, struct vcpu *v, uint64_t op, uint64_t arg) {
  switch (op) {
  case VCPUOP_set_periodic_timer:
    return periodic_set(v, arg);
  case VCPUOP_stop_periodic_timer:
    return periodic_stop(v);
  case VCPUOP_set_singleshot_timer:
    return v == caller ? single_shot_set(v, arg) : -XEN_EINVAL;
  case VCPUOP_stop_singleshot_timer:
    if (v != caller)
      return -XEN_EINVAL;
    timer_stop(&v->stub->timer);
    return 0;
  default:
    return -XEN_ENOSYS;
  }
}

int64_t hypercall_set_timer_op(struct vcpu *v, const uint64_t *a) {
  uint64_t deadline = call_compat(v) ? (uint32_t)a[0] | a[1] << 32 : a[0];
  if (deadline)
    timer_set(&v->stub->timer, deadline);
  else
    timer_stop(&v->stub->timer);
  return 0;
}
