/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where statuses of the hypervisor become errors of the Xen ABI, and the
 * small steps that most handlers begin with.
 */
#include <sched.h>
#include <xen/internal.h>

int64_t xen_errno(enum status s) {
  static const uint8_t number[] = {
      [STATUS_OK] = 0,
      [STATUS_INVALID] = XEN_EINVAL,
      [STATUS_FAULT] = XEN_EFAULT,
      [STATUS_NO_MEMORY] = XEN_ENOMEM,
      [STATUS_NOT_FOUND] = XEN_ENOENT,
      [STATUS_EXISTS] = XEN_EEXIST,
      [STATUS_BUSY] = XEN_EBUSY,
      [STATUS_UNSUPPORTED] = XEN_ENOSYS,
      [STATUS_RANGE] = XEN_EINVAL,
  };
  return -(int64_t)number[s];
}

int64_t domid_allowed(struct vcpu *v, uint16_t domid, enum policy_op op,
                      struct domain_stub **other) {
  struct domain_stub *own = v->stub->domain;
  *other = domid == DOMID_SELF || domid == own->domid ? own : domain_find(domid);
  if (!*other)
    return -XEN_ESRCH;
  return policy_allows(own, *other, op) ? 0 : -XEN_EPERM;
}

int64_t domid_check(struct vcpu *v, uint16_t domid) {
  struct domain_stub *other;
  return domid_allowed(v, domid, POLICY_MANAGE, &other);
}

bool call_pause(struct vcpu *v) {
  sched_preempt_point();
  return !atomic_load(&v->stub->park);
}

int64_t copy_in(void *dst, uint64_t src, size_t n) {
  return guest_read(dst, GVA(src), n) ? -XEN_EFAULT : 0;
}

/* Bytes of a member, by its letter. */
static size_t member_size(char letter, size_t word) {
  return letter == 'h' ? 2 : letter == 'w' ? 4 : letter == 'q' ? 8 : word;
}

#define COMPAT_SIZE_MAX 64

/* Where the next member stands, `size` bytes long and aligned to at most `align`. */
static size_t member_at(size_t *end, size_t size, size_t align) {
  size_t at = ALIGN_UP(*end, MIN(size, align));
  *end = at + size;
  return at;
}

int64_t struct_in(struct vcpu *v, void *dst, size_t n, uint64_t src, const char *members) {
  char narrow[COMPAT_SIZE_MAX];
  size_t from = 0, to = 0, size = 0;
  if (!call_compat(v))
    return copy_in(dst, src, n);
  for (const char *m = members; *m; m++)
    (void)member_at(&size, member_size(*m, 4), 4);
  if (copy_in(narrow, src, size))
    return -XEN_EFAULT;
  memset(dst, 0, n);
  for (const char *m = members; *m; m++) {
    size_t bytes = member_size(*m, 4);
    char *place = (char *)dst + member_at(&to, member_size(*m, 8), 8);
    memcpy(place, narrow + member_at(&from, bytes, 4), bytes);
  }
  return 0;
}

int64_t copy_out(uint64_t dst, const void *src, size_t n) {
  return guest_write(GVA(dst), src, n) ? -XEN_EFAULT : 0;
}
