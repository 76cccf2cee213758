/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a CPU goes from one domain to another, or to a domain's next life, what it has learnt and
 * still holds of the one before must not steer or show up in the other. This file knows when; how
 * is the architecture's (arch_speculation_barrier). See docs/design/speculation.md.
 */
#include <arch/arch.h>
#include <sched.h>

/* Whose guest each CPU entered last, domain and life; 0: nobody's, or a neighbour on the core has
 * been somebody else's since. Atomic. */
static uint64_t tenants[CPUS_MAX];

/* The threads of a core share caches and buffers: what one does counts for all. */
static void neighbours_forget(const struct cpu *c, uint64_t tenant) {
  for (const struct cpu *t = c->core_next; t && t != c; t = t->core_next)
    if (atomic_read(&tenants[t->id]) != tenant)
      atomic_write(&tenants[t->id], 0);
}

/* Idling forgets nothing and needs nothing. */
void speculation_enter(const struct cpu *c, const struct domain_stub *d) {
  uint64_t tenant = (uint64_t)d->restarts << 16 | d->domid;

  if (likely(atomic_read(&tenants[c->id]) == tenant))
    return;
  atomic_write(&tenants[c->id], tenant);
  neighbours_forget(c, tenant);
  arch_speculation_barrier();
}
