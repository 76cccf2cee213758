// SPDX-License-Identifier: Apache-2.0
// Ports up to the domain's limit, each its own, the last of them working, and the error after.
/* guest: */
#include "rt/rt.h"

void test_main(void) {
  struct evtchn_reset reset = {.dom = DOMID_SELF};
  int64_t port, last = 0, count = 0;
  int ascending = 1;
  while ((port = evtchn_bind_ipi(0)) > 0) {
    ascending &= port > last;
    last = port;
    count++;
  }
  printf("%ld ports\n", count);
  check_eq("evtchn_limit.error", port, -XEN_ENOSPC);
  CHECK("evtchn_limit.ascending", ascending);
  CHECK("evtchn_limit.count", count >= 127 && count <= 4095);
  check_eq("evtchn_limit.send_last", evtchn_send(last), 0);
  CHECK("evtchn_limit.last_pending", evtchn_pending(last));
  check_eq("evtchn_limit.selector", shared_info->vcpu_info[0].evtchn_pending_sel >> (last / 64) & 1,
           1);
  check_eq("evtchn_limit.reset", event_op(EVTCHNOP_reset, &reset), 0);
  check_eq("evtchn_limit.starts_over", evtchn_bind_ipi(0), 1);
}
