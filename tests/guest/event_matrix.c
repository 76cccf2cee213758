// SPDX-License-Identifier: Apache-2.0
// Every operation between domains, for every ordered pair, declared or not. The channels are those
// of systems/matrix.yaml; what each cell must be stands in the two tables.
/* guest: system=matrix.yaml timeout=120 xen=no (it has one domain) */
#include "rt/rt.h"

enum { A, B, C, STORE, DOMAINS };
static const char *const names[DOMAINS] = {"a", "b", "c", "store"};
#define ID(domain) ((domid_t)((domain) + 1))

// May the row's domain and the column's have events with each other? Not only because they share
// memory (a and c), and not through a third one (c and the store).
static const int events_allowed[DOMAINS][DOMAINS] = {
    //           a  b  c  store
    [A] = {1, 1, 0, 1},
    [B] = {1, 1, 1, 1},
    [C] = {0, 1, 1, 0},
    [STORE] = {1, 1, 0, 1},
};

// The ports that are bound from the start: {in the row's domain, in the column's}.
static const unsigned fixed[DOMAINS][DOMAINS] = {
    [A] = {[STORE] = 2},
    [B] = {[C] = 2, [STORE] = 3},
    [C] = {[B] = 2},
    [STORE] = {[A] = 2, [B] = 3},
};

static int me;
static int64_t waiting[DOMAINS], bound[DOMAINS];

static void cell(const char *operation, int other, int64_t got, int64_t want) {
  char name[64];
  snprintf(name, sizeof(name), "event_matrix.%s.%s.%s", operation, names[me], names[other]);
  check_eq(name, got, want);
}

// 0 for a port, else the error.
static int64_t sign(int64_t port) {
  return port > 0 ? 0 : port;
}

// In place of what was sent before this domain was there.
static void fixed_raised(int other) {
  if (!fixed[me][other])
    return;
  cell("fixed_raised", other, evtchn_pending(fixed[me][other]), 1);
  evtchn_clear(fixed[me][other]);
}

static void open_port(int other) {
  waiting[other] = evtchn_alloc_unbound(ID(other));
  cell("alloc_unbound", other, sign(waiting[other]), events_allowed[me][other] ? 0 : -XEN_EPERM);
}

static int64_t find_port(int other) {
  int64_t port = -XEN_EINVAL;
  for (unsigned remote = 1; remote < 64 && port == -XEN_EINVAL; remote++)
    port = evtchn_bind_interdomain(ID(other), remote);
  return port;
}

static void bind(int other) {
  uint64_t end = time_ns() + 20000 * MS;
  do
    bound[other] = find_port(other);
  while (bound[other] == -XEN_EINVAL && time_ns() < end);
  cell("bind_interdomain", other, sign(bound[other]), events_allowed[me][other] ? 0 : -XEN_EPERM);
}

static void state(const char *operation, int other, unsigned port) {
  struct evtchn_status status;
  cell(operation, other, evtchn_status(port, &status), 0);
  int right = status.status == EVTCHNSTAT_interdomain && status.u.interdomain.dom == ID(other);
  cell(operation, other, right, 1);
}

static void use(int other) {
  if (bound[other] <= 0)
    return;
  state("status", other, bound[other]);
  cell("bind_vcpu", other, evtchn_bind_vcpu(bound[other], 1), -XEN_ENOENT);
  cell("send", other, evtchn_send(bound[other]), 0);
}

static void arrives(int other) {
  if (waiting[other] > 0)
    cell("arrives", other, WAIT(evtchn_pending(waiting[other]), 20000 * MS), 1);
  if (fixed[me][other])
    cell("fixed_arrives", other, WAIT(evtchn_pending(fixed[me][other]), 20000 * MS), 1);
}

static void fixed_port(int other) {
  if (!fixed[me][other])
    return;
  state("fixed_status", other, fixed[me][other]);
  cell("fixed_send", other, evtchn_send(fixed[me][other]), 0);
}

// In the other one's name nobody may do anything, channel or not.
static void in_its_name(int other) {
  int64_t refused = other == me ? 0 : -XEN_EPERM;
  struct evtchn_alloc_unbound alloc = {.dom = ID(other), .remote_dom = ID(me)};
  struct evtchn_status status = {.dom = ID(other), .port = 1};
  struct evtchn_reset reset = {.dom = ID(other)};
  cell("alloc_for", other, event_op(EVTCHNOP_alloc_unbound, &alloc), refused);
  cell("status_of", other, event_op(EVTCHNOP_status, &status), refused);
  if (other != me)
    cell("reset", other, event_op(EVTCHNOP_reset, &reset), refused);
}

// XEN_DOMCTL_get_domain_state of Xen 4.21: Debian's header does not have it yet.
static int64_t domain_state(int other) {
  struct {
    uint32_t cmd, version;
    domid_t domain;
    uint16_t pad[3];
    uint16_t state, caps;
    uint32_t pad1;
    uint64_t unique_id, pad2[6];
  } op = {.cmd = 89, .domain = ID(other)};
  int64_t error = hypercall3(__HYPERVISOR_domctl, (uintptr_t)&op, 0, 0);
  return error ? error : op.state;
}

// The store goes first: until it has waited for all to exist, b waits for it and c for b.
static void watch(int other) {
  if (me == STORE)
    WAIT(domain_state(other) != -XEN_ESRCH, 20000 * MS);
  cell("domain_state", other, domain_state(other), me == STORE ? 1 : -XEN_EPERM);
}

static void close_all(int other) {
  if (bound[other] > 0)
    cell("close", other, evtchn_close(bound[other]), 0);
}

static void each(void (*step)(int other)) {
  for (int other = 0; other < DOMAINS; other++)
    step(other);
}

void test_main(void) {
  while (me < DOMAINS - 1 && !role(names[me]))
    me++;
  each(fixed_raised);
  each(watch);
  each(open_port);
  each(bind);
  each(use);
  each(fixed_port);
  each(in_its_name);
  each(arrives);
  each(close_all);
}
