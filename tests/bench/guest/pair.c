// SPDX-License-Identifier: Apache-2.0
// What two domains do to each other, on one CPU: an event there and back with both asleep in
// between, and grants of the other's pages. They are the first two domains after the boot domain's
// number and find each other by a page that the second grants at a known reference.
#include "bench.h"

#define MEASURER 1
#define GRANTER  2
#define INVITES  7 // the reference; below the pages that are measured
#define TRIPS    128UL
#define PATIENCE (60000 * MS) // the other may start later
#define NAP      (5 * MS)
#define INVITED  0x1d1e5UL

struct invitation {
  volatile uint64_t word; // INVITED when the rest is there
  volatile uint64_t port;
};

static evtchn_port_t port;

static void nap(void) {
  struct sched_poll poll = {.timeout = time_ns() + NAP};
  sched_op(SCHEDOP_poll, &poll);
}

void pair_granter(void) {
  struct invitation *invitation = page_alloc();
  int64_t own = evtchn_alloc_unbound(MEASURER);
  if (own < 0)
    printf("FAIL pair: no port: %ld\n", own);
  evtchn_set_mask(own, 1); // it is polled for
  *invitation = (struct invitation){.word = INVITED, .port = own};
  grant_pages(MEASURER, GRANTS);
  grant_allow(INVITES, MEASURER, (uintptr_t)invitation / PAGE_SIZE, 0);
  for (;;) {
    wait_for(own);
    evtchn_send(own);
  }
}

static int find_granter(void) {
  uint64_t gfn = hole_alloc(), end = time_ns() + PATIENCE;
  grant_handle_t handle;
  while (grant_map(GRANTER, INVITES, gfn, 0, &handle) && time_ns() < end)
    nap();
  const struct invitation *invitation = (const void *)(gfn * PAGE_SIZE);
  if (time_ns() >= end || invitation->word != INVITED)
    return 0;
  int64_t bound = evtchn_bind_interdomain(GRANTER, invitation->port);
  port = bound < 0 ? 0 : bound;
  return !grant_unmap(handle, gfn) && port;
}

static void trip(void) {
  evtchn_send(port);
  wait_for(port);
}

static void run_trip(const char *name) {
  if (!find_granter()) {
    report_none(name, "no-other-domain");
    return;
  }
  evtchn_set_mask(port, 1);
  evtchn_clear(port); // raised when it was bound
  trip();             // and so was the other's, perhaps
  nap();
  evtchn_clear(port);
  measure_function(name, trip, TRIPS);
}

static void run_map_1(const char *name) {
  measure_map_unmap(name, GRANTER, 1);
}

static void run_map_16(const char *name) {
  measure_map_unmap(name, GRANTER, 16);
}

static void run_map_256(const char *name) {
  measure_map_unmap(name, GRANTER, GRANTS);
}

static void run_copy(const char *name) {
  measure_copy(name, GRANTER);
}

const struct measure domain_measures[] = {
    {"pair.event_roundtrip", CALLS, run_trip}, {"pair.map_unmap_1", CALLS, run_map_1},
    {"pair.map_unmap_16", CALLS, run_map_16},  {"pair.map_unmap_256", CALLS, run_map_256},
    {"pair.copy_4k", CALLS, run_copy},         {0, 0, 0}};
