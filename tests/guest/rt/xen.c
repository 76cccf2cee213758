// SPDX-License-Identifier: Apache-2.0
// Hypercalls with their argument structures filled in.
#include "rt.h"

int64_t hvm_param_get(uint32_t index, uint64_t *value) {
  struct xen_hvm_param param = {.domid = DOMID_SELF, .index = index};
  int64_t error = hvm_op(HVMOP_get_param, &param);
  *value = param.value;
  return error;
}

int64_t hvm_param_set(uint32_t index, uint64_t value) {
  struct xen_hvm_param param = {.domid = DOMID_SELF, .index = index, .value = value};
  return hvm_op(HVMOP_set_param, &param);
}

int64_t evtchn_alloc_unbound(domid_t remote) {
  struct evtchn_alloc_unbound arg = {.dom = DOMID_SELF, .remote_dom = remote};
  int64_t error = event_op(EVTCHNOP_alloc_unbound, &arg);
  return error ? error : (int64_t)arg.port;
}

int64_t evtchn_bind_ipi(unsigned vcpu) {
  struct evtchn_bind_ipi arg = {.vcpu = vcpu};
  int64_t error = event_op(EVTCHNOP_bind_ipi, &arg);
  return error ? error : (int64_t)arg.port;
}

int64_t evtchn_bind_virq(unsigned virq, unsigned vcpu) {
  struct evtchn_bind_virq arg = {.virq = virq, .vcpu = vcpu};
  int64_t error = event_op(EVTCHNOP_bind_virq, &arg);
  return error ? error : (int64_t)arg.port;
}

int64_t evtchn_bind_interdomain(domid_t remote, unsigned port) {
  struct evtchn_bind_interdomain arg = {.remote_dom = remote, .remote_port = port};
  int64_t error = event_op(EVTCHNOP_bind_interdomain, &arg);
  return error ? error : (int64_t)arg.local_port;
}

int64_t evtchn_close(unsigned port) {
  struct evtchn_close arg = {.port = port};
  return event_op(EVTCHNOP_close, &arg);
}

int64_t evtchn_send(unsigned port) {
  struct evtchn_send arg = {.port = port};
  return event_op(EVTCHNOP_send, &arg);
}

int64_t evtchn_unmask(unsigned port) {
  struct evtchn_unmask arg = {.port = port};
  return event_op(EVTCHNOP_unmask, &arg);
}

int64_t evtchn_bind_vcpu(unsigned port, unsigned vcpu) {
  struct evtchn_bind_vcpu arg = {.port = port, .vcpu = vcpu};
  return event_op(EVTCHNOP_bind_vcpu, &arg);
}

int64_t evtchn_status(unsigned port, struct evtchn_status *status) {
  status->dom = DOMID_SELF;
  status->port = port;
  return event_op(EVTCHNOP_status, status);
}

int64_t physmap_add(unsigned space, uint64_t index, uint64_t gfn) {
  struct xen_add_to_physmap arg = {.domid = DOMID_SELF, .space = space, .idx = index, .gpfn = gfn};
  return memory_op(XENMEM_add_to_physmap, &arg);
}

int evtchn_pending(unsigned port) {
  return *(volatile unsigned long *)&shared_info->evtchn_pending[port / 64] >> (port % 64) & 1;
}

void evtchn_clear(unsigned port) {
  __atomic_and_fetch(&shared_info->evtchn_pending[port / 64], ~(1UL << (port % 64)),
                     __ATOMIC_SEQ_CST);
}

void evtchn_set_mask(unsigned port, int masked) {
  unsigned long bit = 1UL << (port % 64);
  if (masked)
    __atomic_or_fetch(&shared_info->evtchn_mask[port / 64], bit, __ATOMIC_SEQ_CST);
  else
    __atomic_and_fetch(&shared_info->evtchn_mask[port / 64], ~bit, __ATOMIC_SEQ_CST);
}
