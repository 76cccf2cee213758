// SPDX-License-Identifier: Apache-2.0
// HLT with interrupts off takes a vCPU down; when the last one does it, the domain is off.
/* guest: vcpus=2 */
#include "rt/rt.h"

static volatile int after;

static void second_vcpu(void) {
  irq_disable();
  asm volatile("hlt");
  after = 1;
  for (;;)
    cpu_relax();
}

void test_main(void) {
  check_eq("hlt_off.start", cpu_start(1, second_vcpu), 0);
  CHECK("hlt_off.down", WAIT(vcpu_op(VCPUOP_is_up, 1, 0) == 0, 2000 * MS));
  check_eq("hlt_off.stays", after, 0);
  check_eq("hlt_off.up", vcpu_op(VCPUOP_up, 1, 0), 0);
  CHECK("hlt_off.resumes", WAIT(after == 1, 2000 * MS));
  check_eq("hlt_off.down_again", vcpu_op(VCPUOP_down, 1, 0), 0);
  printf("DONE 6 0\n");
  asm volatile("cli; hlt");
  printf("FAIL hlt_off.end: still runs\n");
}
