// SPDX-License-Identifier: Apache-2.0
// A domain's grants to itself: the table, mapping, unmapping, copying, and what is refused.
/* guest: grant_frames=4 maptrack=600 xen=no (it moves a page that a domain grants to itself) */
#include "rt/rt.h"

#define MANY 256

static domid_t self;

static unsigned bits(unsigned ref) {
  return ((volatile grant_entry_v1_t *)grant_table())[ref].flags & (GTF_reading | GTF_writing);
}

static void table(void) {
  struct gnttab_query_size size = {.dom = DOMID_SELF};
  check_eq("grant_table.table.size", grant_op(GNTTABOP_query_size, &size, 1), 0);
  check_eq("grant_table.table.frames", size.nr_frames, 1);
  check_eq("grant_table.table.limit", size.max_nr_frames, 4);
  struct gnttab_set_version version = {.version = 1};
  check_eq("grant_table.table.version", grant_op(GNTTABOP_set_version, &version, 1), 0);
  CHECK("grant_table.table.empty", !grant_table()[9].flags && !grant_table()[9].frame);
  check_eq("grant_table.table.grow", physmap_add(XENMAPSPACE_grant_table, 2, hole_alloc()), 0);
  check_eq("grant_table.table.size_again", grant_op(GNTTABOP_query_size, &size, 1), 0);
  check_eq("grant_table.table.grown", size.nr_frames, 3);
  check_eq("grant_table.table.beyond", physmap_add(XENMAPSPACE_grant_table, 1 << 20, 1),
           -XEN_EINVAL);
}

static void map_one(void) {
  uint64_t gfn = hole_alloc();
  volatile uint64_t *page = page_alloc(), *seen = (void *)(gfn * PAGE_SIZE);
  grant_handle_t handle, again;
  page[7] = 0x1234;
  grant_allow(8, self, (uintptr_t)page / PAGE_SIZE, 0);
  check_eq("grant_table.map", grant_map(self, 8, gfn, 0, &handle), GNTST_okay);
  check_eq("grant_table.map.content", seen[7], 0x1234);
  seen[7] = 0x5678;
  check_eq("grant_table.map.written", page[7], 0x5678);
  check_eq("grant_table.map.bits", bits(8), GTF_reading | GTF_writing);
  check_eq("grant_table.map.occupied", grant_map(self, 8, gfn, 0, &again), GNTST_general_error);
  check_eq("grant_table.unmap", grant_unmap(handle, gfn), GNTST_okay);
  check_eq("grant_table.unmap.bits", bits(8), 0);
  check_eq("grant_table.unmap.gone", seen[7], -1);
  check_eq("grant_table.unmap.again", grant_unmap(handle, gfn), GNTST_bad_handle);
}

static void read_only(void) {
  uint64_t gfn = hole_alloc();
  volatile uint64_t *page = page_alloc(), *seen = (void *)(gfn * PAGE_SIZE);
  grant_handle_t handle;
  page[0] = 0x77;
  grant_allow(8, self, (uintptr_t)page / PAGE_SIZE, GTF_readonly);
  check_eq("grant_table.read_only.refused", grant_map(self, 8, gfn, 0, &handle),
           GNTST_general_error);
  check_eq("grant_table.read_only.map", grant_map(self, 8, gfn, GNTMAP_readonly, &handle),
           GNTST_okay);
  check_eq("grant_table.read_only.bits", bits(8), GTF_reading);
  TRY("movq $1, (%0)", TRY_NO_OUTPUT, "r"(seen));
  CHECK("grant_table.read_only", page[0] == 0x77 && seen[0] == 0x77);
  check_eq("grant_table.read_only.unmap", grant_unmap(handle, gfn), GNTST_okay);
}

// Mapped and unmapped by one call each.
static void many(void) {
  static struct gnttab_map_grant_ref map[MANY];
  static struct gnttab_unmap_grant_ref unmap[MANY];
  uint64_t *page = page_alloc(), gfn = hole_alloc() + (1ull << 24);
  unsigned bad = 0;
  page[0] = 0xabc;
  for (unsigned i = 0; i < MANY; i++) {
    grant_allow(8 + i, self, (uintptr_t)page / PAGE_SIZE, 0);
    map[i] = (struct gnttab_map_grant_ref){
        .host_addr = (gfn + i) * PAGE_SIZE, .flags = GNTMAP_host_map, .ref = 8 + i, .dom = self};
  }
  check_eq("grant_table.many.map", grant_op(GNTTABOP_map_grant_ref, map, MANY), 0);
  for (unsigned i = 0; i < MANY; i++) {
    bad += map[i].status != GNTST_okay;
    unmap[i] = (struct gnttab_unmap_grant_ref){.host_addr = (gfn + i) * PAGE_SIZE,
                                               .handle = map[i].handle};
  }
  volatile uint64_t *last = vm_map(0, (gfn + MANY - 1) * PAGE_SIZE, PTE_P | PTE_W);
  check_eq("grant_table.many.content", last[0], 0xabc);
  check_eq("grant_table.many.unmap", grant_op(GNTTABOP_unmap_grant_ref, unmap, MANY), 0);
  for (unsigned i = 0; i < MANY; i++)
    bad += unmap[i].status != GNTST_okay || bits(8 + i);
  check_eq("grant_table.many.statuses", bad, 0);
  check_eq("grant_table.many.gone", last[0], -1);
}

static int copy(struct gnttab_copy op) {
  int64_t error = grant_op(GNTTABOP_copy, &op, 1);
  return error ? (int)error : op.status;
}

static void copies(void) {
  uint8_t *from = page_alloc(), *to = page_alloc();
  memset(from, 0x5a, PAGE_SIZE);
  grant_allow(8, self, (uintptr_t)from / PAGE_SIZE, GTF_readonly);
  grant_allow(9, self, (uintptr_t)to / PAGE_SIZE, 0);
  struct gnttab_copy op = {.source = {.u.ref = 8, .domid = self, .offset = 100},
                           .dest = {.u.ref = 9, .domid = DOMID_SELF, .offset = 200},
                           .len = 300,
                           .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref};
  check_eq("grant_table.copy", copy(op), GNTST_okay);
  CHECK("grant_table.copy.content", !to[199] && to[200] == 0x5a && to[499] == 0x5a && !to[500]);
  op.dest.offset = 3900;
  check_eq("grant_table.copy.beyond", copy(op), GNTST_bad_copy_arg);
  op.dest = op.source;
  check_eq("grant_table.copy.read_only", copy(op), GNTST_general_error);
  op.flags = GNTCOPY_source_gref;
  op.dest.u.gmfn = (uintptr_t)to / PAGE_SIZE;
  check_eq("grant_table.copy.frame_of_named", copy(op), GNTST_permission_denied);
  op.dest.domid = DOMID_SELF;
  check_eq("grant_table.copy.to_frame", copy(op), GNTST_okay);
  op.source.domid = 0x7000;
  check_eq("grant_table.copy.no_domain", copy(op), GNTST_bad_domain);
  check_eq("grant_table.copy.bits", bits(8) | bits(9), 0);
}

static void refusals(void) {
  uint64_t gfn = hole_alloc();
  grant_handle_t handle;
  uint64_t *page = page_alloc();
  grant_allow(8, self, (uintptr_t)page / PAGE_SIZE, 0);
  check_eq("grant_table.refused.no_domain", grant_map(0x7000, 8, gfn, 0, &handle),
           GNTST_bad_domain);
  check_eq("grant_table.refused.self", grant_map(DOMID_SELF, 8, gfn, 0, &handle), GNTST_bad_domain);
  check_eq("grant_table.refused.ref", grant_map(self, 1 << 20, gfn, 0, &handle), GNTST_bad_gntref);
  check_eq("grant_table.refused.device", grant_map(self, 8, gfn, GNTMAP_device_map, &handle),
           GNTST_general_error);
  check_eq("grant_table.refused.over_ram",
           grant_map(self, 8, (uintptr_t)page_alloc() / PAGE_SIZE, 0, &handle),
           GNTST_general_error);
  grant_allow(9, self, gfn, 0);
  check_eq("grant_table.refused.no_page", grant_map(self, 9, gfn, 0, &handle), GNTST_bad_page);
  grant_allow(9, 0x7000, (uintptr_t)page / PAGE_SIZE, 0);
  CHECK("grant_table.refused.for_another", grant_map(self, 9, gfn, 0, &handle) != GNTST_okay);
  check_eq("grant_table.refused.handle", grant_unmap(12345, gfn), GNTST_bad_handle);
  check_eq("grant_table.refused.pointer", grant_op(GNTTABOP_map_grant_ref, UNMAPPED, 1),
           -XEN_EFAULT);
  check_eq("grant_table.refused.count", grant_op(GNTTABOP_map_grant_ref, page, 1u << 31),
           -XEN_EINVAL);
}

void test_main(void) {
  self = own_domid();
  table();
  map_one();
  read_only();
  many();
  copies();
  refusals();
}
