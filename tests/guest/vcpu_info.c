// SPDX-License-Identifier: Apache-2.0
// VCPUOP_register_vcpu_info: once, within one page, in RAM, for oneself or a vCPU that is down.
/* guest: vcpus=3 */
#include "rt/rt.h"

static int64_t place(unsigned vcpu, void *address, unsigned offset) {
  struct vcpu_register_vcpu_info arg = {.mfn = (uintptr_t)address >> 12, .offset = offset};
  return vcpu_op(VCPUOP_register_vcpu_info, vcpu, &arg);
}

static volatile int64_t own = 1;
static struct vcpu_info *second;

static void second_vcpu(void) {
  own = place(1, second, 128);
  for (;;)
    cpu_relax();
}

void test_main(void) {
  uint8_t *page = page_alloc();
  struct vcpu_info *mine = (struct vcpu_info *)(page + 64);
  second = page_alloc();
  unsigned size = sizeof(struct vcpu_info);
  check_eq("vcpu_info.crosses_page", place(0, page, PAGE_SIZE - size + 8), -XEN_ENXIO);
  check_eq("vcpu_info.offset_huge", place(0, page, 0x80000000), -XEN_ENXIO);
  check_eq("vcpu_info.no_ram", place(0, (void *)0xffffff000, 64), -XEN_EINVAL);
  shared_info->vcpu_info[0].evtchn_pending_sel = 0x10;
  check_eq("vcpu_info.register", place(0, page, 64), 0);
  check_eq("vcpu_info.twice", place(0, page, 128), -XEN_EINVAL);
  CHECK("vcpu_info.time", mine->time.tsc_to_system_mul);
  uint64_t now = time_of(&mine->time, rdtsc());
  CHECK("vcpu_info.time.runs", now && time_of(&mine->time, rdtsc()) >= now);
  // Nothing may be lost by the move: all is pending again.
  check_eq("vcpu_info.upcall_pending", mine->evtchn_upcall_pending, 1);
  check_eq("vcpu_info.selector", mine->evtchn_pending_sel, -1);
  check_eq("vcpu_info.no_such_vcpu", place(3, page, 128), -XEN_ENOENT);
  check_eq("vcpu_info.wild", vcpu_op(VCPUOP_register_vcpu_info, 0, UNMAPPED), -XEN_EFAULT);
  check_eq("vcpu_info.of_a_down_vcpu", place(2, second, 256), 0);
  check_eq("vcpu_info.start", cpu_start(1, second_vcpu), 0);
  CHECK("vcpu_info.own", WAIT(own != 1, 2000 * MS) && own == 0);
  CHECK("vcpu_info.last_slot", sizeof(*mine) == 64);
}
