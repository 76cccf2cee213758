/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The personality's part of a domain's life, the shared info page, where each
 * vCPU's vcpu_info stands, and what happens between exit and entry.
 */
#include <abi/xen/vcpu.h>
#include <console.h>
#include <xen/internal.h>

#define NOWHERE (~0ull)

/* --- the shared info page ---------------------------------------------------------- */

void shared_latch(struct vcpu *v, bool compat) {
  struct domain *d = v->domain;
  if (!ENABLED(CONFIG_GUEST_32BIT) || compat == d->personality.compat)
    return;
  evtchn_set_layout(d, compat);
  clock_wallclock(d);
}

/* Out of the guest's map, if it is in; then nobody but us can reach the page. */
static void shared_unmap(struct domain *d) {
  struct p2m_entry old;
  if (d->personality.shared_gfn == NOWHERE)
    return;
  struct p2m_locked p = p2m_lock(d);
  enum status s = p2m_remove(p, GFN(d->personality.shared_gfn), &old);
  assert(s == STATUS_OK); /* it is a leaf of 4 KiB: nothing is split */
  d->personality.shared_gfn = NOWHERE;
  p2m_unlock(p);
  p2m_flush(d);
}

/* --- vcpu_info ------------------------------------------------------------------------ */

static void *vcpu_info_legacy(struct vcpu *v) {
  struct shared_info *s = v->domain->personality.shared;
  return v->id < XEN_LEGACY_MAX_VCPUS ? &s->vcpu_info[v->id] : NULL;
}

void *guest_page_pin(struct domain *d, uint64_t gfn, int64_t *error) {
  struct p2m_locked p = p2m_lock(d);
  struct p2m_entry e = p2m_lookup(d, GFN(gfn));
  bool ram = e.type == P2M_RAM || e.type == P2M_LOG_DIRTY;
  void *page = ram ? arena_pin(e.mfn) : NULL;
  p2m_unlock(p);
  *error = ram ? -XEN_ENOMEM : -XEN_EINVAL;
  return page;
}

/* The lock is held: senders write to the old place before or to the new one after. False: somebody
 * else has registered one meanwhile. */
static bool vcpu_info_move(struct vcpu *v, void *page, uint32_t offset) {
  struct personality_vcpu *p = &v->personality;
  if (p->info_page)
    return false;
  void *info = (char *)page + offset;
  if (p->info)
    memcpy(info, p->info, sizeof(struct vcpu_info));
  else
    memset(info, 0, sizeof(struct vcpu_info));
  p->info_page = page;
  p->info = info;
  return true;
}

static int64_t vcpu_info_check(struct vcpu *caller, struct vcpu *v, uint32_t offset) {
  if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % call_word(caller))
    return -XEN_ENXIO;
  if (v->personality.info_page || (v != caller && !arch_vcpu_offline(v)))
    return -XEN_EINVAL;
  return 0;
}

int64_t vcpu_info_register(struct vcpu *caller, struct vcpu *v, uint64_t arg) {
  struct vcpu_register_vcpu_info op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  int64_t error = vcpu_info_check(caller, v, op.offset);
  if (error)
    return error;
  void *page = guest_page_pin(v->domain, op.mfn, &error);
  if (!page)
    return error;
  spin_lock(&v->domain->personality.lock);
  bool moved = vcpu_info_move(v, page, op.offset);
  spin_unlock(&v->domain->personality.lock);
  if (!moved) {
    arena_unpin(page);
    return -XEN_EINVAL;
  }
  event_select_all(v);
  v->personality.clock_dirty = true;
  if (v == caller)
    personality_clock_write(v);
  return 0;
}

/* --- life ------------------------------------------------------------------------------ */

enum status personality_domain_init(struct domain *d) {
  struct personality_domain *p = &d->personality;
  const struct manifest_domain *m = d->stub->config;
  memset(p, 0, sizeof(*p));
  p->shared_gfn = NOWHERE;
  p->shutdown_code = -1;
  p->evtchn_limit = MIN(m->evtchn_limit, XEN_EVTCHN_MAX);
  p->shared = arena_page_alloc(FRAME_SHARED);
  if (!p->shared)
    return STATUS_NO_MEMORY;
  event_init(d);
  clock_wallclock(d);
  if (ENABLED(CONFIG_XEN_WATCHDOG))
    watchdogs_init(d);
  memset(d->stub->polling, 0, sizeof(d->stub->polling));
  enum status s = evtchn_start(d);
  if (!s && ENABLED(CONFIG_XEN_CONSOLE_RING))
    s = console_ring_init(d);
  if (ENABLED(CONFIG_XEN_GRANTS) && !s)
    s = grants_init(d);
  hvm_params_init(d);
  return s;
}

enum status personality_vcpu_init(struct vcpu *v) {
  struct personality_vcpu *p = &v->personality;
  memset(p, 0, sizeof(*p));
  p->info = vcpu_info_legacy(v);
  p->initialised = v->id == 0;
  p->clock_dirty = v != vcpu_current();
  if (!p->clock_dirty) /* it has its CPU already and will not be scheduled in */
    personality_clock_write(v);
  timers_init(v->stub);
  return STATUS_OK;
}

static void vcpu_fini(struct vcpu *v) {
  struct personality_vcpu *p = &v->personality;
  timers_stop(v->stub);
  if (p->info_page)
    arena_unpin(p->info_page);
  p->info = p->info_page = NULL;
}

/* What was written last and never ended is still shown. */
static void line_end(struct domain *d, struct console_line *line) {
  if (line->used)
    console_domain_write(d, line, "\n", 1);
}

/* Also after an init that came halfway. */
void personality_domain_fini(struct domain *d) {
  struct personality_domain *p = &d->personality;
  for (uint32_t i = 0; i < d->vcpu_count; i++)
    vcpu_fini(d->vcpus[i]);
  for (unsigned i = 0; i < ARRAY_SIZE(d->stub->watchdog); i++)
    timer_stop(&d->stub->watchdog[i]);
  if (ENABLED(CONFIG_XEN_CONSOLE_RING))
    console_ring_fini(d);
  if (ENABLED(CONFIG_XEN_GRANTS))
    grants_fini(d);
  line_end(d, &p->console.ring_line);
  line_end(d, &p->console.io_line);
  if (ENABLED(CONFIG_CHANNELS))
    channel_stop(d->stub);
  if (ENABLED(CONFIG_XEN_EVTCHN_FIFO))
    fifo_end(d);
  for (unsigned i = 0; i < XEN_EVTCHN_BUCKETS; i++)
    if (p->ports[i])
      arena_page_free(p->ports[i]);
  memset(p->ports, 0, sizeof(p->ports));
  if (p->shared) {
    shared_unmap(d);
    arena_page_free(p->shared);
  }
  p->shared = NULL;
}

/* Where the shared info was mapped there is ordinary memory again; if it was mapped where no memory
 * was, the domain has all of its own already. */
static enum status ram_restore(struct domain *d, uint64_t gfn) {
  if (gfn == NOWHERE || d->pages >= d->max_pages)
    return STATUS_OK;
  mfn_t mfn = frame_alloc(0, d->domid, FRAME_RAM);
  if (!mfn_valid(mfn))
    return STATUS_NO_MEMORY;
  struct p2m_locked p = p2m_lock(d);
  enum status s = p2m_add(p, GFN(gfn), mfn, 0, P2M_RAM);
  d->pages += !s;
  p2m_unlock(p);
  if (s)
    frame_free(mfn, 0);
  return s;
}

enum status personality_domain_soft_reset(struct domain *d) {
  uint64_t gfn = d->personality.shared_gfn;
  personality_domain_fini(d);
  enum status s = ram_restore(d, gfn);
  if (!s)
    s = personality_domain_init(d);
  if (s)
    return s;
  for (uint32_t i = 0; i < d->vcpu_count; i++)
    (void)personality_vcpu_init(d->vcpus[i]);
  return STATUS_OK;
}

/* --- between exit and entry ---------------------------------------------------------------- */

/* Rare: for a domain that serves others. */
static void tell_service(struct vcpu *v, uint64_t mail) {
  if (mail & BIT(MAIL_LIVES))
    evtchn_send_virq(v, VIRQ_DOM_EXC);
  if (mail & BIT(MAIL_SERIAL))
    evtchn_send_virq(v, VIRQ_CONSOLE);
}

void personality_prepare_entry(struct vcpu *v, uint64_t mail) {
  if (mail & (BIT(MAIL_TIMER) | BIT(MAIL_PERIODIC)))
    evtchn_send_virq(v, VIRQ_TIMER);
  if (mail & BIT(MAIL_DEBUG))
    evtchn_send_virq(v, VIRQ_DEBUG);
  if (mail & (BIT(MAIL_LIVES) | BIT(MAIL_SERIAL)))
    tell_service(v, mail);
  if (mail & BIT(MAIL_FAR))
    evtchn_collect(v->domain);
  if (mail & BIT(MAIL_CONSOLE))
    console_serve(v->domain);
  else
    console_glance(v->domain);
}

void personality_scheduled_in(struct vcpu *v) {
  if (v->personality.clock_dirty) {
    v->personality.clock_dirty = false;
    personality_clock_write(v);
  }
  if (v->personality.runstate_va)
    runstate_write(v);
  console_glance(v->domain);
}
