// SPDX-License-Identifier: Apache-2.0
// Event channel upcalls by a vector of each vCPU's local APIC, and the scan that a guest does.
#include "apic.h"
#include "rt.h"

volatile unsigned upcalls[MAX_CPUS];
volatile unsigned events[4096];

static void scan_word(unsigned word) {
  unsigned long pending = shared_info->evtchn_pending[word] & ~shared_info->evtchn_mask[word];
  for (; pending; pending &= pending - 1) {
    unsigned port = word * 64 + __builtin_ctzl(pending);
    evtchn_clear(port);
    events[port]++;
  }
}

static void upcall(struct regs *regs) {
  struct vcpu_info *info = &shared_info->vcpu_info[this_cpu()->vcpu];
  (void)regs;
  apic_eoi();
  upcalls[this_cpu()->vcpu]++;
  info->evtchn_upcall_pending = 0;
  unsigned long words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
  for (; words; words &= words - 1)
    scan_word(__builtin_ctzl(words));
}

void upcall_start(unsigned vcpu, unsigned vector) {
  struct xen_hvm_evtchn_upcall_vector arg = {.vcpu = vcpu, .vector = vector};
  trap_set(vector, upcall);
  apic_enable();
  int64_t error = hvm_op(HVMOP_set_evtchn_upcall_vector, &arg);
  if (error)
    printf("FAIL upcall_start: error %ld\n", error);
}
