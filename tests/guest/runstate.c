// SPDX-License-Identifier: Apache-2.0
// Run states: the call, the registered area and its update flag.
/* guest: vcpus=2 */
#include "rt/rt.h"

static volatile struct vcpu_runstate_info area __attribute__((aligned(64)));

static int64_t get(unsigned vcpu, void *info) {
  return vcpu_op(VCPUOP_get_runstate_info, vcpu, info);
}

static int64_t place(volatile void *address) {
  struct vcpu_register_runstate_memory_area arg = {.addr.p = (uintptr_t)address};
  return vcpu_op(VCPUOP_register_runstate_memory_area, 0, &arg);
}

static uint64_t sum(const struct vcpu_runstate_info *info) {
  return info->time[0] + info->time[1] + info->time[2] + info->time[3];
}

static void call(void) {
  struct vcpu_runstate_info first, second;
  check_eq("runstate.get", get(0, &first), 0);
  check_eq("runstate.running", first.state, RUNSTATE_running);
  CHECK("runstate.running.time", first.time[RUNSTATE_running]);
  delay_ns(2 * MS);
  get(0, &second);
  CHECK("runstate.grows", second.time[RUNSTATE_running] > first.time[RUNSTATE_running]);
  CHECK("runstate.sum_is_time", sum(&second) >= sum(&first) + 2 * MS);
  get(1, &second);
  check_eq("runstate.down_vcpu", second.state, RUNSTATE_offline);
  check_eq("runstate.no_such_vcpu", get(2, &second), -XEN_ENOENT);
  check_eq("runstate.wild", get(0, UNMAPPED), -XEN_EFAULT);
}

static void registered(void) {
  struct vcpu_set_singleshot_timer timer = {.flags = 0};
  check_eq("runstate.register", place(&area), 0);
  check_eq("runstate.area.state", area.state, RUNSTATE_running);
  CHECK("runstate.area.entry_time", area.state_entry_time);
  upcall_start(0, 0x40);
  evtchn_bind_virq(VIRQ_TIMER, 0);
  irq_enable();
  uint64_t blocked = area.time[RUNSTATE_blocked];
  timer.timeout_abs_ns = time_ns() + 50 * MS;
  vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
  sched_op(SCHEDOP_block, 0);
  irq_disable();
  CHECK("runstate.area.blocked", area.time[RUNSTATE_blocked] >= blocked + MS);
  check_eq("runstate.area.no_update_flag", area.state_entry_time >> 63, 0);
  CHECK("runstate.area.entry_near", area.state_entry_time <= time_ns());
  // The address is looked up at each update: one that is not mapped is accepted.
  check_eq("runstate.register.unmapped", place(UNMAPPED), 0);
  sched_op(SCHEDOP_yield, 0);
  int64_t non_canonical = place(NON_CANONICAL);
  CHECK("runstate.register.non_canonical", non_canonical == 0 || non_canonical == -XEN_EFAULT);
  check_eq("runstate.register.wild", vcpu_op(VCPUOP_register_runstate_memory_area, 0, UNMAPPED),
           -XEN_EFAULT);
}

void test_main(void) {
  call();
  registered();
  check_eq("runstate.vm_assist", vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
  check_eq("runstate.register_again", place(&area), 0);
  sched_op(SCHEDOP_yield, 0);
  check_eq("runstate.flag_is_clear", area.state_entry_time >> 63, 0);
}
