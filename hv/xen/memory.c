/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op: the domain's memory map and what it may change in it
 * (libxen-dev 4.17, xen/memory.h). Giving memory back stands in balloon.c.
 */
#include <abi/xen/memory.h>
#include <xen/internal.h>

#define NOWHERE (~0ull)

/* --- physmap: the p2m lock is held where a struct p2m_locked is passed ---------------- */

static enum frame_kind kind_of(const struct p2m_entry *e) {
  const struct frame *f = e->type == P2M_NONE ? NULL : frame_of(e->mfn);
  return f ? (enum frame_kind)f->kind : FRAME_ABSENT;
}

/* Keeps the books for a page that was taken out at `gfn` for good. */
static void page_left(struct domain *d, uint64_t gfn, const struct p2m_entry *e) {
  if (kind_of(e) == FRAME_RAM)
    d->pages--;
  else if (gfn == d->personality.shared_gfn)
    d->personality.shared_gfn = NOWHERE;
  else if (ENABLED(CONFIG_XEN_GRANTS))
    grant_frame_left(d, gfn);
}

/* Take out what is at `gfn`, for good. What is there for somebody else's sake stays, and so does a
 * page that is in use elsewhere: who gives it up could have another for it while it is still there.
 * Whoever takes a reference looks at the map again behind that (p2m_get_far): either it sees the
 * page gone, or we see the reference. */
static enum status page_out(struct p2m_locked p, uint64_t gfn, struct p2m_entry *old) {
  if (p2m_is_foreign(p2m_lookup(p.d, GFN(gfn)).type))
    return STATUS_INVALID;
  enum status s = p2m_remove(p, GFN(gfn), old);
  if (s || kind_of(old) != FRAME_RAM)
    return s;
  atomic_fence();
  if (atomic_read(&frame_of(old->mfn)->refs) == 1)
    return STATUS_OK;
  s = p2m_add(p, GFN(gfn), old->mfn, 0, old->type);
  assert(s == STATUS_OK); /* its table is there */
  return STATUS_BUSY;
}

enum status physmap_take(struct domain *d, uint64_t gfn, struct p2m_entry *old) {
  struct p2m_locked p = p2m_lock(d);
  enum status s = page_out(p, gfn, old);
  if (!s)
    page_left(d, gfn, old);
  p2m_unlock(p);
  return s;
}

void physmap_free(struct domain *d, const struct p2m_entry *e, unsigned n) {
  if (!n)
    return;
  p2m_flush(d);
  for (unsigned i = 0; i < n; i++)
    if (kind_of(&e[i]) == FRAME_RAM)
      frame_free(e[i].mfn, 0);
}

/* Move the page that is at `from` (NOWHERE: in no map) to `to`. What was at `to` is handed back in
 * `old` (P2M_NONE: nothing). Each step that may fail leaves the map as it was: once a page has been
 * taken out at a place, its table is there, and putting one in cannot fail. */
static enum status page_move(struct p2m_locked p, uint64_t from, uint64_t to, mfn_t mfn,
                             struct p2m_entry *old) {
  struct p2m_entry source;
  enum status s = from == NOWHERE ? STATUS_OK : p2m_remove(p, GFN(from), &source);
  if (s)
    return s;
  s = page_out(p, to, old);
  if (s == STATUS_NOT_FOUND) {
    old->type = P2M_NONE;
    s = STATUS_OK;
  }
  if (!s)
    s = p2m_add(p, GFN(to), mfn, 0, P2M_RAM);
  if (s && from != NOWHERE) {
    enum status undone = p2m_add(p, GFN(from), mfn, 0, source.type);
    assert(undone == STATUS_OK);
  }
  return s;
}

/* A page that the domain shares with the hypervisor; *place is where it has it. */
static enum status map_shared(struct p2m_locked p, mfn_t mfn, uint64_t *place, uint64_t to,
                              struct p2m_entry *old) {
  if (*place == to)
    return STATUS_OK;
  enum status s = page_move(p, *place, to, mfn, old);
  if (s)
    return s;
  page_left(p.d, to, old);
  *place = to;
  return STATUS_OK;
}

static enum status map_gmfn(struct p2m_locked p, uint64_t from, uint64_t to,
                            struct p2m_entry *old) {
  struct p2m_entry e = p2m_lookup(p.d, GFN(from));
  if (e.type != P2M_RAM || kind_of(&e) != FRAME_RAM)
    return STATUS_INVALID;
  enum status s = page_move(p, from, to, e.mfn, old);
  if (!s)
    page_left(p.d, to, old);
  return s;
}

static enum status map_own(struct p2m_locked p, uint32_t space, uint64_t idx, uint64_t to,
                           struct p2m_entry *old) {
  struct personality_domain *x = &p.d->personality;
  struct grant_frame *f = p.d->stub->grants.frame;
  switch (space) {
  case XENMAPSPACE_shared_info:
    return map_shared(p, arena_page_mfn(x->shared), &x->shared_gfn, to, old);
  case XENMAPSPACE_grant_table:
    return map_shared(p, MFN(f[idx].shared), &f[idx].gfn, to, old);
  default:
    return idx == to ? STATUS_OK : map_gmfn(p, idx, to, old);
  }
}

/* One page; `space` is shared_info, grant_table (idx: a page that there is) or gmfn. */
static enum status physmap_add(struct domain *d, uint32_t space, uint64_t idx, uint64_t to) {
  struct p2m_entry old = {.type = P2M_NONE};
  struct p2m_locked p = p2m_lock(d);
  enum status s = map_own(p, space, idx, to, &old);
  p2m_unlock(p);
  if (!s)
    physmap_free(d, &old, 1);
  return s;
}

int64_t grant_table_place(struct domain *d, uint64_t idx, uint64_t to) {
  if (!ENABLED(CONFIG_XEN_GRANTS) || idx >= d->stub->config->grant_frames)
    return -XEN_EINVAL;
  enum status s = grant_table_grow(d, (uint32_t)idx + 1);
  return xen_errno(s ? s : physmap_add(d, XENMAPSPACE_grant_table, idx, to));
}

static int64_t physmap_add_one(struct domain *d, uint32_t space, uint64_t idx, uint64_t gpfn) {
  switch (space) {
  case XENMAPSPACE_shared_info:
    return idx ? -XEN_EINVAL : xen_errno(physmap_add(d, space, idx, gpfn));
  case XENMAPSPACE_grant_table:
    return grant_table_place(d, idx, gpfn);
  case XENMAPSPACE_gmfn:
  case XENMAPSPACE_gmfn_range:
    return xen_errno(physmap_add(d, XENMAPSPACE_gmfn, idx, gpfn));
  case XENMAPSPACE_gmfn_foreign: /* by the batched call alone */
    return -XEN_ENOSYS;
  default:
    return -XEN_EINVAL;
  }
}

/* --- add_to_physmap and its relatives ----------------------------------------------------- */

static int64_t add_to_physmap(struct vcpu *v, uint64_t arg) {
  struct xen_add_to_physmap op;
  int64_t error = struct_in(v, &op, sizeof(op), arg, "hhwll");
  if (!error)
    error = domid_check(v, op.domid);
  if (error)
    return error;
  if (op.space != XENMAPSPACE_gmfn_range)
    return physmap_add_one(v->domain, op.space, op.idx, op.gpfn);
  for (uint32_t i = 0; i < op.size && !error; i++)
    error = call_pause(v) ? physmap_add_one(v->domain, op.space, op.idx + i, op.gpfn + i) : 0;
  return error;
}

static int64_t batch_check(struct vcpu *v, const struct xen_add_to_physmap_batch *op) {
  int64_t error = domid_check(v, op->domid);
  if (error)
    return error;
  if (op->space == XENMAPSPACE_gmfn_foreign) {
    error = domid_check(v, op->extra);
    return error ? error : -XEN_EINVAL; /* itself is not foreign */
  }
  return op->space == XENMAPSPACE_gmfn_range || op->extra ? -XEN_EOPNOTSUPP : 0;
}

static int64_t batch_one(struct vcpu *v, const struct xen_add_to_physmap_batch *op, uint32_t i) {
  uint64_t idx = 0, gpfn = 0;
  size_t word = call_word(v);
  if (copy_in(&idx, op->idxs + i * word, word) || copy_in(&gpfn, op->gpfns + i * word, word))
    return -XEN_EFAULT;
  int32_t result = (int32_t)physmap_add_one(v->domain, op->space, idx, gpfn);
  return copy_out(op->errs + i * sizeof(result), &result, sizeof(result));
}

static int64_t add_to_physmap_batch(struct vcpu *v, uint64_t arg) {
  struct xen_add_to_physmap_batch op;
  int64_t error = struct_in(v, &op, sizeof(op), arg, "hhhhlll");
  if (!error)
    error = batch_check(v, &op);
  for (uint32_t i = 0; !error && i < op.size && call_pause(v); i++)
    error = batch_one(v, &op, i);
  return error;
}

/* On Xen the page would stay charged to the domain, out of everybody's reach; here it is free. */
static int64_t remove_from_physmap(struct vcpu *v, uint64_t arg) {
  struct xen_remove_from_physmap op;
  struct p2m_entry old;
  if (struct_in(v, &op, sizeof(op), arg, "hl"))
    return -XEN_EFAULT;
  int64_t error = domid_check(v, op.domid);
  if (!error)
    error = xen_errno(physmap_take(v->domain, op.gpfn, &old));
  if (!error)
    physmap_free(v->domain, &old, 1);
  return error;
}

/* --- questions -------------------------------------------------------------------------------- */

/* The map as it was at the start; what the guest changed since does not count. */
static int64_t memory_map(struct vcpu *v, uint64_t arg) {
  const struct manifest_domain *m = v->stub->domain->config;
  const struct manifest_region *r =
      (const struct manifest_region *)((const char *)system_config +
                                       system_config->regions.offset) +
      m->first_region;
  struct xen_memory_map op;
  if (struct_in(v, &op, sizeof(op), arg, "wl"))
    return -XEN_EFAULT;
  op.nr_entries = MIN(op.nr_entries, m->regions);
  for (uint32_t i = 0; i < op.nr_entries; i++) {
    struct xen_e820_entry e = {.addr = r[i].gpa, .size = r[i].size, .type = r[i].type};
    if (copy_out(op.buffer + i * sizeof(e), &e, sizeof(e)))
      return -XEN_EFAULT;
  }
  return copy_out(arg, &op.nr_entries, sizeof(op.nr_entries));
}

static int64_t question(struct vcpu *v, uint64_t op, uint64_t arg) {
  uint16_t domid;
  if (copy_in(&domid, arg, sizeof(domid)))
    return -XEN_EFAULT;
  int64_t error = domid_check(v, domid);
  if (error)
    return error;
  switch (op) {
  case XENMEM_current_reservation:
    return (int64_t)atomic_read(&v->domain->pages);
  case XENMEM_maximum_reservation:
    return (int64_t)v->domain->max_pages;
  default:
    return (int64_t)p2m_highest(v->domain).v;
  }
}

int64_t hypercall_memory_op(struct vcpu *v, const uint64_t *a) {
  switch (a[0]) {
  case XENMEM_increase_reservation: /* memory that is mapped nowhere serves no translated guest */
    return 0;
  case XENMEM_decrease_reservation:
  case XENMEM_populate_physmap:
    return ENABLED(CONFIG_XEN_BALLOON) ? balloon_op(v, a[0], a[1]) : -XEN_ENOSYS;
  case XENMEM_maximum_ram_page:
    return (int64_t)frame_table_size();
  case XENMEM_current_reservation:
  case XENMEM_maximum_reservation:
  case XENMEM_maximum_gpfn:
    return question(v, a[0], a[1]);
  case XENMEM_add_to_physmap:
    return add_to_physmap(v, a[1]);
  case XENMEM_add_to_physmap_batch:
    return add_to_physmap_batch(v, a[1]);
  case XENMEM_remove_from_physmap:
    return remove_from_physmap(v, a[1]);
  case XENMEM_memory_map:
    return memory_map(v, a[1]);
  case XENMEM_acquire_resource:
    return ENABLED(CONFIG_XEN_RESOURCES) ? resource_acquire(v, a[1]) : -XEN_ENOSYS;
  case XENMEM_machine_memory_map: /* for who controls the machine */
    return -XEN_EPERM;
  default:
    return -XEN_ENOSYS;
  }
}
