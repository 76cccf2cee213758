// SPDX-License-Identifier: Apache-2.0
// Two vCPUs that never give up their one CPU get about half of it each.
/* guest: vcpus=2 smp=1 xen-smp=1 xen-args="dom0_max_vcpus=2" */
#include "rt/rt.h"

static volatile uint64_t counters[2];
static volatile int stop;

static void count(volatile uint64_t *counter, uint64_t end) {
  while (!stop && time_ns() < end)
    ++*counter;
}

static void second_vcpu(void) {
  count(&counters[1], ~0UL);
  for (;;)
    asm volatile("cli; hlt");
}

void test_main(void) {
  struct vcpu_runstate_info run;
  check_eq("preemption.start", cpu_start(1, second_vcpu), 0);
  counters[1] = 0;
  count(&counters[0], time_ns() + 1000 * MS);
  uint64_t first = counters[0], second = counters[1];
  stop = 1;
  printf("counted %lu and %lu\n", first, second);
  CHECK("preemption.second_ran", second);
  CHECK("preemption.about_even", first < second * 3 && second < first * 3);
  vcpu_op(VCPUOP_get_runstate_info, 0, &run);
  CHECK("preemption.runnable_time", run.time[RUNSTATE_runnable] >= 200 * MS);
}
