/* SPDX-License-Identifier: Apache-2.0 */
/* Events between domains: who may bind what, what arrives when, and what is left when an end is
 * closed, moved, or starts anew. */
#include "events.h"
#include <abi/xen/domctl.h>
#include <abi/xen/hvm.h>
#include <channel.h>
#include <personality.h>

enum { A, B, C };
#define ID(domain) ((uint16_t)((domain) + 1))

/* A is B's client for a disk, and C's for events. B and C have nothing in common. */
static const struct manifest_channel disk_and_events[] = {
    {.kind = MANIFEST_CHANNEL_DISK, .front = A, .back = B},
    {.kind = MANIFEST_CHANNEL_EVENTS, .front = A, .back = C, .front_port = 9, .back_port = 7},
    {.kind = MANIFEST_CHANNEL_EVENTS, .front = C, .back = A, .front_port = 8, .back_port = 1000},
};

static void setup(void) {
  guests_setup(3, disk_and_events, ARRAY_SIZE(disk_and_events));
  for (unsigned i = 0; i < 3; i++) {
    guest_in(i, 0);
    guest_enter();
  }
  guest_in(A, 0);
}

static void is_unbound(uint32_t port, uint16_t domid) {
  struct evtchn_status s = status(port);
  assert_int_equal(s.status, EVTCHNSTAT_unbound);
  assert_int_equal(s.u.unbound.dom, domid);
}

static void is_bound(uint32_t port, uint16_t domid, uint32_t remote) {
  struct evtchn_status s = status(port);
  assert_int_equal(s.status, EVTCHNSTAT_interdomain);
  assert_int_equal(s.u.interdomain.dom, domid);
  assert_int_equal(s.u.interdomain.port, remote);
}

static void forget(uint32_t port) {
  shared()->evtchn_pending[port / 64] &= ~BIT(port % 64);
}

/* A waits at a port, B binds to it; the test ends up in A. */
static uint32_t a_port, b_port;
static void bind_a_b(void) {
  guest_in(A, 0);
  a_port = (uint32_t)alloc(DOMID_SELF, ID(B));
  guest_in(B, 0);
  b_port = (uint32_t)join(ID(A), a_port);
  assert_true(pending(b_port)); /* as any port that has just been bound */
  forget(b_port);
  guest_in(A, 0);
}

static void test_bind(void **unused) {
  setup();
  assert_int_equal(alloc(DOMID_SELF, ID(B)), 2); /* 1 is the console's */
  is_unbound(2, ID(B));
  assert_int_equal(send(2), 0); /* nobody listens */
  guest_in(B, 0);
  assert_int_equal(join(ID(A), 2), 2);
  is_bound(2, ID(A), 2);
  guest_in(A, 0);
  is_bound(2, ID(B), 2);
  assert_int_equal(close(2), 0);
  guest_in(B, 0);
  is_unbound(2, ID(A));
  guest_in(A, 0);
  assert_int_equal(join(ID(B), 2), 2); /* the other way round */
  is_bound(2, ID(B), 2);
}

static void test_refusals(void **unused) {
  setup();
  int64_t for_b = alloc(DOMID_SELF, ID(B)), own = alloc(DOMID_SELF, DOMID_SELF);
  assert_int_equal(alloc(ID(B), DOMID_SELF), -XEN_EPERM); /* in B's name */
  assert_int_equal(alloc(DOMID_SELF, 77), -XEN_ESRCH);
  guest_in(C, 0);
  assert_int_equal(alloc(DOMID_SELF, ID(B)), -XEN_EPERM);
  assert_int_equal(join(ID(B), 1), -XEN_EPERM);
  assert_int_equal(join(ID(A), (uint32_t)for_b), -XEN_EINVAL); /* waits for somebody else */
  assert_int_equal(join(ID(A), (uint32_t)own), -XEN_EINVAL);   /* waits for its own domain */
  static const uint32_t bad[] = {0, 1, 500, 1000, 1023, 1024, 4096, 0x80000000, 0xffffffff};
  for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
    assert_int_equal(join(ID(A), bad[i]), -XEN_EINVAL);
  assert_int_equal(bind_ipi(0), 2); /* what failed has left no port behind */
  guest_in(B, 0);
  assert_int_equal(join(ID(A), (uint32_t)for_b), 2);
  assert_int_equal(join(ID(A), (uint32_t)for_b), -XEN_EINVAL); /* bound */
}

static void test_send(void **unused) {
  setup();
  bind_a_b();
  mails = 0;
  assert_int_equal(send(a_port), 0);
  assert_int_equal(mails, 1);
  assert_int_equal(send(a_port), 0); /* one is on its way already */
  assert_int_equal(mails, 1);
  guest_in(B, 0);
  assert_false(pending(b_port));
  guest_enter();
  assert_true(pending(b_port));
  assert_int_equal(info(0)->evtchn_upcall_pending, 1);
  assert_false(personality_has_event(vcpu[1]));
  assert_int_equal(send(b_port), 0);
  guest_in(A, 0);
  assert_int_equal(status(a_port).vcpu, 0); /* any call but send looks for what has come */
  assert_true(pending(a_port));
}

static void test_moved(void **unused) {
  setup();
  bind_a_b();
  assert_int_equal(move(a_port, 1), 0);
  guest_in(B, 0);
  assert_int_equal(send(b_port), 0);
  assert_true(domains[A].vcpus[1].mail & BIT(MAIL_FAR));
  assert_false(domains[A].vcpus[0].mail & BIT(MAIL_FAR));
  guest_in(A, 0);
  assert_int_equal(move(a_port, 0), 0); /* vCPU 1 may never run: nothing is lost */
  assert_true(pending(a_port));
  assert_int_equal(info(1)->evtchn_upcall_pending, 1);
  assert_int_equal(move(a_port, 2), -XEN_ENOENT);
}

static void test_closed_with_an_event_on_its_way(void **unused) {
  setup();
  bind_a_b();
  guest_in(B, 0);
  assert_int_equal(send(b_port), 0);
  guest_in(A, 0);
  guest_in(A, 1); /* its own entry has not looked yet */
  assert_int_equal(close(a_port), 0);
  assert_false(pending(a_port));
  assert_int_equal(bind_ipi(0), a_port);
  guest_in(A, 0);
  guest_enter();
  assert_false(pending(a_port));
  guest_in(B, 0);
  is_unbound(b_port, ID(A));
  assert_int_equal(send(b_port), 0);
  guest_in(A, 0);
  guest_enter();
  assert_false(pending(a_port));
}

static void test_reset_and_layout(void **unused) {
  setup();
  bind_a_b();
  struct {
    uint16_t dom;
  } reset = {DOMID_SELF};
  assert_int_equal(EVENT(reset, reset), 0);
  assert_int_equal(status(a_port).status, EVTCHNSTAT_closed);
  assert_int_equal(status(9).status, EVTCHNSTAT_closed);
  guest_in(B, 0);
  is_unbound(b_port, ID(A));
  guest_in(A, 0);
  struct xen_hvm_param op = {.domid = DOMID_SELF, .value = 2ull << 56 | 0xf3};
  assert_int_equal(compat_call_with(__HYPERVISOR_hvm_op, HVMOP_set_param, &op, sizeof(op)), 0);
  is_bound(9, ID(C), 7); /* a new layout is like a new start */
  guest_in(C, 0);
  is_bound(7, ID(A), 9);
}

/* --- bound from the start ------------------------------------------------------------- */

static void test_static(void **unused) {
  setup();
  is_bound(9, ID(C), 7);
  is_bound(1000, ID(C), 8);
  assert_true(pending(9)); /* whoever sent before we were there */
  forget(9);
  guest_in(C, 0);
  is_bound(7, ID(A), 9);
  forget(8);
  guest_in(A, 0);
  assert_int_equal(send(1000), 0);
  guest_in(C, 0);
  guest_enter();
  assert_true(pending(8));
  assert_int_equal(send(7), 0);
  guest_in(A, 0);
  guest_enter();
  assert_true(pending(9));
  assert_int_equal(bind_ipi(0), 2); /* no port twice */
  for (unsigned want = 3; want < 9; want++)
    assert_int_equal(bind_ipi(0), want);
  assert_int_equal(bind_ipi(0), 10);
}

static void test_restart(void **unused) {
  setup();
  bind_a_b();
  guest_in(B, 0);
  assert_int_equal(send(b_port), 0);
  guest_in(C, 0);
  assert_int_equal(send(7), 0);
  guest_in(A, 0);
  guest_end();
  guest_in(B, 0);
  is_unbound(b_port, ID(A));
  assert_int_equal(send(b_port), 0);
  guest_in(C, 0);
  is_unbound(7, ID(A));
  assert_int_equal(send(7), 0);
  assert_int_equal(close(8), 0);
  guest_in(A, 0);
  guest_start();
  shared_map();
  guest_enter();
  assert_int_equal(status(a_port).status, EVTCHNSTAT_closed);
  assert_false(pending(a_port));
  is_bound(9, ID(C), 7);
  assert_true(pending(9));
  is_unbound(1000, ID(C)); /* C does not want it any more */
  guest_in(C, 0);
  is_bound(7, ID(A), 9);
  assert_int_equal(join(ID(A), 1000), 2);
}

static void test_joined_while_the_other_is_gone(void **unused) {
  setup();
  guest_in(A, 0);
  guest_end();
  guest_in(C, 0);
  guest_end();
  guest_start();
  shared_map();
  is_bound(7, ID(A), 9); /* as before A's first start */
  assert_int_equal(send(7), 0);
  guest_in(A, 0);
  guest_start();
  shared_map();
  guest_enter();
  is_bound(9, ID(C), 7);
  assert_true(pending(9));
}

/* --- polling ----------------------------------------------------------------------------- */

static void send_to_a(void) {
  unsigned home = arch_this_cpu()->id;
  guest_in(B, 0);
  assert_int_equal(send(b_port), 0);
  guest_in(home / 2, home % 2);
}

static void test_poll(void **unused) {
  setup();
  bind_a_b();
  guest_put(0x9000, &a_port, sizeof(a_port));
  struct {
    uint64_t ports;
    uint32_t count;
    uint64_t timeout;
  } op = {.ports = 0x9000, .count = 1};
  for (unsigned n = 0; n < 2; n++) { /* vCPU 1 polls for what tells vCPU 0 */
    guest_in(A, n);
    while_blocked = send_to_a;
    assert_int_equal(CALL(__HYPERVISOR_sched_op, 3, op), 0);
    assert_true(pending(a_port));
    forget(a_port);
    send_to_a(); /* it has come before */
    while_blocked = NULL;
    assert_int_equal(CALL(__HYPERVISOR_sched_op, 3, op), 0);
    forget(a_port);
  }
  assert_int_equal(domains[A].polling[0], 0);
}

/* --- against a model ------------------------------------------------------------------------ */

#define PORTS 24u /* that the model looks at */
static struct model {
  bool open, sent; /* sent: must be pending after the next entry */
  uint8_t to, far; /* domain; its port, 0: waits */
} model[2][PORTS];

static void model_close(unsigned self, uint32_t port) {
  struct model *m = &model[self][port];
  if (m->far)
    model[m->to][m->far].far = 0;
  *m = (struct model){0};
}

static void model_random_call(unsigned self) {
  unsigned other = !self;
  uint32_t port = 2 + rnd(PORTS - 2), far = 2 + rnd(PORTS - 2);
  struct model *m = &model[self][port], *f = &model[other][far];
  int64_t got;
  switch (rnd(5)) {
  case 0:
    got = alloc(DOMID_SELF, ID(other));
    if (got < PORTS)
      model[self][got] = (struct model){.open = true, .to = (uint8_t)other};
    else
      assert_int_equal(close((uint32_t)got), 0);
    break;
  case 1:
    got = join(ID(other), far);
    assert_true((got > 0) == (f->open && !f->far));
    if (got >= PORTS) {
      assert_int_equal(close((uint32_t)got), 0);
    } else if (got > 0) {
      model[self][got] = (struct model){true, true, (uint8_t)other, (uint8_t)far};
      f->far = (uint8_t)got;
    }
    break;
  case 2:
    assert_int_equal(close(port), m->open ? 0 : -XEN_EINVAL);
    model_close(self, port);
    break;
  case 3:
    assert_int_equal(move(port, rnd(2)), m->open ? 0 : -XEN_EINVAL);
    break;
  default:
    assert_int_equal(send(port), m->open ? 0 : -XEN_EINVAL);
    if (m->far)
      model[other][m->far].sent = true;
  }
}

static void model_restart(unsigned self) {
  for (uint32_t port = 2; port < PORTS; port++)
    model_close(self, port);
  guest_end();
  guest_start();
  shared_map();
}

static void model_compare(unsigned self) {
  guest_enter();
  for (uint32_t port = 2; port < PORTS; port++) {
    struct model *m = &model[self][port];
    struct evtchn_status s = status(port);
    assert_int_equal(pending(port), m->sent);
    assert_int_equal(s.status, !m->open ? EVTCHNSTAT_closed
                               : m->far ? EVTCHNSTAT_interdomain
                                        : EVTCHNSTAT_unbound);
    if (m->far)
      assert_int_equal(s.u.interdomain.port, m->far);
    m->sent = false;
    forget(port);
  }
}

static void test_model(void **unused) {
  static const struct manifest_channel net[] = {
      {.kind = MANIFEST_CHANNEL_NETWORK, .front = A, .back = B}};
  guests_setup(2, net, 1);
  memset(model, 0, sizeof(model));
  for (unsigned step = 0; step < 20000; step++) {
    unsigned self = rnd(2);
    guest_in(self, 0);
    if (rnd(500) == 0)
      model_restart(self);
    else if (rnd(4) == 0)
      model_compare(self);
    else
      model_random_call(self);
  }
}

/* --- what else the start of a domain brings -------------------------------------------------- */

static uint64_t param(uint32_t index) {
  struct xen_hvm_param op = {.domid = DOMID_SELF, .index = index};
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_get_param, op), 0);
  return op.value;
}

static void test_rings(void **unused) {
  static const struct manifest_channel rings[] = {
      {.kind = MANIFEST_CHANNEL_STORE, .front = A, .back = B, .front_port = 3, .back_port = 5},
      {.kind = MANIFEST_CHANNEL_CONSOLE, .front = A, .back = B, .front_port = 4, .back_port = 6}};
  guests_setup(2, rings, 2);
  guest_in(A, 0);
  assert_int_equal(param(HVM_PARAM_STORE_PFN), RING_GFN + 1);
  assert_int_equal(param(HVM_PARAM_STORE_EVTCHN), 3);
  assert_int_equal(param(HVM_PARAM_CONSOLE_PFN), RING_GFN);
  assert_int_equal(param(HVM_PARAM_CONSOLE_EVTCHN), 4);
  is_bound(3, ID(B), 5);
  is_bound(4, ID(B), 6);
  assert_int_equal(status(1).status, EVTCHNSTAT_closed); /* the hypervisor serves no console */
  guest_in(B, 0);
  assert_int_equal(param(HVM_PARAM_STORE_PFN), 0);
  assert_int_equal(param(HVM_PARAM_STORE_EVTCHN), 0);
  assert_int_equal(param(HVM_PARAM_CONSOLE_EVTCHN), 1);
}

/* --- watching lives -------------------------------------------------------------------------- */

static struct xen_domctl op;
static int64_t state_of(uint16_t domid) {
  op = (struct xen_domctl){.cmd = XEN_DOMCTL_get_domain_state, .domain = domid};
  guest_put(ARGUMENT, &op, sizeof(op));
  int64_t error = call(__HYPERVISOR_domctl, ARGUMENT, 0, 0);
  guest_get(&op, ARGUMENT, sizeof(op));
  return error;
}

static void test_watcher(void **unused) {
  setup();
  world_config[B].flags |= MANIFEST_DOMAIN_WATCHES;
  guest_in(A, 0);
  assert_int_equal(state_of(ID(C)), -XEN_EPERM);
  assert_int_equal(call(__HYPERVISOR_domctl, UNMAPPED, 0, 0), -XEN_EPERM);
  guest_in(B, 0);
  int64_t port = bind_virq(VIRQ_DOM_EXC, 0);
  assert_int_equal(state_of(DOMID_INVALID), -XEN_ENOENT);
  assert_int_equal(state_of(ID(C)), -XEN_ESRCH); /* not yet */
  assert_int_equal(state_of(77), -XEN_ESRCH);
  assert_int_equal(call(__HYPERVISOR_domctl, UNMAPPED, 0, 0), -XEN_EFAULT);
  domains[C].state = DOMAIN_RUNNING;
  domains[C].lives = 1;
  channel_tell_watchers(&domains[C]);
  assert_int_equal(domains[A].changed[0], 0);
  guest_enter();
  assert_true(pending((uint32_t)port));
  assert_int_equal(state_of(DOMID_INVALID), 0);
  assert_int_equal(op.domain, ID(C));
  assert_int_equal(op.state.state, XEN_DOMCTL_GETDOMSTATE_STATE_EXIST);
  uint64_t first = op.state.unique_id;
  assert_int_equal(state_of(DOMID_INVALID), -XEN_ENOENT);
  domains[C].state = DOMAIN_ENDING;
  assert_int_equal(state_of(ID(C)), 0);
  assert_int_equal(op.state.state, 7);
  assert_int_equal(op.state.unique_id, first);
  domains[C].state = DOMAIN_STOPPED;
  channel_tell_watchers(&domains[C]);
  assert_int_equal(state_of(DOMID_INVALID), 0);
  assert_int_equal(op.state.state, 0);
  domains[C].state = DOMAIN_RUNNING;
  domains[C].lives = 2;
  assert_int_equal(state_of(ID(C)), 0);
  assert_true(op.state.unique_id != first);
  channel_tell_watchers(&domains[B]); /* it has started anew, and learns of all */
  for (unsigned i = 0; i < 3; i++) {
    assert_int_equal(state_of(DOMID_INVALID), 0);
    assert_int_equal(op.domain, ID(i));
  }
  assert_int_equal(state_of(DOMID_INVALID), -XEN_ENOENT);
  op.cmd = 1;
  guest_put(ARGUMENT, &op, sizeof(op));
  assert_int_equal(call(__HYPERVISOR_domctl, ARGUMENT, 0, 0), -XEN_EPERM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bind),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_send),
      cmocka_unit_test(test_moved),
      cmocka_unit_test(test_closed_with_an_event_on_its_way),
      cmocka_unit_test(test_reset_and_layout),
      cmocka_unit_test(test_static),
      cmocka_unit_test(test_restart),
      cmocka_unit_test(test_joined_while_the_other_is_gone),
      cmocka_unit_test(test_poll),
      cmocka_unit_test(test_model),
      cmocka_unit_test(test_rings),
      cmocka_unit_test(test_watcher),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
