// SPDX-License-Identifier: Apache-2.0
// Upcalls by HVM_PARAM_CALLBACK_IRQ: one vector for all vCPUs, no EOI, while the flag stands.
/* guest: vcpus=2 */
#include "rt/rt.h"

#define VECTOR 0xf3u

static volatile unsigned taken[2];
static volatile int stop;

static void callback(struct regs *regs) {
  struct vcpu_info *me = &shared_info->vcpu_info[this_cpu()->vcpu];
  (void)regs;
  taken[this_cpu()->vcpu]++;
  me->evtchn_upcall_pending = 0;
  me->evtchn_pending_sel = 0;
}

static void second_vcpu(void) {
  irq_enable();
  while (!stop)
    cpu_relax();
  irq_disable();
}

void test_main(void) {
  uint64_t value = 0, via = (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | VECTOR;
  trap_set(VECTOR, callback);
  check_eq("evtchn_callback.set", hvm_param_set(HVM_PARAM_CALLBACK_IRQ, via), 0);
  check_eq("evtchn_callback.get", hvm_param_get(HVM_PARAM_CALLBACK_IRQ, &value), 0);
  check_eq("evtchn_callback.value", value, via);
  check_eq("evtchn_callback.start", cpu_start(1, second_vcpu), 0);
  int64_t first = evtchn_bind_ipi(0), second = evtchn_bind_ipi(1);
  evtchn_send(first);
  check_eq("evtchn_callback.interrupts_off", taken[0], 0);
  irq_enable();
  CHECK("evtchn_callback.taken", WAIT(taken[0] == 1, 2000 * MS));
  evtchn_clear(first);
  evtchn_send(first);
  CHECK("evtchn_callback.again_without_eoi", WAIT(taken[0] == 2, 2000 * MS));
  evtchn_send(second);
  CHECK("evtchn_callback.second", WAIT(taken[1] == 1, 2000 * MS));
  // The guest may ask for an upcall by the flag alone.
  shared_info->vcpu_info[0].evtchn_upcall_pending = 1;
  sched_op(SCHEDOP_yield, 0);
  CHECK("evtchn_callback.flag_alone", WAIT(taken[0] == 3, 2000 * MS));
  irq_disable();
  stop = 1;
}
