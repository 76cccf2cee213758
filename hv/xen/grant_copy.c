/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_copy: bytes from one page to another, each granted by somebody or
 * the caller's own, through two windows. A grant is held meanwhile. A page of
 * the caller's map needs no holding: whoever takes it out of the map flushes
 * before anything else is done with it, and this CPU answers that only while it
 * waits for a lock. So such a page is looked up last, after every lock.
 */
#include <abi/xen/grant_table.h>
#include <xen/internal.h>

/* One end of a copy. */
struct end {
  const struct gnttab_copy_ptr *at;
  struct grant_use use; /* of a grant; the frame alone of one's own page */
  bool granted, write;
};

/* A page that the domain has in its map, of whatever owner. */
static bool own_page(struct domain *d, struct end *end) {
  struct p2m_entry e = p2m_lookup(d, GFN(end->at->u.gmfn));
  end->use.frame = (uint32_t)e.mfn.v;
  return e.type == P2M_RAM || e.type == P2M_FOREIGN ||
         (!end->write && (e.type == P2M_RAM_RO || e.type == P2M_FOREIGN_RO));
}

/* Who stands at this end; NULL and the status. A page by its frame number can only be one's own. */
static struct domain_stub *end_owner(struct vcpu *v, const struct end *end, int16_t *status) {
  *status = GNTST_permission_denied;
  if (!end->granted && end->at->domid != DOMID_SELF)
    return NULL;
  return grants_of(v, end->at->domid, status);
}

static int16_t end_open(struct vcpu *v, struct domain_stub *owner, struct end *end) {
  return end->granted
             ? grant_acquire(owner, end->at->u.ref, v->domain->domid, !end->write, &end->use)
             : GNTST_okay;
}

static void end_close(const struct end *end) {
  if (end->granted)
    grant_release(&end->use);
}

/* No lock is taken in here. */
static int16_t bytes_copy(struct domain *d, struct end *from, struct end *to, uint16_t n) {
  if ((!from->granted && !own_page(d, from)) || (!to->granted && !own_page(d, to)))
    return GNTST_bad_page;
  if (from->at->offset + n > PAGE_SIZE || to->at->offset + n > PAGE_SIZE)
    return GNTST_bad_copy_arg;
  char *source = arch_window_open(MFN(from->use.frame), false);
  char *dest = arch_window_open(MFN(to->use.frame), true);
  arch_window_copy(dest + to->at->offset, source + from->at->offset, n);
  arch_window_close(dest);
  arch_window_close(source);
  return GNTST_okay;
}

int16_t grant_copy(struct vcpu *v, const struct gnttab_copy *op) {
  struct end from = {.at = &op->source, .granted = op->flags & GNTCOPY_source_gref};
  struct end to = {.at = &op->dest, .granted = op->flags & GNTCOPY_dest_gref, .write = true};
  int16_t status;
  struct domain_stub *source = end_owner(v, &from, &status);
  struct domain_stub *dest = source ? end_owner(v, &to, &status) : NULL;
  if (!dest)
    return status;
  status = end_open(v, source, &from);
  if (status)
    return status;
  status = end_open(v, dest, &to);
  if (!status) {
    status = bytes_copy(v->domain, &from, &to, op->len);
    end_close(&to);
  }
  end_close(&from);
  return status;
}
