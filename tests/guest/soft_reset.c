// SPDX-License-Identifier: Apache-2.0
// A soft reset, as kexec asks for it: the call returns, memory stays, what was bound is gone.
/* guest: vcpus=2 xen=no (a boot domain has no toolstack to do it) */
#include "rt/rt.h"

static volatile uint64_t counter;
static uint64_t *kept;

static void second_vcpu(void) {
  for (;;)
    counter++;
}

static int counts(void) {
  uint64_t before = counter;
  return WAIT(counter > before + 100, 50 * MS);
}

static int64_t place_info(void *page) {
  struct vcpu_register_vcpu_info arg = {.mfn = (uintptr_t)page >> 12, .offset = 64};
  return vcpu_op(VCPUOP_register_vcpu_info, 0, &arg);
}

static void after(int64_t port, void *info_page, void *shared_page) {
  struct evtchn_status status = {0};
  uint64_t value = 1;
  check_eq("soft_reset.memory", kept[5], 0x12345678);
  check_eq("soft_reset.shared_info",
           physmap_add(XENMAPSPACE_shared_info, 0, (uintptr_t)shared_page >> 12), 0);
  shared_info = shared_page;
  check_eq("soft_reset.status", evtchn_status(port, &status), 0);
  check_eq("soft_reset.port_closed", status.status, EVTCHNSTAT_closed);
  CHECK("soft_reset.not_pending", !evtchn_pending(port));
  check_eq("soft_reset.callback", hvm_param_get(HVM_PARAM_CALLBACK_IRQ, &value), 0);
  check_eq("soft_reset.callback.none", value, 0);
  check_eq("soft_reset.vcpu_info_again", place_info(info_page), 0);
  check_eq("soft_reset.second_down", vcpu_op(VCPUOP_is_up, 1, 0), 0);
  CHECK("soft_reset.second_stopped", !counts());
  check_eq("soft_reset.second_start", cpu_start(1, second_vcpu), 0);
  CHECK("soft_reset.second_counts", counts());
  CHECK("soft_reset.binds", evtchn_bind_virq(VIRQ_TIMER, 0) > 0);
}

void test_main(void) {
  struct sched_shutdown reset = {.reason = SHUTDOWN_soft_reset};
  void *info_page = page_alloc(), *shared_page = page_alloc();
  kept = page_alloc();
  kept[5] = 0x12345678;
  check_eq("soft_reset.start", cpu_start(1, second_vcpu), 0);
  int64_t port = evtchn_bind_ipi(0);
  evtchn_bind_virq(VIRQ_TIMER, 0);
  evtchn_send(port);
  hvm_param_set(HVM_PARAM_CALLBACK_IRQ, (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | 0xf3);
  check_eq("soft_reset.vcpu_info", place_info(info_page), 0);
  check_eq("soft_reset.call", sched_op(SCHEDOP_shutdown, &reset), 0);
  after(port, info_page, shared_page);
}
