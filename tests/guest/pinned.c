// SPDX-License-Identifier: Apache-2.0
// vCPUs that own their CPUs: timers, events and interrupts between them work as for the others.
/* guest: vcpus=2 cpus=[0,1] smp=2 */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned taken[2];
static volatile int stop;

static void handler(struct regs *regs) {
  (void)regs;
  taken[this_cpu()->vcpu]++;
  apic_eoi();
}

static void second_vcpu(void) {
  upcall_start(1, 0x51);
  cpus[1].online = 2;
  while (!stop)
    irq_wait();
}

static void sleep(int64_t port, uint64_t ns) {
  struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = time_ns() + ns};
  unsigned before = events[port];
  vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
  while (events[port] == before)
    irq_wait();
}

void test_main(void) {
  trap_set(0x61, handler);
  upcall_start(0, 0x50);
  int64_t timer = evtchn_bind_virq(VIRQ_TIMER, 0), ipi = evtchn_bind_ipi(1);
  uint32_t id = apic_id_of_vcpu(1);
  check_eq("pinned.start", cpu_start(1, second_vcpu), 0);
  CHECK("pinned.ready", WAIT(cpus[1].online == 2, 2000 * MS));
  uint64_t start = time_ns();
  for (unsigned i = 0; i < 10; i++)
    sleep(timer, 10 * MS);
  uint64_t slept = time_ns() - start;
  printf("10 times 10 ms took %lu ms\n", slept / MS);
  check_eq("pinned.timer", events[timer], 10);
  CHECK("pinned.timer.time", slept >= 100 * MS && slept < 1000 * MS);
  for (unsigned i = 0; i < 10; i++) {
    apic_ipi(id, APIC_FIXED | 0x61);
    WAIT(taken[1] == i + 1, 2000 * MS);
    evtchn_send(ipi);
    WAIT(events[ipi] == i + 1, 2000 * MS);
  }
  check_eq("pinned.ipi", taken[1], 10);
  check_eq("pinned.event", events[ipi], 10);
  stop = 1;
}
