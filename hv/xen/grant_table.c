/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The granter's side of a grant: its table, which others use while its arena
 * is not linked. So the table's frame numbers stand in the domain's stub, under
 * a lock there, and its pages and the granter's map are read through windows.
 *
 * Beside each page of entries that the domain sees is one that it does not:
 * how often each entry is in use, and which frame was granted. The bits of
 * the entry itself only tell the granter, who may lie about them. Model: tests/models/grant.pml.
 */
#include <abi/xen/grant_table.h>
#include <policy.h>
#include <sched.h>
#include <xen/internal.h>

#define NOWHERE  (~0ull)
#define PER_PAGE ((uint32_t)(PAGE_SIZE / sizeof(struct grant_entry_v1)))
#define TRIES    5 /* against a granter that keeps changing an entry */

/* The uses of one entry. */
struct grant_active {
  uint32_t frame; /* while there are any */
  uint16_t readers, writers;
};
_Static_assert(sizeof(struct grant_active) == sizeof(struct grant_entry_v1), "a page for a page");

struct domain_stub *grants_of(const struct vcpu *v, uint16_t domid, int16_t *status) {
  struct domain_stub *granter = domid == DOMID_SELF ? v->stub->domain : domain_find(domid);
  if (!granter) {
    *status = GNTST_bad_domain;
    return NULL;
  }
  if (policy_allows(v->stub->domain, granter, POLICY_GRANT))
    return granter;
  *status = GNTST_permission_denied;
  return NULL;
}

/* --- one entry; the table's lock is held --------------------------------------------- */

/* Both windows onto an entry. */
struct entry_view {
  struct grant_active *active;
  uint32_t *word; /* flags and domain; the frame follows */
};

static struct entry_view view_open(const struct grant_table *t, uint32_t ref) {
  const struct grant_frame *f = &t->frame[ref / PER_PAGE];
  struct grant_active *active = arch_window_open(MFN(f->active), true);
  struct grant_entry_v1 *shared = arch_window_open(MFN(f->shared), true);
  return (struct entry_view){active + ref % PER_PAGE, (uint32_t *)(shared + ref % PER_PAGE)};
}

static void view_close(struct entry_view e) {
  arch_window_close((void *)((uintptr_t)e.word & PAGE_MASK));
  arch_window_close((void *)((uintptr_t)e.active & PAGE_MASK));
}

/* What the bits say must be what is counted. */
static void bits_settle(struct entry_view e) {
  uint32_t stale = e.active->writers ? 0 : GTF_writing;
  if (!e.active->writers && !e.active->readers)
    stale |= GTF_reading;
  if (stale)
    (void)atomic_and(e.word, ~stale);
}

/* Set the bits if the entry allows the use in the same moment. */
static int16_t bits_set(uint32_t *word, uint16_t user, bool readonly) {
  uint32_t bits = GTF_reading | (readonly ? 0 : GTF_writing), old = atomic_read(word);
  for (unsigned i = 0; i < TRIES; i++) {
    if ((old & GTF_type_mask) != GTF_permit_access || old >> 16 != user ||
        (!readonly && (old & GTF_readonly)))
      return GNTST_general_error;
    if (atomic_cas(word, &old, old | bits))
      return GNTST_okay;
  }
  return GNTST_general_error;
}

/* The frame behind the entry with a reference: the one that others use already, if any do. */
static int16_t frame_take(const struct domain_stub *granter, struct entry_view e, bool readonly) {
  const struct grant_active *a = e.active;
  mfn_t mfn = MFN(a->frame);
  enum status s = a->readers || a->writers
                      ? frame_get(mfn, granter->domid)
                      : p2m_get_far(granter, GFN(atomic_read(e.word + 1)), !readonly, &mfn);
  if (s)
    return s == STATUS_BUSY ? GNTST_general_error : GNTST_bad_page;
  e.active->frame = (uint32_t)mfn.v;
  return GNTST_okay;
}

static int16_t entry_acquire(const struct domain_stub *granter, struct entry_view e, uint16_t user,
                             bool readonly) {
  uint16_t *count = readonly ? &e.active->readers : &e.active->writers;
  if (*count == UINT16_MAX)
    return GNTST_general_error;
  int16_t status = bits_set(e.word, user, readonly);
  if (status)
    return status;
  status = frame_take(granter, e, readonly);
  if (status)
    bits_settle(e);
  else
    (*count)++;
  return status;
}

/* --- uses --------------------------------------------------------------------------------- */

static int16_t acquire_locked(struct domain_stub *granter, uint32_t ref, uint16_t user,
                              bool readonly, struct grant_use *use) {
  const struct grant_table *t = &granter->grants;
  if (!t->frames)
    return GNTST_bad_domain;
  if (ref >= t->frames * PER_PAGE)
    return GNTST_bad_gntref;
  struct entry_view e = view_open(t, ref);
  int16_t status = entry_acquire(granter, e, user, readonly);
  uint16_t index = (uint16_t)(granter - domains);
  *use = (struct grant_use){ref, t->life, e.active->frame, index, readonly};
  view_close(e);
  return status;
}

int16_t grant_acquire(struct domain_stub *granter, uint32_t ref, uint16_t user, bool readonly,
                      struct grant_use *use) {
  spin_lock(&granter->grants.lock);
  int16_t status = acquire_locked(granter, ref, user, readonly, use);
  spin_unlock(&granter->grants.lock);
  return status;
}

/* The entry of an earlier life is gone; the frame is there. */
void grant_release(const struct grant_use *use) {
  struct grant_table *t = &domains[use->granter].grants;
  spin_lock(&t->lock);
  if (t->frames && t->life == use->life) {
    struct entry_view e = view_open(t, use->ref);
    (*(use->readonly ? &e.active->readers : &e.active->writers))--;
    bits_settle(e);
    view_close(e);
  }
  spin_unlock(&t->lock);
  frame_put(MFN(use->frame));
}

/* The lock is held. */
static int16_t swap_locked(const struct grant_table *t, uint32_t a, uint32_t b) {
  if (MAX(a, b) >= t->frames * PER_PAGE)
    return GNTST_bad_gntref;
  struct entry_view x = view_open(t, a), y = view_open(t, b);
  bool busy = x.active->readers || x.active->writers || y.active->readers || y.active->writers;
  if (!busy) {
    struct grant_entry_v1 entry;
    memcpy(&entry, x.word, sizeof(entry));
    memcpy(x.word, y.word, sizeof(entry));
    memcpy(y.word, &entry, sizeof(entry));
  }
  view_close(y);
  view_close(x);
  return busy && a != b ? GNTST_eagain : GNTST_okay;
}

int16_t grant_swap(struct domain *d, uint32_t a, uint32_t b) {
  spin_lock(&d->stub->grants.lock);
  int16_t status = swap_locked(&d->stub->grants, a, b);
  spin_unlock(&d->stub->grants.lock);
  return status;
}

void grant_preset(struct domain *d, uint32_t ref, uint16_t user, uint64_t gfn) {
  struct grant_table *t = &d->stub->grants;
  spin_lock(&t->lock);
  struct entry_view e = view_open(t, ref);
  *(struct grant_entry_v1 *)e.word =
      (struct grant_entry_v1){GTF_permit_access, user, (uint32_t)gfn};
  view_close(e);
  spin_unlock(&t->lock);
}

/* --- the table ------------------------------------------------------------------------------ */

/* The lock is held. */
static enum status frame_add(struct domain *d, struct grant_table *t) {
  mfn_t shared = frame_alloc(0, d->domid, FRAME_SHARED);
  mfn_t active = frame_alloc(0, d->domid, FRAME_HELD);
  if (mfn_valid(shared) && mfn_valid(active)) {
    t->frame[t->frames++] = (struct grant_frame){(uint32_t)shared.v, (uint32_t)active.v, NOWHERE};
    return STATUS_OK;
  }
  if (mfn_valid(shared))
    frame_free(shared, 0);
  if (mfn_valid(active))
    frame_free(active, 0);
  return STATUS_NO_MEMORY;
}

enum status grant_table_grow(struct domain *d, uint32_t frames) {
  struct grant_table *t = &d->stub->grants;
  enum status s = STATUS_OK;
  if (frames > d->stub->config->grant_frames)
    return STATUS_RANGE;
  while (!s && atomic_read(&t->frames) < frames) {
    spin_lock(&t->lock);
    if (t->frames < frames)
      s = frame_add(d, t);
    spin_unlock(&t->lock);
    sched_preempt_point();
  }
  return s;
}

void grant_frame_left(struct domain *d, uint64_t gfn) {
  struct grant_table *t = &d->stub->grants;
  for (uint32_t i = 0; i < t->frames; i++)
    if (t->frame[i].gfn == gfn)
      t->frame[i].gfn = NOWHERE;
}

static void frames_unmap(struct domain *d, const struct grant_frame *f, uint32_t frames) {
  struct p2m_entry old;
  struct p2m_locked p = p2m_lock(d);
  for (uint32_t i = 0; i < frames; i++)
    if (f[i].gfn != NOWHERE)
      (void)p2m_remove(p, GFN(f[i].gfn), &old);
  p2m_unlock(p);
  p2m_flush(d);
}

/* Others that use an entry keep their reference to the frame; nobody asks for the entry again. */
void grant_table_close(struct domain *d) {
  struct grant_table *t = &d->stub->grants;
  spin_lock(&t->lock);
  uint32_t frames = t->frames;
  t->frames = 0;
  t->life++;
  spin_unlock(&t->lock);
  if (frames)
    frames_unmap(d, t->frame, frames);
  for (uint32_t i = 0; i < frames; i++) {
    frame_free(MFN(t->frame[i].shared), 0);
    frame_free(MFN(t->frame[i].active), 0);
  }
}
