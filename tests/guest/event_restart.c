// SPDX-License-Identifier: Apache-2.0
// One end of event channels restarts while the other goes on: what was bound waits again, what the
// system file binds is bound again, and nothing of the old life is left.
/* guest: system=events_restart.yaml xen=no (it has one domain) */
#include "rt/rt.h"

#define FRONT   1
#define BACK    2
#define FOREVER (20000 * MS)

// Both are opened by the back: it closes the first, the front's end closes the second.
static const unsigned closed_by_back = 2, closed_by_front = 3;

static unsigned state(unsigned port) {
  struct evtchn_status status;
  return evtchn_status(port, &status) ? ~0u : status.status;
}

static int64_t bind(unsigned remote) {
  uint64_t end = time_ns() + FOREVER;
  int64_t port;
  do
    port = evtchn_bind_interdomain(BACK, remote);
  while (port == -XEN_EINVAL && time_ns() < end);
  return port;
}

static void first_life(unsigned one, unsigned two) {
  check_eq("event_restart.first.send_one", evtchn_send(one), 0);
  check_eq("event_restart.first.send_two", evtchn_send(two), 0);
  CHECK("event_restart.first.unbound", WAIT(state(one) == EVTCHNSTAT_unbound, FOREVER));
  check_eq("event_restart.first.nobody_listens", evtchn_send(one), 0);
  shutdown(SHUTDOWN_reboot);
}

static void second_life(unsigned two) {
  struct evtchn_status status;
  check_eq("event_restart.second.status", evtchn_status(8, &status), 0);
  check_eq("event_restart.second.state", status.status, EVTCHNSTAT_interdomain);
  check_eq("event_restart.second.remote", status.u.interdomain.port, 9);
  check_eq("event_restart.second.send", evtchn_send(two), 0);
  CHECK("event_restart.second.fixed", WAIT(evtchn_pending(8), FOREVER));
}

// The back opens its ports in this order; what it has closed is not there in the second life.
static void front(void) {
  evtchn_clear(8); // raised at the start
  int64_t two = bind(closed_by_front), one = evtchn_bind_interdomain(BACK, closed_by_back);
  CHECK("event_restart.bound", two > 0);
  if (one > 0)
    first_life(one, two);
  check_eq("event_restart.second.closed", one, -XEN_EINVAL);
  second_life(two);
}

static void back(void) {
  check_eq("event_restart.open_one", evtchn_alloc_unbound(FRONT), closed_by_back);
  check_eq("event_restart.open_two", evtchn_alloc_unbound(FRONT), closed_by_front);
  CHECK("event_restart.one", WAIT(evtchn_pending(closed_by_back), FOREVER));
  CHECK("event_restart.two", WAIT(evtchn_pending(closed_by_front), FOREVER));
  evtchn_clear(closed_by_front);
  check_eq("event_restart.close", evtchn_close(closed_by_back), 0);
  // Or bound again meanwhile: this CPU may have stood still while the front began its next life.
  CHECK("event_restart.unbound",
        WAIT(state(closed_by_front) == EVTCHNSTAT_unbound || evtchn_pending(closed_by_front),
             FOREVER));
  CHECK("event_restart.again", WAIT(evtchn_pending(closed_by_front), FOREVER));
  check_eq("event_restart.fixed", state(9), EVTCHNSTAT_interdomain);
  check_eq("event_restart.fixed_send", evtchn_send(9), 0);
}

void test_main(void) {
  if (role("front"))
    front();
  else
    back();
}
