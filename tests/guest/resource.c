// SPDX-License-Identifier: Apache-2.0
// XENMEM_acquire_resource: the size of the domain's own grant table and its pages at places of its
// choice; an entry that is written through such a page is a grant.
/* guest: grant_frames=4 maptrack=16 xen=no (it serves only a domain that manages another) */
#include "rt/rt.h"

static int64_t acquire(unsigned id, uint64_t frame, unsigned n, xen_pfn_t *list) {
  struct xen_mem_acquire_resource op = {.domid = DOMID_SELF,
                                        .type = XENMEM_resource_grant_table,
                                        .id = id,
                                        .nr_frames = n,
                                        .frame = frame};
  set_xen_guest_handle(op.frame_list, list);
  int64_t result = memory_op(XENMEM_acquire_resource, &op);
  return result || list ? result : op.nr_frames;
}

void test_main(void) {
  xen_pfn_t gfn[2] = {hole_alloc(), hole_alloc()};
  uint64_t seen = hole_alloc();
  volatile uint64_t *page = page_alloc();
  grant_handle_t handle;
  check_eq("resource.size", acquire(0, 0, 0, NULL), 4);
  check_eq("resource.status_frames", acquire(1, 0, 0, NULL), -XEN_EINVAL);
  check_eq("resource.pages", acquire(0, 2, 2, gfn), 0);
  check_eq("resource.beyond", acquire(0, 3, 2, gfn), -XEN_EINVAL);
  check_eq("resource.wild", memory_op(XENMEM_acquire_resource, UNMAPPED), -XEN_EFAULT);
  volatile grant_entry_v1_t *entry = (void *)(gfn[0] * PAGE_SIZE);
  page[0] = 0x4711;
  entry[5] =
      (grant_entry_v1_t){GTF_permit_access, own_domid(), (uint32_t)((uintptr_t)page / PAGE_SIZE)};
  check_eq("resource.grant", grant_map(own_domid(), 2 * 512 + 5, seen, 0, &handle), GNTST_okay);
  check_eq("resource.content", *(volatile uint64_t *)(seen * PAGE_SIZE), 0x4711);
  check_eq("resource.unmap", grant_unmap(handle, seen), GNTST_okay);
  CHECK("resource.hidden", *(volatile uint64_t *)(gfn[1] * PAGE_SIZE) == 0);
  check_eq("resource.exchange", memory_op(XENMEM_exchange, gfn), -XEN_ENOSYS);
}
