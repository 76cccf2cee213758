/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_copy: bytes from one page to another, each granted by somebody or
 * the caller's own. Both are held while they are copied, through two windows.
 */
#include <abi/xen/grant_table.h>
#include <xen/internal.h>

/* One end of a copy: a use of a grant, or a page of the caller's. */
struct end {
  struct grant_use use; /* use.frame is valid for both */
  bool granted;
};

/* A page that the domain has in its map, of whatever owner, with a reference. */
static int16_t own_page(struct domain *d, uint64_t gfn, bool write, struct end *end) {
  struct p2m_locked p = p2m_lock(d);
  struct p2m_entry e = p2m_lookup(d, GFN(gfn));
  bool ok = e.type == P2M_RAM || e.type == P2M_FOREIGN ||
            (!write && (e.type == P2M_RAM_RO || e.type == P2M_FOREIGN_RO));
  if (ok)
    ok = !frame_get(e.mfn, frame_of(e.mfn)->owner);
  p2m_unlock(p);
  end->use.frame = (uint32_t)e.mfn.v;
  return ok ? GNTST_okay : GNTST_bad_page;
}

static int16_t end_open(struct vcpu *v, struct domain_stub *granter,
                        const struct gnttab_copy_ptr *at, bool write, struct end *end) {
  if (!end->granted)
    return own_page(v->domain, at->u.gmfn, write, end);
  return grant_acquire(granter, at->u.ref, v->domain->domid, !write, &end->use);
}

static void end_close(const struct end *end) {
  if (end->granted)
    grant_release(&end->use);
  else
    frame_put(MFN(end->use.frame));
}

/* Who stands at this end; NULL and the status. A page by its frame number can only be one's own. */
static struct domain_stub *end_owner(struct vcpu *v, const struct gnttab_copy_ptr *at, bool granted,
                                     int16_t *status) {
  *status = GNTST_permission_denied;
  if (!granted && at->domid != DOMID_SELF)
    return NULL;
  return grants_of(v, at->domid, status);
}

static int16_t bytes_copy(const struct gnttab_copy *op, const struct end *from,
                          const struct end *to) {
  if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
    return GNTST_bad_copy_arg;
  char *source = arch_window_open(MFN(from->use.frame), false);
  char *dest = arch_window_open(MFN(to->use.frame), true);
  arch_window_copy(dest + op->dest.offset, source + op->source.offset, op->len);
  arch_window_close(dest);
  arch_window_close(source);
  return GNTST_okay;
}

int16_t grant_copy(struct vcpu *v, const struct gnttab_copy *op) {
  struct end from = {.granted = op->flags & GNTCOPY_source_gref};
  struct end to = {.granted = op->flags & GNTCOPY_dest_gref};
  int16_t status;
  struct domain_stub *source = end_owner(v, &op->source, from.granted, &status);
  struct domain_stub *dest = source ? end_owner(v, &op->dest, to.granted, &status) : NULL;
  if (!dest)
    return status;
  status = end_open(v, source, &op->source, false, &from);
  if (status)
    return status;
  status = end_open(v, dest, &op->dest, true, &to);
  if (!status) {
    status = bytes_copy(op, &from, &to);
    end_close(&to);
  }
  end_close(&from);
  return status;
}
