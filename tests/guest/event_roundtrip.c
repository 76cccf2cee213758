// SPDX-License-Identifier: Apache-2.0
// What it takes that an event goes to another domain and one comes back: both sleep until theirs
// comes, and share one CPU, so that a round trip has two switches in it. Instructions as in
// bench.c.
/* guest: system=events.yaml smp=1 icount=1 xen=no (it has one domain) */
#include "rt/rt.h"

#define TRIPS   1000UL
#define BATCHES 4

static void wait_for(unsigned port) {
  struct sched_poll poll = {.nr_ports = 1};
  set_xen_guest_handle(poll.ports, (evtchn_port_t *)&port);
  while (!evtchn_pending(port))
    sched_op(SCHEDOP_poll, &poll);
  evtchn_clear(port);
}

static void front(void) {
  uint64_t best = ~0UL;
  for (unsigned batch = 0; batch < BATCHES; batch++) {
    uint64_t start = rdtsc();
    for (unsigned i = 0; i < TRIPS; i++) {
      evtchn_send(8);
      wait_for(8);
    }
    uint64_t ticks = rdtsc() - start;
    best = ticks < best ? ticks : best;
  }
  printf("figure: event.roundtrip.instructions %lu instructions\n",
         best * 1000 / (tsc_hz() / 1000000) / TRIPS);
}

static void back(void) {
  for (unsigned i = 0; i < BATCHES * TRIPS; i++) {
    wait_for(9);
    evtchn_send(9);
  }
}

void test_main(void) {
  unsigned port = role("front") ? 8 : 9;
  evtchn_set_mask(port, 1); // it is polled for
  wait_for(port);           // raised at the start
  if (role("back")) {
    back();
  } else {
    delay_ns(100 * MS); // the back has seen its own by then, and an event counts
    front();
  }
  CHECK("event_roundtrip.done", 1);
}
