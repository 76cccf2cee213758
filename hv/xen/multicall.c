/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multicall: a list of hypercalls, each with its own result (libxen-dev 4.17,
 * xen/xen.h). A list within a list is refused.
 */
#include <xen/internal.h>

static int64_t result_out(struct vcpu *v, uint64_t at, int64_t result) {
  return copy_out(at + call_word(v), &result, call_word(v));
}

static int64_t entry_run(struct vcpu *v, uint64_t at) {
  struct multicall_entry e;
  if (struct_in(v, &e, sizeof(e), at, "llllllll"))
    return -XEN_EFAULT;
  int64_t result =
      e.op == __HYPERVISOR_multicall ? -XEN_EINVAL : hypercall_dispatch(v, e.op, e.args);
  return result_out(v, at, result);
}

int64_t hypercall_multicall(struct vcpu *v, const uint64_t *a) {
  size_t size = 8 * call_word(v); /* op, result, six arguments */
  int64_t error = 0;
  for (uint32_t i = 0; !error && i < (uint32_t)a[1] && call_pause(v); i++)
    error = entry_run(v, a[0] + i * size);
  return error;
}
