/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where statuses of the hypervisor become errors of the Xen ABI, and the
 * small steps that most handlers begin with.
 */
#include <policy.h>
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
      [STATUS_DENIED] = XEN_EPERM,
      [STATUS_UNSUPPORTED] = XEN_ENOSYS,
      [STATUS_TOO_LATE] = XEN_ETIME,
      [STATUS_TOO_BIG] = XEN_ENOBUFS,
      [STATUS_RANGE] = XEN_EINVAL,
  };
  return -(int64_t)number[s];
}

int64_t domid_check(struct vcpu *v, uint16_t domid) {
  if (domid == DOMID_SELF || domid == v->domain->domid)
    return 0;
  const struct domain_stub *other = domain_find(domid);
  if (!other)
    return -XEN_ESRCH;
  /* No call of this build acts on another domain, whatever the policy says. */
  return policy_allows(v->stub->domain, other, POLICY_MANAGE) ? -XEN_ENOSYS : -XEN_EPERM;
}

bool call_pause(struct vcpu *v) {
  sched_preempt_point();
  return !atomic_load(&v->stub->park);
}

int64_t copy_in(void *dst, uint64_t src, size_t n) {
  return guest_read(dst, GVA(src), n) ? -XEN_EFAULT : 0;
}

int64_t copy_out(uint64_t dst, const void *src, size_t n) {
  return guest_write(GVA(dst), src, n) ? -XEN_EFAULT : 0;
}
