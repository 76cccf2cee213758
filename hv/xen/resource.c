/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XENMEM_acquire_resource (libxen-dev 4.17, xen/memory.h): pages that a domain has from the
 * hypervisor, put into the caller's map at places of its choice. The one resource here is the
 * grant table, of a domain that the caller manages: its own. What is charged to a domain that must
 * not map it (FRAME_HELD) is no resource.
 */
#include <abi/xen/memory.h>
#include <xen/internal.h>

/* Pages of the resource, 0: there is none. Grants of version 2 alone have status pages. */
static uint32_t resource_frames(const struct domain *d, const struct xen_mem_acquire_resource *op) {
  bool table =
      op->type == XENMEM_resource_grant_table && op->id == XENMEM_resource_grant_table_id_shared;
  return table ? d->stub->config->grant_frames : 0;
}

static int64_t size_out(uint64_t arg, uint32_t frames) {
  return copy_out(arg + offsetof(struct xen_mem_acquire_resource, nr_frames), &frames,
                  sizeof(frames));
}

/* -EIO: some pages are in the map, some not, and the caller has to look. */
static int64_t frames_map(struct vcpu *v, const struct xen_mem_acquire_resource *op) {
  size_t word = call_word(v);
  for (uint32_t i = 0; i < op->nr_frames && call_pause(v); i++) {
    uint64_t gfn = 0;
    int64_t error = copy_in(&gfn, op->frame_list + i * word, word);
    if (!error)
      error = grant_table_place(v->domain, op->frame + i, gfn);
    if (error)
      return i ? -XEN_EIO : error;
  }
  return 0;
}

int64_t resource_acquire(struct vcpu *v, uint64_t arg) {
  struct xen_mem_acquire_resource op;
  int64_t error = struct_in(v, &op, sizeof(op), arg, "hhwwwql");
  if (!error)
    error = op.pad ? -XEN_EINVAL : domid_check(v, op.domid);
  if (error)
    return error;
  uint32_t frames = resource_frames(v->domain, &op);
  if (!frames || op.nr_frames > frames || (op.nr_frames && !op.frame_list))
    return -XEN_EINVAL;
  if (!op.frame_list)
    return size_out(arg, frames);
  if (op.nr_frames && op.frame > frames - op.nr_frames)
    return -XEN_EINVAL;
  return frames_map(v, &op);
}
