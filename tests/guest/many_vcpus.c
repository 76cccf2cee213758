// SPDX-License-Identifier: Apache-2.0
// More vCPUs than CPUs: each of them makes progress, and each is interrupted by its own timer.
/* guest: vcpus=16 smp=2 xen-smp=2 xen-args="dom0_max_vcpus=16" */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile uint64_t counters[MAX_CPUS];

static void arm(void) {
  struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = time_ns() + 20 * MS};
  vcpu_op(VCPUOP_set_singleshot_timer, this_cpu()->vcpu, &timer);
}

// Sleeps and computes in turn.
static void other_vcpu(void) {
  unsigned me = this_cpu()->vcpu;
  upcall_start(me, 0x50);
  evtchn_bind_virq(VIRQ_TIMER, me);
  for (;;) {
    arm();
    irq_wait();
    for (unsigned i = 0; i < 1000; i++)
      counters[me]++;
  }
}

void test_main(void) {
  char name[32];
  for (unsigned i = 1; i < MAX_CPUS; i++) {
    snprintf(name, sizeof(name), "many_vcpus.start.%u", i);
    check_eq(name, cpu_start(i, other_vcpu), 0);
  }
  for (unsigned i = 1; i < MAX_CPUS; i++) {
    snprintf(name, sizeof(name), "many_vcpus.counts.%u", i);
    CHECK(name, WAIT(counters[i] >= 5000, 5000 * MS));
  }
}
