// SPDX-License-Identifier: Apache-2.0
// FIFO events along channels: to a domain with queues from one that has the 2-level bits, and back;
// then both have queues. Priorities are the receiver's, and what is masked waits until it is not.
/* guest: system=events.yaml xen=no (it has one domain) */
#include "rt/rt.h"

#define FRONT   1
#define BACK    2
#define FIXED   (role("front") ? 8 : 9)
#define FIRST   1u // the priorities of the two other ports, around that of the fixed one
#define LAST    12u
#define FOREVER (20000 * MS)

#define BIT(n)  (1u << (n))

static struct evtchn_fifo_control_block *control;
static event_word_t *words;
static uint32_t ready, heads[EVTCHN_FIFO_MAX_QUEUES];
static unsigned first, last; // own ends

static uint32_t clear(unsigned port, uint32_t bits) {
  return __atomic_fetch_and(&words[port], ~bits, __ATOMIC_SEQ_CST);
}

// The queue's first port leaves it.
static unsigned dequeue(unsigned queue) {
  unsigned port = heads[queue] ? heads[queue] : *(volatile uint32_t *)&control->head[queue];
  heads[queue] = clear(port, BIT(EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK);
  heads[queue] &= EVTCHN_FIFO_LINK_MASK;
  if (!heads[queue])
    ready &= ~BIT(queue);
  return port;
}

// The most urgent event, which is no longer pending then; 0 without one.
static unsigned take(void) {
  while (ready |= __atomic_exchange_n(&control->ready, 0, __ATOMIC_SEQ_CST), ready) {
    unsigned port = dequeue(__builtin_ctz(ready));
    if (clear(port, BIT(EVTCHN_FIFO_PENDING)) & BIT(EVTCHN_FIFO_PENDING))
      return port;
  }
  return 0;
}

static unsigned take_soon(void) {
  uint64_t end = time_ns() + FOREVER;
  unsigned port = take();
  for (; !port && time_ns() < end; port = take())
    cpu_relax();
  return port;
}

static int word_is(unsigned port, uint32_t bits) {
  return *(volatile event_word_t *)&words[port] == bits;
}

static void fifo_start(void) {
  struct evtchn_init_control init = {.control_gfn = (uintptr_t)page_alloc() / PAGE_SIZE};
  struct evtchn_expand_array expand = {.array_gfn = (uintptr_t)page_alloc() / PAGE_SIZE};
  control = (void *)(init.control_gfn * PAGE_SIZE);
  words = (void *)(expand.array_gfn * PAGE_SIZE);
  check_eq("event_fifo.init_control", event_op(EVTCHNOP_init_control, &init), 0);
  check_eq("event_fifo.expand_array", event_op(EVTCHNOP_expand_array, &expand), 0);
  shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
}

static void set_priority(unsigned port, unsigned priority) {
  struct evtchn_set_priority arg = {.port = port, .priority = priority};
  check_eq("event_fifo.set_priority", event_op(EVTCHNOP_set_priority, &arg), 0);
}

static void send(unsigned port) {
  check_eq("event_fifo.send", evtchn_send(port), 0);
}

// The sender's half: the least urgent goes first, and the fixed port says that all are sent.
static void send_all(void) {
  send(last);
  send(first);
  send(FIXED);
}

static void send_masked(void) {
  send(first);
  send(first);
  send(FIXED);
}

static void receive_all(void) {
  CHECK("event_fifo.sent", WAIT(control->ready & BIT(EVTCHN_FIFO_PRIORITY_DEFAULT), FOREVER));
  check_eq("event_fifo.upcall", shared_info->vcpu_info[0].evtchn_upcall_pending, 1);
  check_eq("event_fifo.ready", control->ready,
           BIT(FIRST) | BIT(LAST) | BIT(EVTCHN_FIFO_PRIORITY_DEFAULT));
  check_eq("event_fifo.first", take(), first);
  check_eq("event_fifo.middle", take(), FIXED);
  check_eq("event_fifo.last", take(), last);
  check_eq("event_fifo.no_more", take(), 0);
}

static void receive_masked(void) {
  words[first] = BIT(EVTCHN_FIFO_MASKED);
  send(FIXED);
  check_eq("event_fifo.masked.other", take_soon(), FIXED);
  check_eq("event_fifo.masked.no_more", take(), 0);
  CHECK("event_fifo.masked.waits",
        word_is(first, BIT(EVTCHN_FIFO_PENDING) | BIT(EVTCHN_FIFO_MASKED)));
  check_eq("event_fifo.unmask", evtchn_unmask(first), 0);
  check_eq("event_fifo.unmasked", take(), first);
  check_eq("event_fifo.unmasked.once", take(), 0);
  CHECK("event_fifo.unmasked.word", word_is(first, 0));
}

// What is raised from the start comes along. The back binds when the last port is there.
static void front(void) {
  fifo_start();
  check_eq("event_fifo.comes_along", take(), FIXED);
  first = evtchn_alloc_unbound(BACK);
  set_priority(first, FIRST);
  last = evtchn_alloc_unbound(BACK);
  set_priority(last, LAST);
  check_eq("event_fifo.open", evtchn_alloc_unbound(BACK), last + 1);
  receive_all();
  receive_masked();
  send(last);
  check_eq("event_fifo.back_has_queues", take_soon(), FIXED);
  send_all();
  check_eq("event_fifo.masked_there", take_soon(), FIXED);
  send_masked();
}

// Returns its end, which a new binding has raised.
static unsigned bind(unsigned remote) {
  uint64_t end = time_ns() + FOREVER;
  int64_t port;
  do
    port = evtchn_bind_interdomain(FRONT, remote);
  while (port == -XEN_EINVAL && time_ns() < end);
  CHECK("event_fifo.bound", port > 0);
  CHECK("event_fifo.bound.raised", evtchn_pending(port));
  evtchn_clear(port);
  return port;
}

static void bits_receive(unsigned port) {
  CHECK("event_fifo.bit", WAIT(evtchn_pending(port), FOREVER));
  evtchn_clear(port);
}

static void back(void) {
  evtchn_clear(FIXED); // raised at the start
  bind(4);
  first = bind(2);
  last = bind(3);
  send_all();
  bits_receive(FIXED);
  send_masked();
  bits_receive(last);
  check_eq("event_fifo.no_bit", evtchn_pending(first), 0);
  fifo_start();
  set_priority(first, FIRST);
  set_priority(last, LAST);
  send(FIXED);
  receive_all();
  receive_masked();
}

void test_main(void) {
  if (role("front"))
    front();
  else
    back();
}
