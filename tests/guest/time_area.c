// SPDX-License-Identifier: Apache-2.0
// VCPUOP_register_vcpu_time_memory_area: a second copy of the clock at a virtual address.
/* guest: */
#include "rt/rt.h"

static struct vcpu_time_info area __attribute__((aligned(64)));

static int64_t place(volatile void *address) {
  struct vcpu_register_time_memory_area arg = {.addr.p = (uintptr_t)address};
  return vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &arg);
}

void test_main(void) {
  check_eq("time_area.register", place(&area), 0);
  check_eq("time_area.multiplier", area.tsc_to_system_mul,
           shared_info->vcpu_info[0].time.tsc_to_system_mul);
  check_eq("time_area.version_even", area.version & 1, 0);
  uint64_t a = time_ns(), b = time_of(&area, rdtsc()), c = time_ns();
  CHECK("time_area.same_clock", b + 1000 >= a && b <= c + 1000);
  // The address is looked up at each update, and a miss is silent.
  check_eq("time_area.unmapped", place(UNMAPPED), 0);
  int64_t non_canonical = place(NON_CANONICAL);
  CHECK("time_area.non_canonical", non_canonical == 0 || non_canonical == -XEN_EFAULT);
  check_eq("time_area.wild", vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, UNMAPPED),
           -XEN_EFAULT);
}
