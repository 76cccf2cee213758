/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multicall: a list of hypercalls, each with its own result (libxen-dev 4.17,
 * xen/xen.h). A list within a list is refused.
 */
#include <xen/internal.h>

static int64_t entry_in(struct vcpu *v, uint64_t at, struct multicall_entry *e) {
  struct compat_multicall_entry c;
  if (!call_compat(v))
    return copy_in(e, at, sizeof(*e));
  if (copy_in(&c, at, sizeof(c)))
    return -XEN_EFAULT;
  e->op = c.op;
  for (unsigned i = 0; i < ARRAY_SIZE(e->args); i++)
    e->args[i] = c.args[i];
  return 0;
}

static int64_t result_out(struct vcpu *v, uint64_t at, int64_t result) {
  size_t offset = call_compat(v) ? offsetof(struct compat_multicall_entry, result)
                                 : offsetof(struct multicall_entry, result);
  return copy_out(at + offset, &result, call_word(v));
}

static int64_t entry_run(struct vcpu *v, uint64_t at) {
  struct multicall_entry e;
  if (entry_in(v, at, &e))
    return -XEN_EFAULT;
  int64_t result =
      e.op == __HYPERVISOR_multicall ? -XEN_EINVAL : hypercall_dispatch(v, e.op, e.args);
  return result_out(v, at, result);
}

int64_t hypercall_multicall(struct vcpu *v, const uint64_t *a) {
  size_t size =
      call_compat(v) ? sizeof(struct compat_multicall_entry) : sizeof(struct multicall_entry);
  int64_t error = 0;
  for (uint32_t i = 0; !error && i < (uint32_t)a[1] && call_pause(v); i++)
    error = entry_run(v, a[0] + i * size);
  return error;
}
