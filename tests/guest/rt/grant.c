// SPDX-License-Identifier: Apache-2.0
// Grants: this domain's table, mappings of its own and of other domains' pages.
#include "rt.h"

uint64_t hole_alloc(void) {
  xen_pfn_t gfn = (uintptr_t)page_alloc() / PAGE_SIZE;
  struct xen_memory_reservation arg = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(arg.extent_start, &gfn);
  check_true("rt.hole", memory_op(XENMEM_decrease_reservation, &arg) == 1, "no page given back");
  return gfn;
}

grant_entry_v1_t *grant_table(void) {
  static grant_entry_v1_t *table;
  if (!table) {
    uint64_t gfn = hole_alloc();
    check_eq("rt.grant_table", physmap_add(XENMAPSPACE_grant_table, 0, gfn), 0);
    table = (void *)(gfn * PAGE_SIZE);
  }
  return table;
}

void grant_allow(unsigned ref, domid_t domid, uint64_t gfn, unsigned flags) {
  volatile grant_entry_v1_t *entry = &grant_table()[ref];
  entry->frame = gfn;
  entry->domid = domid;
  __sync_synchronize();
  entry->flags = GTF_permit_access | flags;
}

int grant_map(domid_t domid, unsigned ref, uint64_t gfn, unsigned flags, grant_handle_t *handle) {
  struct gnttab_map_grant_ref arg = {.host_addr = gfn * PAGE_SIZE,
                                     .flags = GNTMAP_host_map | flags,
                                     .ref = ref,
                                     .dom = domid,
                                     .status = 99};
  int64_t error = grant_op(GNTTABOP_map_grant_ref, &arg, 1);
  *handle = arg.handle;
  return error ? (int)error : arg.status;
}

int grant_unmap(grant_handle_t handle, uint64_t gfn) {
  struct gnttab_unmap_grant_ref arg = {
      .host_addr = gfn * PAGE_SIZE, .handle = handle, .status = 99};
  int64_t error = grant_op(GNTTABOP_unmap_grant_ref, &arg, 1);
  return error ? (int)error : arg.status;
}

uint32_t xen_cpuid_base(void) {
  for (uint32_t base = 0x40000000; base < 0x40010000; base += 0x100)
    if (cpuid(base, 0).ebx == XEN_CPUID_SIGNATURE_EBX)
      return base;
  return 0;
}

domid_t own_domid(void) {
  uint32_t base = xen_cpuid_base();
  return base ? cpuid(base + 4, 0).ecx : 0;
}
