/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pinned vCPUs: each owns its CPU, alone and for good, and is never preempted.
 * The core's other threads belong to pinned vCPUs too, or to nobody.
 */
#include "sched_policy.h"
#include <lib/lib.h>

static bool shares_cores(const struct domain_stub *d) {
  return d->config->flags & MANIFEST_DOMAIN_SMT_SHARE;
}

static enum status refuse(const struct vcpu_stub *s, const char *why) {
  log_printf("refused: reason=cpus domain=%s vcpu=%u cpu=%u detail=%s\n", s->domain->config->name,
             s->id, s->pin->id, why);
  return STATUS_INVALID;
}

/* May `s` run while `other`, another CPU's owner or NULL, does? */
static bool bears(const struct vcpu_stub *s, const struct cpu *c) {
  const struct vcpu_stub *o = c->owner;

  if (!o || c->core != s->pin->core || o->domain == s->domain)
    return true;
  return shares_cores(o->domain) && shares_cores(s->domain);
}

static enum status own(struct vcpu_stub *s) {
  if (!s->pin->online)
    return refuse(s, "absent");
  if (s->pin->owner)
    return refuse(s, "taken");
  for (unsigned i = 0; i < cpu_count; i++)
    if (!bears(s, &cpus[i]))
      return refuse(s, "core-of-another-domain");
  for (unsigned i = 0; i < cpu_count; i++)
    if (cpus[i].core == s->pin->core)
      cpus[i].pinned = true;
  s->pin->owner = s;
  s->cpu = s->pin;
  return STATUS_OK;
}

enum status sched_pinned_init(void) {
  for (unsigned i = 0; i < domain_count; i++)
    for (uint32_t n = 0; n < domains[i].vcpu_count; n++) {
      struct vcpu_stub *s = &domains[i].vcpus[n];

      if (s->pin && own(s) != STATUS_OK)
        return STATUS_INVALID;
    }
  return STATUS_OK;
}

struct vcpu_stub *sched_pinned_pick(struct cpu *c) {
  return c->owner->state == VCPU_RUNNABLE ? c->owner : NULL;
}

void sched_pinned_enqueue(struct vcpu_stub *s) {
  cpu_resched(s->pin);
}
