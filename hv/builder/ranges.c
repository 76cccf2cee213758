/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that a channel shares between its two ends. Its frames are the
 * channel's, charged to the owner, for as long as the machine runs: either end
 * may start again without the other and finds them as they were. Where both ends
 * are one domain, it is what that domain keeps over its own restarts.
 */
#include <arch/boot.h>
#include <builder/builder.h>
#include <lib/lib.h>
#include <p2m.h>
#include <sched.h>

/* By channel: the frames of its range; NULL: it has none. */
static uint32_t **ranges;

static const struct manifest_channel *channels_end(void) {
  return system_channels() + system_config->channels.count;
}

static uint64_t pages_of(const struct manifest_channel *c) {
  return c->kind == MANIFEST_CHANNEL_MEMORY ? c->size >> PAGE_SHIFT : 0;
}

/* --- boot --------------------------------------------------------------------------- */

static __boot enum status range_make(const struct manifest_channel *c, uint32_t *frame) {
  for (uint64_t i = 0; i < pages_of(c); i++) {
    mfn_t m = frame_alloc(0, domains[c->back].domid, FRAME_RAM);
    if (!mfn_valid(m))
      return STATUS_NO_MEMORY;
    frame[i] = (uint32_t)m.v;
  }
  return STATUS_OK;
}

__boot enum status ranges_make(void) {
  ranges = mm_shared_alloc(MAX(1u, system_config->channels.count) * sizeof(*ranges));
  if (!ranges)
    return STATUS_NO_MEMORY;
  for (const struct manifest_channel *c = system_channels(); c < channels_end(); c++) {
    uint32_t **range = &ranges[c - system_channels()];
    if (!pages_of(c))
      continue;
    *range = mm_shared_alloc(pages_of(c) * sizeof(**range));
    if (!*range || range_make(c, *range))
      return STATUS_NO_MEMORY;
  }
  return STATUS_OK;
}

static bool borrows(const struct manifest_channel *c, uint16_t domain) {
  return c->front == domain && c->back != domain;
}

__boot uint64_t ranges_borrowed(uint16_t domain) {
  uint64_t pages = 0;
  for (const struct manifest_channel *c = system_channels(); c < channels_end(); c++)
    pages += borrows(c, domain) ? pages_of(c) : 0;
  return pages;
}

/* --- the owner ------------------------------------------------------------------------ */

/* The range of this owner that holds `gfn` or, if none does, is the next above it; or NULL. */
static const struct manifest_channel *range_from(uint16_t owner, uint64_t gfn) {
  const struct manifest_channel *best = NULL;
  for (const struct manifest_channel *c = system_channels(); c < channels_end(); c++)
    if (c->back == owner && pages_of(c) && (c->back_gpa >> PAGE_SHIFT) + pages_of(c) > gfn &&
        (!best || c->back_gpa < best->back_gpa))
      best = c;
  return best;
}

mfn_t range_frame(const struct domain *d, uint64_t gfn, uint64_t *next) {
  const struct manifest_channel *c = range_from((uint16_t)(d->stub - domains), gfn);
  uint64_t first = c ? c->back_gpa >> PAGE_SHIFT : ~0ull;
  *next = first;
  if (gfn < first)
    return MFN_INVALID;
  mfn_t m = MFN(ranges[c - system_channels()][gfn - first]);
  enum status s = frame_get(m, d->domid);
  assert(s == STATUS_OK); /* both ends map it once in a life */
  return m;
}

/* --- the borrower ----------------------------------------------------------------------- */

static enum status page_map(struct domain *d, const struct manifest_channel *c, uint64_t i) {
  mfn_t m = MFN(ranges[c - system_channels()][i]);
  enum p2m_type t = c->flags & MANIFEST_CHANNEL_WRITABLE ? P2M_FOREIGN : P2M_FOREIGN_RO;
  enum status s = frame_get(m, domains[c->back].domid);
  if (s)
    return s;
  struct p2m_locked p = p2m_lock(d);
  s = p2m_add(p, GFN((c->front_gpa >> PAGE_SHIFT) + i), m, 0, t);
  p2m_unlock(p);
  if (s)
    frame_put(m);
  return s;
}

/* The end of the domain (build_release) gives the references back with all other leaves. */
enum status ranges_map(struct domain *d) {
  enum status s = STATUS_OK;
  for (const struct manifest_channel *c = system_channels(); c < channels_end(); c++)
    for (uint64_t i = 0; !s && i < pages_of(c) && borrows(c, (uint16_t)(d->stub - domains)); i++) {
      s = page_map(d, c, i);
      sched_preempt_point();
    }
  return s;
}
