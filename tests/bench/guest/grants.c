// SPDX-License-Identifier: Apache-2.0
// Grants: pages mapped and unmapped, and copied, of the domain itself or of another (pair.c). Of
// itself each page is mapped once: Xen moves such a page, and unmapping then takes it away.
#include "bench.h"

#define PAGES 0x2000UL    // from this gfn on there is memory that nothing uses
#define HOLES (1UL << 24) // the gfn at 64 GiB, where nothing is

static struct gnttab_map_grant_ref map[GRANTS];
static struct gnttab_unmap_grant_ref unmap[GRANTS];
static uint64_t page = PAGES;

void grant_pages(domid_t domid, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    grant_allow(FIRST_GRANT + i, domid, page++, 0);
}

static void list_fill(domid_t granter, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    map[i] = (struct gnttab_map_grant_ref){.host_addr = (HOLES + i) * PAGE_SIZE,
                                           .flags = GNTMAP_host_map,
                                           .ref = FIRST_GRANT + i,
                                           .dom = granter};
}

static uint64_t map_all(unsigned count) {
  uint64_t start = rdtsc();
  grant_op(GNTTABOP_map_grant_ref, map, count);
  return rdtsc() - start;
}

static uint64_t unmap_all(unsigned count) {
  for (unsigned i = 0; i < count; i++)
    unmap[i] =
        (struct gnttab_unmap_grant_ref){.host_addr = map[i].host_addr, .handle = map[i].handle};
  uint64_t start = rdtsc();
  grant_op(GNTTABOP_unmap_grant_ref, unmap, count);
  return rdtsc() - start;
}

// Reading the clock may be an exit too.
static uint64_t clock_cost(void) {
  uint64_t start = rdtsc();
  return rdtsc() - start;
}

void measure_map_unmap(const char *name, domid_t granter, unsigned count) {
  uint64_t best = ~0UL, clock = ~0UL;
  unsigned batches = batches_of((count + 7) / 8); // a page of many is cheap
  int own = granter == own_domid();
  report_begin(name);
  mark_begin();
  for (unsigned i = 0; i < batches; i++) {
    if (own)
      grant_pages(granter, count);
    list_fill(granter, count);
    uint64_t mapped = map_all(count);
    best = least(best, mapped + unmap_all(count));
  }
  mark_end();
  for (unsigned i = 0; i < BATCHES; i++)
    clock = least(clock, clock_cost());
  if (map[count - 1].status || unmap[count - 1].status)
    report_none(name, "refused");
  else
    report(name, best - 2 * clock, 1);
}

static struct gnttab_copy copy_op;

static void copy(void) {
  grant_op(GNTTABOP_copy, &copy_op, 1);
}

void measure_copy(const char *name, domid_t granter) {
  copy_op = (struct gnttab_copy){
      .source = {.u.ref = FIRST_GRANT, .domid = granter},
      .dest = {.u.gmfn = (uintptr_t)page_alloc() / PAGE_SIZE, .domid = DOMID_SELF},
      .len = PAGE_SIZE,
      .flags = GNTCOPY_source_gref};
  if (granter == own_domid())
    grant_pages(granter, 1);
  measure_function(name, copy, 16);
  if (copy_op.status)
    report_none(name, "refused");
}

static void run_map_1(const char *name) {
  grant_table();
  measure_map_unmap(name, own_domid(), 1);
}

static void run_map_16(const char *name) {
  measure_map_unmap(name, own_domid(), 16);
}

static void run_map_256(const char *name) {
  measure_map_unmap(name, own_domid(), GRANTS);
}

static void run_copy(const char *name) {
  measure_copy(name, own_domid());
}

const struct measure grant_measures[] = {{"grant.map_unmap_1", CALLS, run_map_1},
                                         {"grant.map_unmap_16", CALLS, run_map_16},
                                         {"grant.map_unmap_256", CALLS, run_map_256},
                                         {"grant.copy_4k", CALLS, run_copy},
                                         {0, 0, 0}};
