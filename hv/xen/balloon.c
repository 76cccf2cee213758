/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XENMEM_decrease_reservation and populate_physmap: a guest gives pages back
 * and takes them again, within its limit (libxen-dev 4.17, xen/memory.h).
 * Both count whole extents: at the first that fails they stop.
 */
#include <abi/xen/memory.h>
#include <xen/internal.h>

#define ORDER_MAX   FRAME_ORDER_2M /* what Xen lets an ordinary domain ask for */
#define EXTENTS_MAX (UINT32_MAX >> 6)
#define BATCH       32

/* Pages that have left the map and wait for one flush. */
struct batch {
  struct p2m_entry page[BATCH];
  unsigned n;
};

static void batch_flush(struct domain *d, struct batch *b) {
  physmap_free(d, b->page, b->n);
  b->n = 0;
}

static bool extent_release(struct domain *d, uint64_t gfn, uint64_t pages, struct batch *b) {
  for (uint64_t i = 0; i < pages; i++) {
    if (physmap_take(d, gfn + i, &b->page[b->n]))
      return false;
    if (++b->n == BATCH)
      batch_flush(d, b);
  }
  return true;
}

static enum status block_add(struct domain *d, uint64_t gfn, mfn_t mfn, unsigned order) {
  struct p2m_locked p = p2m_lock(d);
  enum status s = STATUS_NO_MEMORY;
  if (d->pages + BIT(order) <= d->max_pages)
    s = p2m_add(p, GFN(gfn), mfn, order, P2M_RAM);
  if (!s)
    d->pages += BIT(order);
  p2m_unlock(p);
  return s;
}

static bool block_populate(struct domain *d, uint64_t gfn, unsigned order) {
  if (atomic_read(&d->pages) + BIT(order) > d->max_pages)
    return false; /* before the work of scrubbing; block_add decides */
  mfn_t mfn = frame_alloc(order, d->domid, FRAME_RAM);
  if (!mfn_valid(mfn))
    return false;
  if (!block_add(d, gfn, mfn, order))
    return true;
  frame_free(mfn, order);
  return false;
}

/* As one leaf where that is possible, else page by page; what was added is taken out again when the
 * rest cannot be. */
static bool extent_populate(struct domain *d, uint64_t gfn, unsigned order, struct batch *b) {
  uint64_t pages = BIT(order);
  bool leaf = order == FRAME_ORDER_2M && IS_ALIGNED(gfn, pages) && arch_p2m_leaf_allowed(1);
  if (leaf && block_populate(d, gfn, order))
    return true;
  for (uint64_t i = 0; i < pages; i++) {
    if (block_populate(d, gfn + i, 0))
      continue;
    (void)extent_release(d, gfn, i, b);
    return false;
  }
  return true;
}

static bool extent_do(struct vcpu *v, uint64_t op, const struct xen_memory_reservation *r,
                      uint64_t i, struct batch *b) {
  uint64_t gfn = 0;
  if (copy_in(&gfn, r->extent_start + i * call_word(v), call_word(v)))
    return false;
  return op == XENMEM_populate_physmap ? extent_populate(v->domain, gfn, r->extent_order, b)
                                       : extent_release(v->domain, gfn, BIT(r->extent_order), b);
}

int64_t balloon_op(struct vcpu *v, uint64_t op, uint64_t arg) {
  struct xen_memory_reservation r;
  struct batch b = {.n = 0};
  if (struct_in(v, &r, sizeof(r), arg, "llwwh") || r.nr_extents > EXTENTS_MAX)
    return 0;
  int64_t error = domid_check(v, r.domid);
  if (error == -XEN_EPERM)
    return error;
  if (error || r.extent_order > ORDER_MAX)
    return 0;
  uint64_t done = 0;
  while (done < r.nr_extents && call_pause(v) && extent_do(v, op, &r, done, &b))
    done++;
  batch_flush(v->domain, &b);
  return (int64_t)done;
}
