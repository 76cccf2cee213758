/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant_table_op: what each operation takes in and gives out (libxen-dev 4.17,
 * xen/grant_table.h), and the beginning and end of a domain's grants. The table
 * has version 1 alone.
 */
#include <abi/xen/grant_table.h>
#include <xen/internal.h>

#define CHUNK 16u /* elements of a list that are taken in at once */

/* --- lists: each element has a status of its own ------------------------------------ */

static int16_t map(struct vcpu *v, void *e, struct unmap_batch *batch) {
  return grant_map(v, e);
}

static int16_t unmap(struct vcpu *v, void *e, struct unmap_batch *batch) {
  return grant_unmap(v, e, batch);
}

static int16_t copy(struct vcpu *v, void *e, struct unmap_batch *batch) {
  return grant_copy(v, e);
}

static int16_t swap(struct vcpu *v, void *e, struct unmap_batch *batch) {
  const struct gnttab_swap_grant_ref *op = e;
  return grant_swap(v->domain, op->ref_a, op->ref_b);
}

/* No page of a translated guest changes its owner, */
static int16_t transfer(struct vcpu *v, void *e, struct unmap_batch *batch) {
  const struct gnttab_transfer *op = e;
  bool page = p2m_lookup(v->domain, GFN(op->mfn)).type != P2M_NONE;
  return page ? GNTST_general_error : GNTST_bad_page;
}

/* and none of its mappings is an entry of its own page tables. */
static int16_t replace(struct vcpu *v, void *e, struct unmap_batch *batch) {
  return GNTST_general_error;
}

#define ELEMENT_MAX sizeof(struct gnttab_copy)

static const struct list {
  int16_t (*fn)(struct vcpu *v, void *e, struct unmap_batch *batch);
  uint8_t size, status; /* of an element, and where its status stands; 32-bit callers: */
  uint8_t compat_size, compat_status;
} lists[] = {
#define LIST(op, s, c, cs)                                                                         \
  { op, sizeof(struct s), offsetof(struct s, status), c, cs }
    [GNTTABOP_map_grant_ref] = LIST(map, gnttab_map_grant_ref, 32, 18),
    [GNTTABOP_unmap_grant_ref] = LIST(unmap, gnttab_unmap_grant_ref, 24, 20),
    [GNTTABOP_transfer] = LIST(transfer, gnttab_transfer, 16, 12),
    [GNTTABOP_copy] = LIST(copy, gnttab_copy, 24, 20),
    [GNTTABOP_unmap_and_replace] = LIST(replace, gnttab_unmap_and_replace, 24, 20),
    [GNTTABOP_swap_grant_ref] = LIST(swap, gnttab_swap_grant_ref, 12, 8),
};

/* An element that a 32-bit caller lays out in another way. */
static int64_t compat_in(struct vcpu *v, const struct list *l, void *element, uint64_t at) {
  struct gnttab_copy *op = element;
  if (l->fn == transfer)
    return struct_in(v, element, sizeof(struct gnttab_transfer), at, "lhwh");
  if (struct_in(v, &op->source, sizeof(op->source), at, "lhh") ||
      struct_in(v, &op->dest, sizeof(op->dest), at + 8, "lhh"))
    return -XEN_EFAULT;
  return copy_in(&op->len, at + 16, 4);
}

static int16_t element_run(struct vcpu *v, const struct list *l, char *element,
                           struct unmap_batch *batch) {
  int16_t status = l->fn(v, element, batch);
  memcpy(element + l->status, &status, sizeof(status));
  return status;
}

static int64_t compat_run(struct vcpu *v, const struct list *l, uint64_t at,
                          struct unmap_batch *batch) {
  uint64_t element[ELEMENT_MAX / 8];
  if (compat_in(v, l, element, at))
    return -XEN_EFAULT;
  int16_t status = element_run(v, l, (char *)element, batch);
  return copy_out(at + l->compat_status, &status, sizeof(status));
}

/* What cannot be read as a whole is tried one by one. Returns how many were done, or the error. */
static int64_t chunk_run(struct vcpu *v, const struct list *l, uint64_t at, uint32_t n,
                         struct unmap_batch *batch) {
  uint64_t elements[CHUNK * ELEMENT_MAX / 8];
  char *first = (char *)elements;
  if (n > 1 && copy_in(first, at, n * l->size))
    n = 1;
  if (n == 1 && copy_in(first, at, l->size))
    return -XEN_EFAULT;
  for (uint32_t i = 0; i < n; i++)
    (void)element_run(v, l, first + i * l->size, batch);
  return copy_out(at, first, n * l->size) ? -XEN_EFAULT : (int64_t)n;
}

static int64_t list_run(struct vcpu *v, const struct list *l, uint64_t at, uint32_t count) {
  struct unmap_batch batch = {.n = 0};
  bool other = call_compat(v) && l->compat_size != l->size;
  int64_t n = 0;
  for (uint32_t done = 0; done < count && n >= 0 && call_pause(v); done += (uint32_t)n) {
    if (other)
      n = compat_run(v, l, at + (uint64_t)done * l->compat_size, &batch) ? -XEN_EFAULT : 1;
    else
      n = chunk_run(v, l, at + (uint64_t)done * l->size, MIN(CHUNK, count - done), &batch);
  }
  grant_unmap_finish(v->domain, &batch);
  return n < 0 ? n : 0;
}

/* --- questions about one's own table -------------------------------------------------------- */

/* Nobody looks at another's table. */
static int16_t table_check(struct vcpu *v, uint16_t domid) {
  if (domid == DOMID_SELF || domid == v->domain->domid)
    return GNTST_okay;
  return domain_find(domid) ? GNTST_permission_denied : GNTST_bad_domain;
}

static int16_t frame_list(struct vcpu *v, const struct gnttab_setup_table *op) {
  const struct grant_frame *f = v->stub->domain->grants.frame;
  int16_t status = GNTST_okay;
  for (uint32_t i = 0; i < op->nr_frames; i++)
    if (copy_out(op->frame_list + i * call_word(v), &f[i].gfn, call_word(v)))
      status = GNTST_bad_virt_addr;
  return status;
}

static int64_t setup_table(struct vcpu *v, uint64_t arg) {
  struct gnttab_setup_table op;
  if (struct_in(v, &op, sizeof(op), arg, "hwhl"))
    return -XEN_EFAULT;
  op.status = table_check(v, op.dom);
  if (!op.status && grant_table_grow(v->domain, op.nr_frames))
    op.status = GNTST_general_error;
  if (!op.status)
    op.status = frame_list(v, &op);
  return copy_out(arg + offsetof(struct gnttab_setup_table, status), &op.status, sizeof(op.status));
}

static int64_t query_size(struct vcpu *v, uint64_t arg) {
  struct gnttab_query_size op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  op.status = table_check(v, op.dom);
  if (!op.status) {
    op.nr_frames = atomic_read(&v->stub->domain->grants.frames);
    op.max_nr_frames = v->stub->domain->config->grant_frames;
  }
  return copy_out(arg, &op, sizeof(op));
}

/* Version 1 has no status pages. */
static int64_t status_frames(struct vcpu *v, uint64_t arg) {
  struct gnttab_get_status_frames op;
  if (copy_in(&op, arg, offsetof(struct gnttab_get_status_frames, frame_list)))
    return -XEN_EFAULT;
  op.status = table_check(v, op.dom);
  if (!op.status && op.nr_frames)
    op.status = GNTST_general_error;
  return copy_out(arg + offsetof(struct gnttab_get_status_frames, status), &op.status,
                  sizeof(op.status));
}

/* Version 2 is answered as by a Xen that was told to do without. */
static int64_t set_version(uint64_t arg) {
  static const uint32_t current = 1;
  uint32_t version;
  if (copy_in(&version, arg, sizeof(version)))
    return -XEN_EFAULT;
  if (version != 1 && version != 2)
    return -XEN_EINVAL;
  if (copy_out(arg, &current, sizeof(current)))
    return -XEN_EFAULT;
  return version == 1 ? 0 : -XEN_ENOSYS;
}

static int64_t get_version(struct vcpu *v, uint64_t arg) {
  struct gnttab_get_version op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  int16_t status = table_check(v, op.dom);
  if (status)
    return status == GNTST_bad_domain ? -XEN_ESRCH : -XEN_EPERM;
  op.version = 1;
  return copy_out(arg, &op, sizeof(op));
}

static int64_t question(struct vcpu *v, uint64_t op, uint64_t arg, uint32_t count) {
  bool lists_one = op != GNTTABOP_set_version && op != GNTTABOP_get_version;
  if (!v->stub->domain->config->grant_frames)
    return -XEN_ENOSYS;
  if (lists_one && count != 1)
    return -XEN_EINVAL;
  switch (op) {
  case GNTTABOP_setup_table:
    return setup_table(v, arg);
  case GNTTABOP_query_size:
    return query_size(v, arg);
  case GNTTABOP_set_version:
    return set_version(arg);
  case GNTTABOP_get_version:
    return get_version(v, arg);
  default:
    return status_frames(v, arg);
  }
}

/* --- the call ----------------------------------------------------------------------------------
 */

int64_t hypercall_grant_table_op(struct vcpu *v, const uint64_t *a) {
  const struct manifest_domain *m = v->stub->domain->config;
  uint32_t count = (uint32_t)a[2];
  if (!m->grant_frames && !m->maptrack)
    return -XEN_ENOSYS;
  if ((int32_t)count < 0)
    return -XEN_EINVAL;
  if (a[0] < ARRAY_SIZE(lists) && lists[a[0]].fn)
    return list_run(v, &lists[a[0]], a[1], count);
  switch (a[0]) {
  case GNTTABOP_setup_table:
  case GNTTABOP_query_size:
  case GNTTABOP_set_version:
  case GNTTABOP_get_status_frames:
  case GNTTABOP_get_version:
    return question(v, a[0], a[1], count);
  case GNTTABOP_cache_flush: /* caches are coherent here */
    return count ? -XEN_EOPNOTSUPP : 0;
  default:
    return -XEN_ENOSYS;
  }
}

/* --- life
 * ------------------------------------------------------------------------------------------ */

/* Who serves the domain's console or store has its ring's page, as Xen's tools would grant it. */
static void ring_grant(struct domain *d, uint16_t kind, uint32_t ref, uint64_t gfn) {
  const struct manifest_channel *c = ring_channel(d, kind);
  if (c)
    grant_preset(d, ref, domains[c->back].domid, gfn);
}

static void rings_grant(struct domain *d) {
  uint64_t gfn = d->stub->config->special_gfn;
  ring_grant(d, MANIFEST_CHANNEL_CONSOLE, GNTTAB_RESERVED_CONSOLE, gfn);
  ring_grant(d, MANIFEST_CHANNEL_STORE, GNTTAB_RESERVED_XENSTORE, gfn + 1);
}

enum status grants_init(struct domain *d) {
  d->personality.maptrack.free = ~0u;
  if (!d->stub->config->grant_frames)
    return STATUS_OK;
  enum status s = grant_table_grow(d, 1);
  if (!s)
    rings_grant(d);
  return s;
}

void grants_fini(struct domain *d) {
  grant_unmap_all(d);
  grant_table_close(d);
}
