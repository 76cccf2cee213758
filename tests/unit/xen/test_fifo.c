/* SPDX-License-Identifier: Apache-2.0 */
/* FIFO events: the three operations, and queues as a guest empties them, which may also lie. */
#include "events.h"
#include <abi/xen/hvm.h>

#define CONTROL 0x10u /* pages of the guest */
#define ARRAY   0x12u
#define PORTS   20u
#define FIRST   2u /* 1 is the console's */

static int64_t init_control(uint64_t gfn, uint32_t offset, uint32_t n) {
  struct evtchn_init_control op = {.control_gfn = gfn, .offset = offset, .vcpu = n};
  int64_t error = EVENT(init_control, op);
  if (!error)
    assert_int_equal(op.link_bits, EVTCHN_FIFO_LINK_BITS);
  return error;
}
static int64_t expand(uint64_t gfn) {
  struct evtchn_expand_array op = {.array_gfn = gfn};
  return EVENT(expand_array, op);
}
static int64_t set_priority(uint32_t port, uint32_t priority) {
  struct evtchn_set_priority op = {.port = port, .priority = priority};
  return EVENT(set_priority, op);
}

static struct evtchn_fifo_control_block *control(unsigned n) {
  return (void *)((char *)guest_page(CONTROL + n) + n * 64);
}
static uint32_t *word(uint32_t port) {
  return (uint32_t *)guest_page(ARRAY) + port;
}

/* The guest's side: what it takes from a queue of a vCPU, 0: nothing. */
static uint32_t heads[2][EVTCHN_FIFO_MAX_QUEUES];
static uint32_t take(unsigned n, unsigned queue) {
  uint32_t port = heads[n][queue] ? heads[n][queue] : control(n)->head[queue];
  if (!(control(n)->ready & 1u << queue))
    return 0;
  uint32_t old = *word(port);
  assert_true(old & EVTCHN_FIFO_LINKED);
  *word(port) = old & ~(EVTCHN_FIFO_LINKED | EVTCHN_FIFO_LINK);
  heads[n][queue] = old & EVTCHN_FIFO_LINK;
  if (!heads[n][queue])
    control(n)->ready &= ~(1u << queue);
  return port;
}

static void setup(void) {
  guest_setup(2);
  shared_map();
  memset(heads, 0, sizeof(heads));
}

static void setup_fifo(void) {
  setup();
  assert_int_equal(init_control(CONTROL, 0, 0), 0);
  assert_int_equal(init_control(CONTROL + 1, 64, 1), 0);
  assert_int_equal(expand(ARRAY), 0);
}

static void test_operations(void **unused) {
  setup();
  int64_t port = bind_ipi(0);
  assert_int_equal(expand(ARRAY), -XEN_EOPNOTSUPP);
  assert_int_equal(set_priority((uint32_t)port, 3), -XEN_ENOSYS);
  assert_int_equal(init_control(CONTROL, 0, 2), -XEN_ENOENT);
  assert_int_equal(init_control(CONTROL, 4, 0), -XEN_EINVAL);
  assert_int_equal(init_control(CONTROL, PAGE_SIZE - 64, 0), -XEN_EINVAL);
  assert_int_equal(init_control(CONTROL, ~7u, 0), -XEN_EINVAL);
  assert_int_equal(init_control(0x7000, 0, 0), -XEN_EINVAL);
  assert_int_equal(init_control(CONTROL, PAGE_SIZE - 72, 0), 0);
  assert_int_equal(init_control(CONTROL, 0, 0), -XEN_EINVAL);
  assert_int_equal(expand(0x7000), -XEN_EINVAL);
  assert_int_equal(expand(ARRAY), 0);
  assert_int_equal(expand(ARRAY + 1), -XEN_ENOSPC); /* there are 1024 ports */
  assert_int_equal(set_priority((uint32_t)port, 15), 0);
  assert_int_equal(set_priority((uint32_t)port, 16), -XEN_EINVAL);
  assert_int_equal(set_priority(700, 3), -XEN_EINVAL);
  assert_int_equal(set_priority(~0u, 3), -XEN_EINVAL);
}

static void test_order(void **unused) {
  setup_fifo();
  for (uint32_t i = 0; i < 4; i++)
    assert_int_equal(bind_ipi(0), FIRST + i);
  assert_int_equal(set_priority(5, 1), 0);
  for (uint32_t port = 5; port >= FIRST; port--)
    assert_int_equal(send(port), 0);
  assert_int_equal(send(3), 0); /* is in its queue already */
  assert_int_equal(info(0)->evtchn_upcall_pending, 1);
  assert_int_equal(control(0)->ready, 1u << 7 | 1u << 1);
  assert_int_equal(take(0, 1), 5);
  assert_int_equal(take(0, 1), 0);
  assert_int_equal(take(0, 7), 4);
  assert_int_equal(send(4), 0); /* goes to the end, from the front */
  assert_int_equal(take(0, 7), 3);
  assert_int_equal(take(0, 7), 2);
  assert_int_equal(take(0, 7), 4);
  assert_int_equal(take(0, 7), 0);
  assert_int_equal(close(5), 0);
  assert_int_equal(bind_ipi(1), 5); /* with the usual priority, for the other vCPU */
  assert_int_equal(send(5), 0);
  assert_int_equal(take(1, 7), 5);
}

static void test_masked(void **unused) {
  setup_fifo();
  bind_ipi(0);
  *word(2) = EVTCHN_FIFO_MASKED;
  assert_int_equal(send(2), 0);
  assert_int_equal(*word(2), EVTCHN_FIFO_MASKED | EVTCHN_FIFO_PENDING);
  assert_int_equal(control(0)->ready, 0);
  assert_int_equal(on_port(EVTCHNOP_unmask, 2), 0);
  assert_int_equal(take(0, 7), 2);
  assert_int_equal(close(2), 0);
  assert_int_equal(*word(2), 0);
}

/* What was pending when the guest came over, or before there was a word for it. */
static void test_come_over(void **unused) {
  setup();
  bind_ipi(0);
  bind_ipi(1);
  assert_int_equal(send(2), 0);
  assert_int_equal(init_control(CONTROL, 0, 0), 0);
  assert_int_equal(send(3), 0);
  assert_int_equal(expand(ARRAY), 0);
  assert_int_equal(take(0, 7), 2);
  assert_int_equal(*word(3), EVTCHN_FIFO_PENDING); /* its vCPU has no queue yet */
  assert_int_equal(init_control(CONTROL + 1, 64, 1), 0);
  assert_int_equal(take(1, 7), 3);
  struct {
    uint16_t dom;
  } reset = {DOMID_SELF};
  assert_int_equal(EVENT(reset, reset), 0); /* and back */
  assert_int_equal(bind_ipi(0), 1);
  assert_int_equal(send(1), 0);
  assert_true(pending(1));
  assert_int_equal(init_control(CONTROL, 0, 0), 0);
}

static void test_poll(void **unused) {
  setup_fifo();
  bind_ipi(0);
  *word(2) = EVTCHN_FIFO_MASKED;
  uint32_t port = 2;
  guest_put(0x9000, &port, sizeof(port));
  struct {
    uint64_t ports;
    uint32_t count;
    uint64_t timeout;
  } op = {.ports = 0x9000, .count = 1};
  assert_int_equal(send(2), 0);
  assert_int_equal(CALL(__HYPERVISOR_sched_op, 3, op), 0);
  assert_int_equal(blocks, 0);
}

static void test_from_another_domain(void **unused) {
  static const struct manifest_channel events[] = {
      {.kind = MANIFEST_CHANNEL_EVENTS, .front = 0, .back = 1, .front_port = 9, .back_port = 7}};
  guests_setup(2, events, 1);
  memset(heads, 0, sizeof(heads));
  guest_in(0, 0);
  assert_int_equal(init_control(CONTROL, 0, 0), 0); /* the port's first event has come before */
  assert_int_equal(expand(ARRAY), 0);
  assert_int_equal(take(0, 7), 9);
  guest_in(1, 0);
  assert_int_equal(send(7), 0);
  guest_in(0, 0);
  assert_int_equal(take(0, 7), 0);
  guest_enter();
  assert_int_equal(take(0, 7), 9);
  assert_int_equal(close(9), 0);
  guest_end(); /* and nothing stays pinned */
  guest_start();
}

/* A new layout of the shared info is none of theirs. */
static void test_layout(void **unused) {
  setup_fifo();
  bind_ipi(0);
  struct xen_hvm_param op = {.domid = DOMID_SELF, .value = 2ull << 56 | 0xf3};
  assert_int_equal(compat_call_with(__HYPERVISOR_hvm_op, HVMOP_set_param, &op, sizeof(op)), 0);
  assert_int_equal(send(2), 0);
  assert_int_equal(take(0, 7), 2);
}

/* Every event comes exactly once, in order, whatever the guest does in between. */
static void test_model(void **unused) {
  static uint32_t queue[2][16][PORTS]; /* ports in the order of their events */
  static unsigned used[2][16];
  unsigned vcpu_of[PORTS], priority[PORTS];
  bool queued[PORTS] = {false};
  setup_fifo();
  memset(used, 0, sizeof(used));
  for (uint32_t port = FIRST; port < PORTS; port++) {
    vcpu_of[port] = port % 2;
    priority[port] = 7;
    assert_int_equal(bind_ipi(port % 2), port);
  }
  for (unsigned step = 0; step < 20000; step++) {
    uint32_t port = FIRST + rnd(PORTS - FIRST);
    unsigned n = rnd(2), q = 6 + rnd(3), v = vcpu_of[port];
    if (rnd(3) == 0) {
      uint32_t want = used[n][q] ? queue[n][q][0] : 0;
      assert_int_equal(take(n, q), want);
      if (!want)
        continue;
      used[n][q]--;
      for (unsigned i = 0; i < used[n][q]; i++)
        queue[n][q][i] = queue[n][q][i + 1];
      *word(want) &= ~EVTCHN_FIFO_PENDING;
      queued[want] = false;
    } else if (rnd(8) == 0) {
      priority[port] = q;
      assert_int_equal(set_priority(port, q), 0);
    } else {
      assert_int_equal(send(port), 0);
      if (!queued[port])
        queue[v][priority[port]][used[v][priority[port]]++] = port;
      queued[port] = true;
    }
  }
}

/* Whatever the guest writes costs nobody but itself. */
static void test_lies(void **unused) {
  setup_fifo();
  for (uint32_t port = FIRST; port < PORTS; port++)
    bind_ipi(port % 2);
  for (unsigned step = 0; step < 20000; step++) {
    uint32_t port = FIRST + rnd(PORTS - FIRST);
    *word(rnd(1024)) = rnd(~0u) ^ rnd(2) << 31;
    control(rnd(2))->head[rnd(16)] = rnd(~0u);
    control(rnd(2))->ready = rnd(~0u);
    assert_int_equal(set_priority(port, rnd(16)), 0);
    assert_int_equal(send(port), 0);
    assert_int_equal(on_port(EVTCHNOP_unmask, port), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_operations), cmocka_unit_test(test_order),
      cmocka_unit_test(test_masked),     cmocka_unit_test(test_come_over),
      cmocka_unit_test(test_poll),       cmocka_unit_test(test_model),
      cmocka_unit_test(test_lies),       cmocka_unit_test(test_from_another_domain),
      cmocka_unit_test(test_layout),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
