// SPDX-License-Identifier: Apache-2.0
// What grants cost in instructions: as bench.c, within one domain. Each page is mapped once, since
// Xen moves a page that a domain grants to itself, and unmapping then takes it away.
/* guest: icount=1 grant_frames=1 maptrack=256 */
#include "rt/rt.h"

#define BATCHES 8
#define MANY    256
#define PAGES   0x2000 // from this gfn on there is memory that nothing uses

static struct gnttab_map_grant_ref map[MANY];
static struct gnttab_unmap_grant_ref unmap[MANY];
static uint64_t first, page = PAGES;

static uint64_t instructions(uint64_t ticks) {
  return ticks * 1000 / (tsc_hz() / 1000000);
}

static void lists_fill(domid_t self, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    grant_allow(8 + i, self, page++, 0);
    map[i] = (struct gnttab_map_grant_ref){
        .host_addr = (first + i) * PAGE_SIZE, .flags = GNTMAP_host_map, .ref = 8 + i, .dom = self};
  }
}

static uint64_t map_unmap(domid_t self, unsigned count) {
  uint64_t best = ~0ul;
  for (unsigned batch = 0; batch < BATCHES; batch++) {
    lists_fill(self, count);
    uint64_t start = rdtsc();
    grant_op(GNTTABOP_map_grant_ref, map, count);
    uint64_t mapped = rdtsc() - start;
    for (unsigned i = 0; i < count; i++)
      unmap[i] =
          (struct gnttab_unmap_grant_ref){.host_addr = map[i].host_addr, .handle = map[i].handle};
    start = rdtsc();
    grant_op(GNTTABOP_unmap_grant_ref, unmap, count);
    uint64_t ticks = mapped + rdtsc() - start;
    best = ticks < best ? ticks : best;
    CHECK("bench_grant.status", !map[count - 1].status && !unmap[count - 1].status);
  }
  return instructions(best);
}

static uint64_t copy(domid_t self) {
  uint64_t best = ~0ul;
  struct gnttab_copy op = {
      .source = {.u.ref = 8, .domid = self},
      .dest = {.u.gmfn = (uintptr_t)page_alloc() / PAGE_SIZE, .domid = DOMID_SELF},
      .len = PAGE_SIZE,
      .flags = GNTCOPY_source_gref};
  grant_allow(8, self, page++, 0);
  for (unsigned batch = 0; batch < BATCHES; batch++) {
    uint64_t start = rdtsc();
    grant_op(GNTTABOP_copy, &op, 1);
    uint64_t ticks = rdtsc() - start;
    best = ticks < best ? ticks : best;
  }
  check_eq("bench_grant.copy", op.status, GNTST_okay);
  return instructions(best);
}

void test_main(void) {
  domid_t self = own_domid();
  first = 1ull << 24; // 64 GiB: nothing is there
  printf("figure: grant.map_unmap_1.instructions %lu instructions\n", map_unmap(self, 1));
  printf("figure: grant.map_unmap_16.instructions %lu instructions\n", map_unmap(self, 16));
  printf("figure: grant.map_unmap_256.instructions %lu instructions\n", map_unmap(self, MANY));
  printf("figure: grant.copy_4k.instructions %lu instructions\n", copy(self));
}
