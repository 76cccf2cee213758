// SPDX-License-Identifier: Apache-2.0
// Every refusal of the event channel calls.
/* guest: vcpus=2 */
#include "rt/rt.h"

static void bind(void) {
  struct evtchn_alloc_unbound arg = {.dom = 1234, .remote_dom = DOMID_SELF};
  check_eq("evtchn_errors.alloc.for_nobody", event_op(EVTCHNOP_alloc_unbound, &arg), -XEN_ESRCH);
  check_eq("evtchn_errors.ipi.vcpu", evtchn_bind_ipi(2), -XEN_ENOENT);
  check_eq("evtchn_errors.virq.number", evtchn_bind_virq(NR_VIRQS, 0), -XEN_EINVAL);
  check_eq("evtchn_errors.virq.vcpu", evtchn_bind_virq(VIRQ_TIMER, 2), -XEN_ENOENT);
  check_eq("evtchn_errors.virq.global_elsewhere", evtchn_bind_virq(VIRQ_DOM_EXC, 1), -XEN_EINVAL);
  check_eq("evtchn_errors.interdomain.domain", evtchn_bind_interdomain(1234, 1), -XEN_ESRCH);
  check_eq("evtchn_errors.interdomain.port", evtchn_bind_interdomain(DOMID_SELF, 4095),
           -XEN_EINVAL);
  check_eq("evtchn_errors.interdomain.closed", evtchn_bind_interdomain(DOMID_SELF, 60),
           -XEN_EINVAL);
}

static void ports(void) {
  struct evtchn_status status;
  static const unsigned bad[] = {4095, 4096, 131072, 0x80000000, 0xffffffff};
  char name[48];
  for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
    snprintf(name, sizeof(name), "evtchn_errors.close.%u", bad[i]);
    check_eq(name, evtchn_close(bad[i]), -XEN_EINVAL);
    snprintf(name, sizeof(name), "evtchn_errors.send.%u", bad[i]);
    check_eq(name, evtchn_send(bad[i]), -XEN_EINVAL);
    snprintf(name, sizeof(name), "evtchn_errors.status.%u", bad[i]);
    check_eq(name, evtchn_status(bad[i], &status), -XEN_EINVAL);
    snprintf(name, sizeof(name), "evtchn_errors.unmask.%u", bad[i]);
    check_eq(name, evtchn_unmask(bad[i]), -XEN_EINVAL);
    snprintf(name, sizeof(name), "evtchn_errors.bind_vcpu.%u", bad[i]);
    check_eq(name, evtchn_bind_vcpu(bad[i], 0), -XEN_EINVAL);
  }
  check_eq("evtchn_errors.close.reserved", evtchn_close(0), -XEN_EINVAL);
  check_eq("evtchn_errors.close.closed", evtchn_close(60), -XEN_EINVAL);
  check_eq("evtchn_errors.send.closed", evtchn_send(60), -XEN_EINVAL);
  check_eq("evtchn_errors.status.reserved", evtchn_status(0, &status), 0);
  check_eq("evtchn_errors.status.reserved.state", status.status, EVTCHNSTAT_closed);
}

static void bind_vcpu(void) {
  int64_t timer = evtchn_bind_virq(VIRQ_TIMER, 0), ipi = evtchn_bind_ipi(0);
  int64_t open = evtchn_alloc_unbound(DOMID_SELF);
  check_eq("evtchn_errors.bind_vcpu.per_vcpu_virq", evtchn_bind_vcpu(timer, 1), -XEN_EINVAL);
  check_eq("evtchn_errors.bind_vcpu.ipi", evtchn_bind_vcpu(ipi, 1), -XEN_EINVAL);
  check_eq("evtchn_errors.bind_vcpu.vcpu", evtchn_bind_vcpu(open, 2), -XEN_ENOENT);
  check_eq("evtchn_errors.bind_vcpu.good", evtchn_bind_vcpu(open, 1), 0);
}

static void wild(void) {
  static const int commands[] = {EVTCHNOP_alloc_unbound,   EVTCHNOP_bind_ipi,  EVTCHNOP_bind_virq,
                                 EVTCHNOP_close,           EVTCHNOP_send,      EVTCHNOP_status,
                                 EVTCHNOP_unmask,          EVTCHNOP_bind_vcpu, EVTCHNOP_reset,
                                 EVTCHNOP_bind_interdomain};
  char name[48];
  for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
    snprintf(name, sizeof(name), "evtchn_errors.wild.%d", commands[i]);
    check_eq(name, event_op(commands[i], UNMAPPED), -XEN_EFAULT);
  }
}

void test_main(void) {
  struct evtchn_set_priority priority = {.port = 1, .priority = 7};
  struct evtchn_status status = {.dom = 1234};
  bind();
  ports();
  bind_vcpu();
  wild();
  check_eq("evtchn_errors.status.of_nobody", event_op(EVTCHNOP_status, &status), -XEN_ESRCH);
  // Two-level channels have no priorities.
  check_eq("evtchn_errors.priority", event_op(EVTCHNOP_set_priority, &priority), -XEN_ENOSYS);
}
