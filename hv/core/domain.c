/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a domain: start, end, and what the system file wants to happen
 * then. Runs on vCPU 0's own thread, so that a restart costs only the domain itself.
 */
#include <arch/arch.h>
#include <build.h>
#include <channel.h>
#include <exits.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <restart.h>
#include <sched.h>

struct domain_stub *domains;
unsigned domain_count;

struct domain_stub *domain_find(uint16_t domid) {
  for (unsigned i = 0; i < domain_count; i++)
    if (domains[i].domid == domid)
      return &domains[i];
  return NULL;
}

struct vcpu *domain_vcpu(struct domain *d, uint32_t id) {
  return id < d->vcpu_count ? d->vcpus[id] : NULL;
}

/* --- the end ------------------------------------------------------------------- */

void domain_end(struct domain_stub *d, enum domain_end why) {
  spin_lock(&d->life_lock);
  bool first = d->state == DOMAIN_RUNNING;
  if (first) {
    d->state = DOMAIN_ENDING;
    d->end = why;
  }
  spin_unlock(&d->life_lock);
  if (!first)
    return;
  for (uint32_t i = 0; i < d->vcpu_count; i++) {
    atomic_store(&d->vcpus[i].park, true);
    vcpu_mail(&d->vcpus[i], MAIL_LIFE);
  }
  channel_tell_watchers(d);
}

void domain_crash(const char *fmt, ...) {
  char why[96];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(why, sizeof(why), fmt, ap);
  va_end(ap);
  struct vcpu *v = vcpu_current();
  log_domain(v->stub->domain, "vCPU %u: crashed: %s", v->id, why);
  if (ENABLED(CONFIG_BACKTRACE))
    arch_vcpu_dump(v);
  domain_end(v->stub->domain, DOMAIN_END_CRASH);
}

static const char *end_name(enum domain_end e) {
  static const char *const names[] = {
      [DOMAIN_END_POWEROFF] = "shut down",
      [DOMAIN_END_REBOOT] = "rebooted",
      [DOMAIN_END_CRASH] = "crashed",
      [DOMAIN_END_SOFT_RESET] = "asked for a soft reset",
  };
  return e == DOMAIN_END_NONE ? "ended" : names[e];
}

static enum manifest_action end_action(const struct domain_stub *d) {
  const struct manifest_domain *m = d->config;
  uint8_t a = d->end == DOMAIN_END_POWEROFF ? m->on_shutdown
              : d->end == DOMAIN_END_REBOOT ? m->on_reboot
                                            : m->on_crash;
  if (a == MANIFEST_ACTION_RESTART && !restart_wanted(d))
    return MANIFEST_ACTION_STOP;
  return (enum manifest_action)a;
}

/* --- start ------------------------------------------------------------------------ */

/* The other vCPUs' threads stay parked until a sibling starts them. */
static void domain_start(struct domain_stub *d) {
  atomic_store(&d->parked, 0);
  d->end = DOMAIN_END_NONE;
  for (uint32_t i = 0; i < d->vcpu_count; i++)
    atomic_store(&d->vcpus[i].park, false);
  spin_lock(&d->life_lock);
  (void)atomic_add(&d->lives, 1);
  d->state = DOMAIN_RUNNING;
  spin_unlock(&d->life_lock);
  channel_tell_watchers(d);
}

static enum status domain_fill(struct domain *d) {
  enum status s = build_domain(d);
  if (s)
    return s;
  s = personality_domain_init(d);
  for (uint32_t i = 0; !s && i < d->vcpu_count; i++)
    s = personality_vcpu_init(d->vcpus[i]);
  return s;
}

/* --- between two lives --------------------------------------------------------------- */

/* Parked they say they are from their threads; only with the state PARKED have their registers been
 * saved and is nobody on their stacks. */
static void wait_for_siblings(struct vcpu *v, struct domain_stub *d) {
  while (atomic_load(&d->parked) < d->vcpu_count - 1) {
    vcpu_block();
    (void)atomic_swap(&v->stub->mail, 0);
  }
  for (uint32_t i = 1; i < d->vcpu_count; i++)
    while (atomic_load(&d->vcpus[i].state) != VCPU_PARKED) {
      sched_yield();
      arch_cpu_serve();
    }
}

static void domain_clear(struct domain *d) {
  if (ENABLED(CONFIG_EXIT_STATS))
    exits_print(d->stub);
  personality_domain_fini(d);
  for (uint32_t i = 0; i < d->vcpu_count; i++) {
    timer_stop(&d->stub->vcpus[i].apic_timer); /* the personality has stopped its own */
    (void)atomic_swap(&d->stub->vcpus[i].mail, 0);
  }
  build_release(d);
}

static bool all_stopped(void) {
  for (unsigned i = 0; i < domain_count; i++)
    if (atomic_read(&domains[i].state) != DOMAIN_STOPPED)
      return false;
  return true;
}

static void domain_stop(struct domain *d, const char *name) {
  build_forget(d);
  atomic_store(&d->stub->state, DOMAIN_STOPPED);
  channel_tell_watchers(d->stub);
  (void)log_allowed(d->stub, 0);
  log_printf("domain %s: stopped\n", name);
  if (all_stopped()) {
    log_printf("all domains have stopped\n");
    if (system_config->all_stopped == MANIFEST_ALL_STOPPED_POWEROFF)
      arch_poweroff();
  }
  for (;;) {
    vcpu_leave(VCPU_PARKED);
  }
}

/* What the guest keeps over a soft reset: its memory and vCPU 0's registers. */
static bool soft_reset(struct domain *d) {
  if (d->stub->end != DOMAIN_END_SOFT_RESET || personality_domain_soft_reset(d))
    return false;
  log_domain(d->stub, "soft reset");
  for (uint32_t i = 1; i < d->vcpu_count; i++)
    arch_vcpu_reset(d->vcpus[i]);
  domain_start(d->stub);
  return true;
}

/* The domain has ended: clear it away; returns if it shall be built again. */
static void domain_ended(struct domain *d) {
  struct domain_stub *s = d->stub;
  enum manifest_action action = end_action(s);
  log_domain(s, "%s", end_name(s->end));
  if (action == MANIFEST_ACTION_POWEROFF) {
    log_printf("domain %s: the machine goes off with it\n", s->config->name);
    arch_poweroff();
  }
  domain_clear(d);
  if (action == MANIFEST_ACTION_STOP)
    domain_stop(d, s->config->name);
  s->restarts++;
  log_domain(s, "restart %u", s->restarts);
}

void domain_life(struct domain *d) {
  struct domain_stub *s = d->stub;
  if (s->state == DOMAIN_ENDING) {
    wait_for_siblings(d->vcpus[0], s);
    if (soft_reset(d))
      return;
    domain_ended(d);
  }
  if (domain_fill(d)) {
    log_printf("domain %s: could not be built: memory is exhausted\n", s->config->name);
    domain_clear(d);
    domain_stop(d, s->config->name);
  }
  domain_start(s);
  figures_domain_started(s);
}
