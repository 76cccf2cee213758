/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies between root mode and the memory of the linked domain's guest: page
 * by page walked, then one bounded copy at ARENA_GUEST + G. A fault there is
 * offered to the guest memory map before it is an error.
 */
#include <asm/cpu_ops.h>
#include <asm/vendor.h>
#include <guest.h>
#include <p2m.h>

#define COPY_TRIES 4 /* of one page: the map may change under our hands, but not for ever */

/* The first write to a page that is tracked makes it an ordinary one. */
static bool log_dirty_write(struct domain *d, gfn_t gfn) {
  struct p2m_locked p = p2m_lock(d);
  struct p2m_entry e = p2m_lookup(d, gfn);
  enum status s = e.type == P2M_LOG_DIRTY ? p2m_set_type(p, gfn, P2M_RAM) : STATUS_OK;
  p2m_unlock(p);
  return s == STATUS_OK;
}

bool guest_map_allows(struct vcpu *v, uint64_t gpa, bool write) {
  gfn_t gfn = gpa_to_gfn(GPA(gpa));
  if (gpa >= GUEST_GPA_LIMIT)
    return false;
  switch (p2m_lookup(v->domain, gfn).type) {
  case P2M_RAM:
  case P2M_FOREIGN:
    return true;
  case P2M_RAM_RO:
  case P2M_FOREIGN_RO:
    return !write;
  case P2M_LOG_DIRTY:
    return !write || log_dirty_write(v->domain, gfn);
  default:
    return false;
  }
}

bool guest_resolve(struct vcpu *v, uint64_t gpa, bool write) {
  return guest_map_allows(v, gpa, write) && vendor->view_fill(v->domain, gpa);
}

/* A piece that lies in one page. `buffer` is the destination of a read, the source of a write. */
static enum status copy_piece(struct vcpu *v, uint64_t gpa, void *buffer, size_t n, bool write) {
  if (gpa >= GUEST_GPA_LIMIT)
    return STATUS_FAULT;
  for (unsigned tries = 0; tries < COPY_TRIES; tries++) {
    user_open();
    bool done = write ? user_write(gpa, buffer, n) : user_read(buffer, gpa, n);
    user_close();
    if (likely(done))
      return STATUS_OK;
    if (!guest_resolve(v, gpa, write))
      break;
  }
  return STATUS_FAULT;
}

/* `access`: WALK_WRITE and WALK_IMPLICIT, without which the privilege level counts. */
static enum status copy_linear(uint64_t linear, void *buffer, size_t n, unsigned access) {
  struct vcpu *v = vcpu_current();
  bool write = access & WALK_WRITE;
  struct x86_mode m;
  vendor->get_mode(v, &m);
  if (!(access & WALK_IMPLICIT) && m.cpl == 3)
    access |= WALK_USER;
  while (n) {
    size_t piece = MIN(n, PAGE_SIZE - linear % PAGE_SIZE);
    struct walk_fault fault;
    uint64_t gpa;
    if (!walk_mode(v, &m, linear, access, &gpa, &fault) || copy_piece(v, gpa, buffer, piece, write))
      return STATUS_FAULT;
    linear += piece;
    buffer = (char *)buffer + piece;
    n -= piece;
  }
  return STATUS_OK;
}

enum status guest_read(void *dst, gva_t src, size_t n) {
  return copy_linear(src.v, dst, n, 0);
}

enum status guest_write(gva_t dst, const void *src, size_t n) {
  return copy_linear(dst.v, (void *)(uintptr_t)src, n, WALK_WRITE);
}

enum status guest_write_implicit(gva_t dst, const void *src, size_t n) {
  return copy_linear(dst.v, (void *)(uintptr_t)src, n, WALK_WRITE | WALK_IMPLICIT);
}

static enum status copy_phys(gpa_t at, void *buffer, size_t n, bool write) {
  struct vcpu *v = vcpu_current();
  while (n) {
    size_t piece = MIN(n, PAGE_SIZE - at.v % PAGE_SIZE);
    if (copy_piece(v, at.v, buffer, piece, write))
      return STATUS_FAULT;
    at.v += piece;
    buffer = (char *)buffer + piece;
    n -= piece;
  }
  return STATUS_OK;
}

enum status guest_read_phys(void *dst, gpa_t src, size_t n) {
  return copy_phys(src, dst, n, false);
}

enum status guest_write_phys(gpa_t dst, const void *src, size_t n) {
  return copy_phys(dst, (void *)(uintptr_t)src, n, true);
}
