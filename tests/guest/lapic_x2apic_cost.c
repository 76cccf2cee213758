// SPDX-License-Identifier: Apache-2.0
// A thousand interrupts of one's own in x2APIC mode. What the hypervisor counts of their exits is
// the machine test's to judge: with APICv their ends are none.
/* guest: */
#include "rt/apic.h"
#include "rt/rt.h"

#define COUNT 1000u

static volatile unsigned taken;

static void handler(struct regs *regs) {
  (void)regs;
  taken++;
  apic_eoi();
}

void test_main(void) {
  trap_set(0x61, handler);
  apic_enable();
  apic_enter_x2();
  irq_enable();
  for (unsigned i = 0; i < COUNT; i++)
    apic_write(APIC_SELF_IPI, 0x61);
  irq_disable();
  check_eq("lapic_x2apic_cost.taken", taken, COUNT);
}
