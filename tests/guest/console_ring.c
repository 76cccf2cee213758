// SPDX-License-Identifier: Apache-2.0
// The console ring: its far end drains whatever is written, however much.
/* guest: xen=no (a boot domain has no ring) expect="the ring's last line" */
#include "rt/rt.h"
#include <xen/io/console.h>

static volatile struct xencons_interface *ring;
static unsigned port;

static int drained(void) {
  return ring->out_cons == ring->out_prod;
}

static int put(const char *text) {
  for (; *text; text++) {
    if (!WAIT(ring->out_prod - ring->out_cons < sizeof(ring->out), 1000 * MS))
      return 0;
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = *text;
    __atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_SEQ_CST);
    if (*text == '\n')
      evtchn_send(port);
  }
  return 1;
}

void test_main(void) {
  uint64_t pfn = 0, event = 0;
  hvm_param_get(HVM_PARAM_CONSOLE_PFN, &pfn);
  hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &event);
  CHECK("console_ring.there", pfn && event);
  ring = (void *)(pfn << 12);
  port = event;
  check_eq("console_ring.empty", ring->in_prod | ring->in_cons | ring->out_prod | ring->out_cons,
           0);
  CHECK("console_ring.line", put("a line by the ring\n"));
  CHECK("console_ring.drained", WAIT(drained(), 1000 * MS));
  char line[64];
  int all = 1;
  for (unsigned i = 0; i < 100 && all; i++) {
    snprintf(line, sizeof(line), "ring line %u of more than the ring can hold at once\n", i);
    all = put(line);
  }
  CHECK("console_ring.more_than_it_holds", all);
  put("the ring's last line\n");
  CHECK("console_ring.drained_again", WAIT(drained(), 1000 * MS));
  // Nonsense in the indices must harm nobody but this console.
  ring->out_prod = ring->out_cons + 100000;
  check_eq("console_ring.bad_index", evtchn_send(port), 0);
}
