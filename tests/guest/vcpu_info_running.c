// SPDX-License-Identifier: Apache-2.0
// A vCPU's info cannot be moved by another while it runs; its events then go to the new place.
/* guest: vcpus=2 */
#include "rt/rt.h"

static volatile int stop;

static void second_vcpu(void) {
  while (!stop)
    cpu_relax();
}

void test_main(void) {
  struct vcpu_info *page = page_alloc();
  struct vcpu_register_vcpu_info arg = {.mfn = (uintptr_t)page >> 12, .offset = PAGE_SIZE - 64};
  check_eq("vcpu_info_running.start", cpu_start(1, second_vcpu), 0);
  check_eq("vcpu_info_running.refused", vcpu_op(VCPUOP_register_vcpu_info, 1, &arg), -XEN_EINVAL);
  check_eq("vcpu_info_running.last_slot", vcpu_op(VCPUOP_register_vcpu_info, 0, &arg), 0);
  struct vcpu_info *mine = page + 63;
  mine->evtchn_upcall_pending = 0;
  mine->evtchn_pending_sel = 0;
  int64_t port = evtchn_bind_ipi(0);
  evtchn_set_mask(port, 0);
  check_eq("vcpu_info_running.send", evtchn_send(port), 0);
  check_eq("vcpu_info_running.upcall", mine->evtchn_upcall_pending, 1);
  check_eq("vcpu_info_running.selector", mine->evtchn_pending_sel, 1L << (port / 64));
  stop = 1;
}
