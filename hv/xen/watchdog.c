/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCHEDOP_watchdog: two timers a domain; one that its guest does not set anew
 * in time ends it as a crash (libxen-dev 4.17, xen/sched.h).
 */
#include <abi/xen/sched.h>
#include <xen/internal.h>

#define SLOTS         2u
#define NS_PER_SECOND 1000000000ull

static void bite(struct domain_stub *d, unsigned slot) {
  log_domain(d, "watchdog %u ran out", slot + 1);
  domain_end(d, DOMAIN_END_CRASH);
}

/* Interrupt context of any CPU: only the stub is there. */
static void first_ran_out(struct timer *t) {
  bite(container_of(t, struct domain_stub, watchdog[0]), 0);
}

static void second_ran_out(struct timer *t) {
  bite(container_of(t, struct domain_stub, watchdog[1]), 1);
}

void watchdogs_init(struct domain *d) {
  d->personality.watchdogs = 0;
  timer_init(&d->stub->watchdog[0], first_ran_out);
  timer_init(&d->stub->watchdog[1], second_ran_out);
}

static void arm(struct domain *d, unsigned slot, uint32_t seconds) {
  timer_set(&d->stub->watchdog[slot], time_now() + seconds * NS_PER_SECOND);
}

/* The lock is held, here and below. The number of a slot is its index and one. */
static int64_t start(struct domain *d, uint32_t seconds) {
  if (!seconds)
    return -XEN_EINVAL;
  for (unsigned slot = 0; slot < SLOTS; slot++) {
    if (d->personality.watchdogs & BIT(slot))
      continue;
    d->personality.watchdogs |= (uint8_t)BIT(slot);
    arm(d, slot, seconds);
    return slot + 1;
  }
  return -XEN_ENOSPC;
}

static int64_t renew(struct domain *d, unsigned slot, uint32_t seconds) {
  if (slot >= SLOTS || !(d->personality.watchdogs & BIT(slot)))
    return -XEN_EINVAL;
  if (seconds) {
    arm(d, slot, seconds);
    return 0;
  }
  d->personality.watchdogs &= (uint8_t)~BIT(slot);
  timer_stop(&d->stub->watchdog[slot]);
  return 0;
}

int64_t watchdog_op(struct vcpu *v, uint64_t arg) {
  struct sched_watchdog op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  spin_lock(&v->domain->personality.lock);
  int64_t result = op.id ? renew(v->domain, op.id - 1, op.timeout) : start(v->domain, op.timeout);
  spin_unlock(&v->domain->personality.lock);
  return result;
}
