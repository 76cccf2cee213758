// SPDX-License-Identifier: Apache-2.0
// VCPUOP_initialise, up, down and is_up.
/* guest: vcpus=2 */
#include "rt/rt.h"

static volatile uint64_t counter;
static volatile int go_down;

static void second_vcpu(void) {
  for (;;) {
    counter++;
    if (go_down) {
      go_down = 0;
      vcpu_op(VCPUOP_down, 1, 0);
    }
  }
}

static int counts(void) {
  uint64_t before = counter;
  return WAIT(counter > before + 10, 100 * MS);
}

static void refusals(void) {
  struct vcpu_hvm_context context = {.mode = 7};
  check_eq("vcpu_up.not_initialised", vcpu_op(VCPUOP_up, 1, 0), -XEN_EINVAL);
  check_eq("vcpu_up.bad_mode", vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
  check_eq("vcpu_up.wild", vcpu_op(VCPUOP_initialise, 1, UNMAPPED), -XEN_EFAULT);
  check_eq("vcpu_up.no_such_vcpu", vcpu_op(VCPUOP_is_up, 2, 0), -XEN_ENOENT);
  check_eq("vcpu_up.huge_number", vcpu_op(VCPUOP_is_up, 0x80000000, 0), -XEN_ENOENT);
  context.mode = VCPU_HVM_MODE_64B;
  check_eq("vcpu_up.already_initialised", vcpu_op(VCPUOP_initialise, 0, &context), -XEN_EEXIST);
}

void test_main(void) {
  check_eq("vcpu_up.self_is_up", vcpu_op(VCPUOP_is_up, 0, 0), 1);
  check_eq("vcpu_up.other_is_down", vcpu_op(VCPUOP_is_up, 1, 0), 0);
  refusals();
  check_eq("vcpu_up.start", cpu_start(1, second_vcpu), 0);
  check_eq("vcpu_up.is_up", vcpu_op(VCPUOP_is_up, 1, 0), 1);
  check_eq("vcpu_up.up_again", vcpu_op(VCPUOP_up, 1, 0), 0);
  CHECK("vcpu_up.runs", counts());
  check_eq("vcpu_up.down", vcpu_op(VCPUOP_down, 1, 0), 0);
  delay_ns(20 * MS);
  CHECK("vcpu_up.stopped", !counts());
  check_eq("vcpu_up.is_down", vcpu_op(VCPUOP_is_up, 1, 0), 0);
  check_eq("vcpu_up.up", vcpu_op(VCPUOP_up, 1, 0), 0);
  CHECK("vcpu_up.resumes", counts());
  go_down = 1;
  CHECK("vcpu_up.down_itself", WAIT(vcpu_op(VCPUOP_is_up, 1, 0) == 0, 200 * MS));
  vcpu_op(VCPUOP_up, 1, 0);
  CHECK("vcpu_up.resumes_again", counts());
}
