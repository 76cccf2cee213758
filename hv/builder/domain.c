/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain builder: fills one domain from read-only payload frames, in that
 * domain's own arena and on its own thread, at boot and at every restart.
 */
#include <arch/arch.h>
#include <arch/boot.h>
#include <builder/builder.h>
#include <guest.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <restart.h>
#include <sched.h>

/* --- memory ------------------------------------------------------------------------- */

/* The largest leaf that fits at gfn and whose frames are there: 2 MiB at most, to
 * stay preemptible, else 4 KiB. */
static mfn_t ram_take(struct domain *d, uint64_t gfn, uint64_t pages, unsigned *order) {
  if (arch_p2m_leaf_allowed(1) && !(gfn % BIT(FRAME_ORDER_2M)) && pages >> FRAME_ORDER_2M) {
    mfn_t m = frame_alloc(FRAME_ORDER_2M, d->domid, FRAME_RAM);
    *order = FRAME_ORDER_2M;
    if (mfn_valid(m))
      return m;
  }
  *order = 0;
  return frame_alloc(0, d->domid, FRAME_RAM);
}

static enum status ram_add(struct domain *d, uint64_t gfn, mfn_t m, unsigned order) {
  struct p2m_locked p = p2m_lock(d);
  enum status s = p2m_add(p, GFN(gfn), m, order, P2M_RAM);
  if (!s)
    d->pages += 1ul << order;
  p2m_unlock(p);
  return s;
}

static enum status region_fill(struct domain *d, const struct manifest_region *r) {
  uint64_t gfn = r->gpa >> PAGE_SHIFT, end = (r->gpa + r->size) >> PAGE_SHIFT;
  while (gfn < end) {
    unsigned order = 0;
    uint64_t lent;
    mfn_t m = range_frame(d, gfn, &lent);
    if (!mfn_valid(m))
      m = ram_take(d, gfn, MIN(end, lent) - gfn, &order);
    if (!mfn_valid(m))
      return STATUS_NO_MEMORY;
    enum status s = ram_add(d, gfn, m, order);
    if (s) {
      frame_free(m, order);
      return s;
    }
    gfn += 1ul << order;
    sched_preempt_point();
  }
  return STATUS_OK;
}

/* --- payloads ------------------------------------------------------------------------- */

static enum status page_copy(uint64_t gpa, uint64_t maddr, uint64_t bytes) {
  uint64_t start = boot_clock();
  char *from = arch_window_open(maddr_to_mfn(MADDR(maddr)), false);
  enum status s = guest_write_phys(GPA(gpa), from + maddr % PAGE_SIZE, bytes);
  arch_window_close(from);
  atomic_add(&boot_ticks.copy, boot_clock() - start);
  return s;
}

static enum status load_copy(const struct manifest_load *l) {
  uint64_t from = image.maddr + image.payloads[l->payload].offset + l->payload_offset;
  for (uint64_t done = 0; done < l->file_size;) {
    uint64_t n = MIN(l->file_size - done, PAGE_SIZE - (from + done) % PAGE_SIZE);
    enum status s = page_copy(l->gpa + done, from + done, n);
    if (s)
      return s;
    done += n;
    if (done % (PAGE_SIZE << FRAME_ORDER_2M) < PAGE_SIZE)
      sched_preempt_point();
  }
  return STATUS_OK;
}

static void payload_drop(uint32_t i) {
  if (atomic_sub(&image.uses[i], 1) != 1)
    return;
  uint64_t first = (image.maddr + image.payloads[i].offset) >> PAGE_SHIFT;
  uint64_t pages = DIV_ROUND_UP(image.payloads[i].size, PAGE_SIZE);
  for (uint64_t p = 0; p < pages; p++)
    frame_free(MFN(first + p), 0);
}

void build_forget(struct domain *d) {
  const struct manifest_domain *m = d->stub->config;
  if (d->stub->forgotten)
    return;
  d->stub->forgotten = true;
  for (uint32_t i = 0; i < m->loads; i++)
    payload_drop(image.loads[m->first_load + i].payload);
}

/* --- both --------------------------------------------------------------------------------- */

enum status build_domain(struct domain *d) {
  const struct manifest_domain *m = d->stub->config;
  enum status s = STATUS_OK;
  for (uint32_t i = 0; !s && i < m->regions; i++)
    if (image.regions[m->first_region + i].backed)
      s = region_fill(d, &image.regions[m->first_region + i]);
  if (!s)
    s = ranges_map(d);
  for (uint32_t i = 0; !s && i < m->loads; i++)
    s = load_copy(&image.loads[m->first_load + i]);
  if (s)
    return s;
  if (!restart_possible(m))
    build_forget(d);
  for (uint32_t i = 0; i < d->vcpu_count; i++)
    arch_vcpu_reset(d->vcpus[i]);
  arch_vcpu_start(d->vcpus[0], GPA(m->entry), GPA(m->start_info));
  return STATUS_OK;
}

/* --- release --------------------------------------------------------------------------------- */

#define BATCH 32
#define STEPS 4096 /* over holes, under one hold of the lock */
struct release_batch {
  unsigned used;
  struct p2m_entry leaf[BATCH];
};

/* Take out up to a batch of leaves from *gfn on; true while more may follow. */
static bool batch_take(struct domain *d, struct release_batch *b, gfn_t *gfn) {
  struct p2m_locked p = p2m_lock(d);
  gfn_t last = p2m_highest(d);
  b->used = 0;
  for (unsigned i = 0; b->used < BATCH && gfn->v <= last.v && i < STEPS; i++)
    if (!p2m_remove_leaf(p, *gfn, &b->leaf[b->used], gfn))
      b->used++;
  p2m_unlock(p);
  return gfn->v <= last.v;
}

/* No frame may be used again before every translation to it is gone. */
static void batch_free(struct domain *d, const struct release_batch *b) {
  p2m_flush(d);
  for (unsigned i = 0; i < b->used; i++)
    frame_free(b->leaf[i].mfn, b->leaf[i].order);
}

void build_release(struct domain *d) {
  struct release_batch b;
  gfn_t gfn = GFN(0);
  for (bool more = true; more;) {
    more = batch_take(d, &b, &gfn);
    batch_free(d, &b);
    sched_preempt_point();
  }
  struct p2m_locked p = p2m_lock(d);
  p2m_trim(p);
  d->pages = 0;
  p2m_unlock(p);
  (void)p2m_init(d); /* cannot fail: the root is there */
}
