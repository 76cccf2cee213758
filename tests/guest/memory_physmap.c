// SPDX-License-Identifier: Apache-2.0
// XENMEM_add_to_physmap, its batch form and remove_from_physmap with the shared page.
/* guest: */
#include "rt/rt.h"

static int64_t remove(uint64_t gfn) {
  struct xen_remove_from_physmap arg = {.domid = DOMID_SELF, .gpfn = gfn};
  return memory_op(XENMEM_remove_from_physmap, &arg);
}

static int same_page(const volatile uint64_t *page) {
  return page[0] == *(volatile uint64_t *)shared_info &&
         ((volatile struct shared_info *)page)->wc_version == shared_info->wc_version &&
         shared_info->wc_version;
}

static void batch(void) {
  uint64_t page = (uintptr_t)page_alloc() >> 12;
  xen_ulong_t index[2] = {0, 1};
  xen_pfn_t gfn[2] = {page, page};
  int errors[2] = {1, 1};
  struct xen_add_to_physmap_batch arg = {
      .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .size = 2};
  set_xen_guest_handle(arg.idxs, index);
  set_xen_guest_handle(arg.gpfns, gfn);
  set_xen_guest_handle(arg.errs, errors);
  check_eq("memory_physmap.batch", memory_op(XENMEM_add_to_physmap_batch, &arg), 0);
  check_eq("memory_physmap.batch.error0", errors[0], 0);
  check_eq("memory_physmap.batch.error1", errors[1], -XEN_EINVAL);
  shared_info = (struct shared_info *)(page << 12);
  CHECK("memory_physmap.batch.content", shared_info->wc_version);
}

void test_main(void) {
  uint64_t *old = (uint64_t *)shared_info, *page = page_alloc();
  uint64_t gfn = (uintptr_t)page >> 12;
  page[0] = 0xabcd;
  check_eq("memory_physmap.shared_info", physmap_add(XENMAPSPACE_shared_info, 0, gfn), 0);
  shared_info = (struct shared_info *)page;
  CHECK("memory_physmap.content", shared_info->wc_version && page[0] != 0xabcd);
  check_eq("memory_physmap.moved_away", *(volatile uint64_t *)old, -1);
  check_eq("memory_physmap.index1", physmap_add(XENMAPSPACE_shared_info, 1, gfn), -XEN_EINVAL);
  check_eq("memory_physmap.unknown_space", physmap_add(77, 0, gfn), -XEN_EINVAL);
  // A frame of the domain's own can be moved to another place.
  uint64_t *from = page_alloc(), *to = page_alloc();
  from[3] = 0x1234;
  check_eq("memory_physmap.gmfn",
           physmap_add(XENMAPSPACE_gmfn, (uintptr_t)from >> 12, (uintptr_t)to >> 12), 0);
  check_eq("memory_physmap.gmfn.content", *(volatile uint64_t *)(to + 3), 0x1234);
  check_eq("memory_physmap.gmfn.left_hole", *(volatile uint64_t *)(from + 3), -1);
  check_eq("memory_physmap.gmfn.hole", physmap_add(XENMAPSPACE_gmfn, 0xfffff, gfn), -XEN_EINVAL);
  check_eq("memory_physmap.remove", remove((uintptr_t)to >> 12), 0);
  check_eq("memory_physmap.removed", *(volatile uint64_t *)to, -1);
  check_eq("memory_physmap.remove_again", remove((uintptr_t)to >> 12), -XEN_ENOENT);
  batch();
  check_eq("memory_physmap.wild", memory_op(XENMEM_add_to_physmap, UNMAPPED), -XEN_EFAULT);
  check_eq("memory_physmap.remove.wild", memory_op(XENMEM_remove_from_physmap, UNMAPPED),
           -XEN_EFAULT);
  CHECK("memory_physmap.still_shared", same_page((uint64_t *)shared_info));
}
