// SPDX-License-Identifier: Apache-2.0
// One domain that does nothing but make the hypervisor work must not stop the other.
/* guest: domains=2 smp=1 done=1 on_crash=restart xen=no (it has one domain) */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned taken;

static void again(struct regs *regs) {
  taken++;
  apic_eoi();
  apic_ipi(0, APIC_TO_SELF | regs->vector);
}

// Self IPIs, timers in the past, exits and event storms without end.
static void storm(void) {
  struct vcpu_set_singleshot_timer past = {.timeout_abs_ns = 1};
  trap_set(0x61, again);
  upcall_start(0, 0x50);
  int64_t port = evtchn_bind_ipi(0);
  evtchn_bind_virq(VIRQ_TIMER, 0);
  apic_ipi(0, APIC_TO_SELF | 0x61);
  irq_enable();
  for (;;) {
    vcpu_op(VCPUOP_set_singleshot_timer, 0, &past);
    evtchn_send(port);
    cpuid(0, 0);
  }
}

void test_main(void) {
  domid_t me = cpuid(0x40000004, 0).ecx;
  if (me & 1)
    storm();
  uint64_t turns = 0, end = time_ns() + 1000 * MS;
  while (time_ns() < end)
    turns++;
  printf("%lu turns\n", turns);
  CHECK("evil_storm.neighbour_runs", turns > 1000);
}
