// SPDX-License-Identifier: Apache-2.0
// Two domains that share nothing: neither can reach the other by number.
/* guest: domains=2 xen=no (it has one domain) */
#include "rt/rt.h"

static void reach(domid_t other) {
  struct xen_hvm_param param = {.domid = other, .index = HVM_PARAM_CONSOLE_EVTCHN};
  struct xen_add_to_physmap map = {
      .domid = other, .space = XENMAPSPACE_shared_info, .gpfn = (uintptr_t)page_alloc() >> 12};
  struct evtchn_status status = {.dom = other, .port = 1};
  struct evtchn_reset reset = {.dom = other};
  struct sched_remote_shutdown end = {.domain_id = other, .reason = SHUTDOWN_crash};
  domid_t domain = other;
  int found = 0;
  for (unsigned port = 0; port < 64; port++)
    found += evtchn_bind_interdomain(other, port) > 0;
  check_eq("neighbours.bind", found, 0);
  CHECK("neighbours.param", hvm_op(HVMOP_get_param, &param) < 0);
  CHECK("neighbours.physmap", memory_op(XENMEM_add_to_physmap, &map) < 0);
  CHECK("neighbours.status", event_op(EVTCHNOP_status, &status) < 0);
  CHECK("neighbours.reset", event_op(EVTCHNOP_reset, &reset) < 0);
  CHECK("neighbours.reservation", memory_op(XENMEM_current_reservation, &domain) < 0);
  CHECK("neighbours.shutdown", sched_op(SCHEDOP_remote_shutdown, &end) < 0);
}

void test_main(void) {
  domid_t me = cpuid(0x40000004, 0).ecx;
  printf("domain %u\n", me);
  for (int other = (int)me - 1; other <= me + 1; other += 2)
    if (other >= 0)
      reach(other);
  delay_ns(50 * MS);
  CHECK("neighbours.alive", 1);
}
