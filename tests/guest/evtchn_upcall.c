// SPDX-License-Identifier: Apache-2.0
// Upcalls by each vCPU's own vector (HVMOP_set_evtchn_upcall_vector), and moving a port.
/* guest: vcpus=2 */
#include "rt/rt.h"

static volatile int stop;

static void second_vcpu(void) {
  upcall_start(1, 0x51);
  irq_enable();
  cpus[1].online = 2;
  while (!stop)
    cpu_relax();
  irq_disable();
}

static int64_t set_vector(unsigned vcpu, unsigned vector) {
  struct xen_hvm_evtchn_upcall_vector arg = {.vcpu = vcpu, .vector = vector};
  return hvm_op(HVMOP_set_evtchn_upcall_vector, &arg);
}

static void refusals(void) {
  check_eq("evtchn_upcall.vector_low", set_vector(0, 0xf), -XEN_EINVAL);
  check_eq("evtchn_upcall.no_such_vcpu", set_vector(2, 0x50), -XEN_ENOENT);
  check_eq("evtchn_upcall.wild", hvm_op(HVMOP_set_evtchn_upcall_vector, UNMAPPED), -XEN_EFAULT);
}

static void on_first(void) {
  int64_t port = evtchn_bind_ipi(0);
  evtchn_send(port);
  check_eq("evtchn_upcall.interrupts_off", upcalls[0], 0);
  irq_enable();
  CHECK("evtchn_upcall.taken", WAIT(events[port] == 1, 2000 * MS));
  evtchn_send(port);
  CHECK("evtchn_upcall.taken_again", WAIT(events[port] == 2, 2000 * MS));
  irq_disable();
}

static void on_second(void) {
  int64_t port = evtchn_bind_ipi(1);
  unsigned before = upcalls[1];
  evtchn_send(port);
  CHECK("evtchn_upcall.other_vcpu", WAIT(events[port] == 1, 2000 * MS));
  check_eq("evtchn_upcall.other_vcpu.once", upcalls[1], before + 1);
}

static void moved(void) {
  int64_t a = evtchn_alloc_unbound(DOMID_SELF), b = evtchn_bind_interdomain(DOMID_SELF, a);
  irq_enable();
  WAIT(events[b] == 1, 2000 * MS);
  unsigned before = upcalls[1];
  check_eq("evtchn_upcall.bind_vcpu", evtchn_bind_vcpu(b, 1), 0);
  evtchn_send(a);
  CHECK("evtchn_upcall.moved", WAIT(events[b] == 2, 2000 * MS) && upcalls[1] > before);
  irq_disable();
}

void test_main(void) {
  refusals();
  upcall_start(0, 0x50);
  check_eq("evtchn_upcall.start", cpu_start(1, second_vcpu), 0);
  CHECK("evtchn_upcall.second_ready", WAIT(cpus[1].online == 2, 2000 * MS));
  on_first();
  on_second();
  moved();
  stop = 1;
}
