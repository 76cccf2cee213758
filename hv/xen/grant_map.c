/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mapper's side of a grant: handles, and frames of others in the domain's
 * map. A handle is a use of an entry (grant_table.c) at one place:
 *
 *   FREE --take--> TAKEN --map--> MAPPED --claim--> LEAVING --flush--> FREE
 *
 * Who has brought it to TAKEN or LEAVING alone touches it then. Nothing but an
 * unmap takes a foreign page out of the map, so the place holds it until then.
 * Model: tests/models/grant.pml.
 */
#include <abi/xen/grant_table.h>
#include <sched.h>
#include <xen/internal.h>

#define NONE (~0u)

enum handle_state { FREE, TAKEN, MAPPED, LEAVING };

struct maptrack_entry {
  struct grant_use use;
  uint64_t gfn;  /* where it is mapped */
  uint32_t next; /* of a free one: the next free handle */
  uint8_t state; /* enum handle_state */
};

#define PER_PAGE  ((uint32_t)(PAGE_SIZE / sizeof(struct maptrack_entry)))
#define PAGES_MAX ((uint32_t)(PAGE_SIZE / sizeof(void *)))
_Static_assert(PER_PAGE *PAGES_MAX >= MANIFEST_MAX_MAPTRACK, "a page of pages has room for all");

/* --- handles; the lock is held ---------------------------------------------------------- */

static struct maptrack_entry *entry_at(const struct maptrack *m, uint32_t handle) {
  return handle < m->made ? &m->page[handle / PER_PAGE][handle % PER_PAGE] : NULL;
}

/* One more handle; NONE at the domain's limit or without memory. */
static uint32_t handle_make(struct domain *d, struct maptrack *m) {
  if (m->made >= d->stub->config->maptrack)
    return NONE;
  if (!m->page)
    m->page = arena_page_alloc(FRAME_ARENA);
  if (!m->page)
    return NONE;
  struct maptrack_entry **page = &m->page[m->made / PER_PAGE];
  if (!*page)
    *page = arena_page_alloc(FRAME_ARENA);
  return *page ? m->made++ : NONE;
}

static uint32_t handle_next(struct domain *d, struct maptrack *m) {
  uint32_t handle = m->free;
  if (handle == NONE)
    return handle_make(d, m);
  m->free = entry_at(m, handle)->next;
  return handle;
}

/* --- handles ------------------------------------------------------------------------------- */

static struct maptrack_entry *handle_take(struct domain *d, uint32_t *handle) {
  struct maptrack *m = &d->personality.maptrack;
  spin_lock(&m->lock);
  *handle = handle_next(d, m);
  struct maptrack_entry *e = entry_at(m, *handle);
  if (e)
    e->state = TAKEN;
  spin_unlock(&m->lock);
  return e;
}

static void handle_give(struct domain *d, uint32_t handle, struct maptrack_entry *e) {
  struct maptrack *m = &d->personality.maptrack;
  spin_lock(&m->lock);
  e->state = FREE;
  e->next = m->free;
  m->free = handle;
  spin_unlock(&m->lock);
}

static struct maptrack_entry *handle_find(struct domain *d, uint32_t handle) {
  struct maptrack *m = &d->personality.maptrack;
  spin_lock(&m->lock);
  struct maptrack_entry *e = entry_at(m, handle);
  spin_unlock(&m->lock);
  return e;
}

/* The caller may take what is mapped out, alone. */
static bool handle_claim(struct maptrack_entry *e) {
  uint8_t mapped = MAPPED;
  return atomic_cas(&e->state, &mapped, LEAVING);
}

/* --- map ------------------------------------------------------------------------------------- */

static enum status page_enter(struct domain *d, struct maptrack_entry *e) {
  struct p2m_locked p = p2m_lock(d);
  enum status s =
      p2m_add(p, GFN(e->gfn), MFN(e->use.frame), 0, e->use.readonly ? P2M_FOREIGN_RO : P2M_FOREIGN);
  p2m_unlock(p);
  return s;
}

static int16_t flags_check(uint32_t flags) {
  if (!(flags & (GNTMAP_device_map | GNTMAP_host_map)))
    return GNTST_bad_gntref;
  if (flags & (GNTMAP_device_map | GNTMAP_application_map | GNTMAP_contains_pte))
    return GNTST_general_error;
  return GNTST_okay;
}

static int16_t map_at(struct domain *d, struct domain_stub *granter,
                      const struct gnttab_map_grant_ref *op, struct maptrack_entry *e) {
  int16_t status = grant_acquire(granter, op->ref, d->domid, op->flags & GNTMAP_readonly, &e->use);
  if (status)
    return status;
  e->gfn = op->host_addr >> PAGE_SHIFT;
  if (!page_enter(d, e))
    return GNTST_okay;
  grant_release(&e->use);
  return GNTST_general_error;
}

int16_t grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op) {
  int16_t status = flags_check(op->flags);
  if (status)
    return status;
  if (op->dom == DOMID_SELF)
    return GNTST_bad_domain;
  struct domain_stub *granter = grants_of(v, op->dom, &status);
  if (!granter)
    return status;
  struct maptrack_entry *e = handle_take(v->domain, &op->handle);
  if (!e)
    return GNTST_no_space;
  status = map_at(v->domain, granter, op, e);
  if (status)
    handle_give(v->domain, op->handle, e);
  else
    atomic_store(&e->state, MAPPED);
  op->dev_bus_addr = 0; /* machine addresses are nobody's */
  return status;
}

/* --- unmap ------------------------------------------------------------------------------------ */

static void page_leave(struct domain *d, const struct maptrack_entry *e) {
  struct p2m_entry old;
  struct p2m_locked p = p2m_lock(d);
  enum status s = p2m_remove(p, GFN(e->gfn), &old);
  assert(s == STATUS_OK && old.mfn.v == e->use.frame); /* a leaf of 4 KiB, ours alone to take */
  p2m_unlock(p);
}

static void batch_add(struct domain *d, struct unmap_batch *batch, uint32_t handle) {
  batch->handle[batch->n++] = handle;
  if (batch->n == UNMAP_BATCH)
    grant_unmap_finish(d, batch);
}

int16_t grant_unmap(struct vcpu *v, const struct gnttab_unmap_grant_ref *op,
                    struct unmap_batch *batch) {
  struct maptrack_entry *e = handle_find(v->domain, op->handle);
  if (!e || !handle_claim(e))
    return GNTST_bad_handle;
  bool here = op->host_addr >> PAGE_SHIFT == e->gfn && !op->dev_bus_addr;
  if (!op->host_addr || !here) {
    atomic_store(&e->state, MAPPED);
    return op->host_addr || op->dev_bus_addr ? GNTST_general_error : GNTST_okay;
  }
  page_leave(v->domain, e);
  batch_add(v->domain, batch, op->handle);
  return GNTST_okay;
}

void grant_unmap_finish(struct domain *d, struct unmap_batch *batch) {
  if (!batch->n)
    return;
  p2m_flush(d);
  for (unsigned i = 0; i < batch->n; i++) {
    struct maptrack_entry *e = handle_find(d, batch->handle[i]);
    grant_release(&e->use);
    handle_give(d, batch->handle[i], e);
  }
  batch->n = 0;
}

/* --- the end of the domain: nobody calls meanwhile -----------------------------------------------
 */

static void unmap_all(struct domain *d) {
  struct unmap_batch batch = {.n = 0};
  for (uint32_t handle = 0; handle < d->personality.maptrack.made; handle++) {
    struct maptrack_entry *e = handle_find(d, handle);
    if (!handle_claim(e))
      continue;
    page_leave(d, e);
    batch_add(d, &batch, handle);
    sched_preempt_point();
  }
  grant_unmap_finish(d, &batch);
}

void grant_unmap_all(struct domain *d) {
  struct maptrack *m = &d->personality.maptrack;
  unmap_all(d);
  for (uint32_t i = 0; m->page && i < DIV_ROUND_UP(m->made, PER_PAGE); i++)
    arena_page_free(m->page[i]);
  if (m->page)
    arena_page_free(m->page);
  *m = (struct maptrack){.free = NONE};
}
