// SPDX-License-Identifier: Apache-2.0
// Event channels: to the sender itself, and there and back between two vCPUs that sleep in
// between. On one CPU a round trip of those has two context switches in it.
#include "bench.h"
#include "rt/apic.h"

#define VECTOR 0x61
#define TRIPS  128UL

static unsigned port, ports[2];
static volatile unsigned taken;

static void send(void) {
  evtchn_send(port);
}

// The event stays pending: what sending costs, without an upcall.
static void run_send(const char *name) {
  port = evtchn_bind_ipi(0);
  evtchn_set_mask(port, 1);
  measure_function(name, send, COUNT);
}

// As short as a handler can be that knows which port it was.
static void on_upcall(struct regs *regs) {
  (void)regs;
  evtchn_clear(port);
  shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
  shared_info->vcpu_info[0].evtchn_pending_sel = 0;
  taken++;
  apic_store(APIC_EOI, 0);
}

static void send_and_take(void) {
  unsigned before = taken;
  evtchn_send(port);
  while (taken == before)
    cpu_relax();
}

static void run_upcall(const char *name) {
  port = evtchn_bind_ipi(0);
  upcall_start(0, VECTOR);
  trap_set(VECTOR, on_upcall);
  irq_enable();
  measure_function(name, send_and_take, COUNT);
  irq_disable();
}

void wait_for(evtchn_port_t own) {
  struct sched_poll poll = {.nr_ports = 1};
  set_xen_guest_handle(poll.ports, &own);
  while (!evtchn_pending(own))
    sched_op(SCHEDOP_poll, &poll);
  evtchn_clear(own);
}

static void answer(void) {
  for (;;) {
    wait_for(ports[1]);
    evtchn_send(ports[0]);
  }
}

static void trip(void) {
  evtchn_send(ports[1]);
  wait_for(ports[0]);
}

static void run_pair(const char *name) {
  for (unsigned i = 0; i < 2; i++) {
    ports[i] = evtchn_bind_ipi(i);
    evtchn_set_mask(ports[i], 1); // it is polled for
  }
  int error = cpu_start(1, answer);
  if (error) {
    report_none(name, "no-second-vcpu");
    return;
  }
  measure_function(role("switch") ? "switch.two_vcpus" : "event.sibling", trip, TRIPS);
}

const struct measure event_measures[] = {
    {"event.self_send", CALLS, run_send}, {"event.self_upcall", CALLS, run_upcall}, {0, 0, 0}};
const struct measure pair_measures[] = {{"event.sibling", CALLS, run_pair}, {0, 0, 0}};
