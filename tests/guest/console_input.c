// SPDX-License-Identifier: Apache-2.0
// What is typed arrives in the console ring with an event.
/* guest: xen=no (a boot domain has no ring) ready="type now" type="skerry!" */
#include "rt/rt.h"
#include <xen/io/console.h>

static int same(const char *a, const char *b, unsigned length) {
  return !memcmp(a, b, length);
}

void test_main(void) {
  uint64_t pfn = 0, port = 0;
  char text[8] = {0};
  hvm_param_get(HVM_PARAM_CONSOLE_PFN, &pfn);
  hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &port);
  volatile struct xencons_interface *ring = (void *)(pfn << 12);
  evtchn_clear(port);
  printf("type now\n");
  CHECK("console_input.event", WAIT(evtchn_pending(port), 10000 * MS));
  for (unsigned i = 0; i < 7; i++) {
    if (!WAIT(ring->in_prod != ring->in_cons, 2000 * MS))
      break;
    text[i] = ring->in[MASK_XENCONS_IDX(ring->in_cons, ring->in)];
    ring->in_cons++;
    evtchn_send(port);
  }
  CHECK("console_input.text", same(text, "skerry!", 7));
  CHECK("console_input.no_more", ring->in_prod == ring->in_cons);
}
