// SPDX-License-Identifier: Apache-2.0
// Memory: whether touching a page for the first time leaves the guest, and reading where there is
// none. With grants of a domain to itself, each page once: Xen moves such a page, and unmapping
// then takes it away.
#define __XEN_TOOLS__ // for sysctl
#include "bench.h"
#include <xen/sysctl.h>

#define UNTOUCHED 0x3000000UL // from here on there is memory that nothing uses
#define PAGES     0x2000UL    // from this gfn on too
#define HOLE      "mov $0xfd800000, %%ebx"
#define MANY      256
#define FIRST     (1UL << 24) // the gfn at 64 GiB, where nothing is

static uint8_t *next_touch = (uint8_t *)UNTOUCHED;

static void touch(void) {
  *(volatile uint8_t *)next_touch = 1;
  next_touch += PAGE_SIZE;
}

static void run_first_touch(const char *name) {
  measure_function(name, touch, 256);
}

static void run_unbacked(const char *name) {
  MEASURE(name, HOLE, "mov (%%rbx), %%eax");
}

// What belongs neither to this domain, the only one, nor to nobody. A privileged domain may ask.
static void run_hypervisor(const char *name) {
  domid_t self = DOMID_SELF;
  struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo,
                          .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
  mark_begin();
  int64_t error = hypercall3(__HYPERVISOR_sysctl, (uintptr_t)&op, 0, 0);
  mark_end();
  if (error) {
    report_none(name, "not-privileged");
    return;
  }
  uint64_t own = memory_op(XENMEM_current_reservation, &self);
  uint64_t kept = op.u.physinfo.total_pages - op.u.physinfo.free_pages - own;
  report_value(name, kept * (PAGE_SIZE / 1024), "KiB");
}

const struct measure memory_measures[] = {{"memory.first_touch", ANYWHERE, run_first_touch},
                                          {"exit.unbacked_read", ANYWHERE, run_unbacked},
                                          {"memory.hypervisor", CALLS, run_hypervisor},
                                          {0, 0, 0}};

static struct gnttab_map_grant_ref map[MANY];
static struct gnttab_unmap_grant_ref unmap[MANY];
static uint64_t page = PAGES;

static void lists_fill(domid_t self, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    grant_allow(8 + i, self, page++, 0);
    map[i] = (struct gnttab_map_grant_ref){
        .host_addr = (FIRST + i) * PAGE_SIZE, .flags = GNTMAP_host_map, .ref = 8 + i, .dom = self};
  }
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

static void map_unmap(const char *name, unsigned count) {
  uint64_t best = ~0UL, clock = ~0UL;
  domid_t self = own_domid();
  grant_table();
  mark_begin();
  for (unsigned i = 0; i < BATCHES; i++) {
    lists_fill(self, count);
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

static void run_map_1(const char *name) {
  map_unmap(name, 1);
}

static void run_map_16(const char *name) {
  map_unmap(name, 16);
}

static void run_map_256(const char *name) {
  map_unmap(name, MANY);
}

static struct gnttab_copy copy_op;

static void copy(void) {
  grant_op(GNTTABOP_copy, &copy_op, 1);
}

static void run_copy(const char *name) {
  copy_op = (struct gnttab_copy){
      .source = {.u.ref = 8, .domid = own_domid()},
      .dest = {.u.gmfn = (uintptr_t)page_alloc() / PAGE_SIZE, .domid = DOMID_SELF},
      .len = PAGE_SIZE,
      .flags = GNTCOPY_source_gref};
  grant_allow(8, own_domid(), page++, 0);
  measure_function(name, copy, 16);
  if (copy_op.status)
    report_none(name, "refused");
}

const struct measure grant_measures[] = {{"grant.map_unmap_1", CALLS, run_map_1},
                                         {"grant.map_unmap_16", CALLS, run_map_16},
                                         {"grant.map_unmap_256", CALLS, run_map_256},
                                         {"grant.copy_4k", CALLS, run_copy},
                                         {0, 0, 0}};
