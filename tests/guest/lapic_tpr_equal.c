// SPDX-License-Identifier: Apache-2.0
// An interrupt of just the class of the task priority waits, and the guest goes on meanwhile.
/* guest: xen=no (the emulator takes the interrupt window as open when the two are equal; Xen loops)
 */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned taken;

static void handler(struct regs *regs) {
  (void)regs;
  taken++;
  apic_eoi();
}

void test_main(void) {
  trap_set(0x45, handler);
  apic_enable();
  apic_write(APIC_TPR, 0x40);
  apic_ipi(0, APIC_TO_SELF | 0x45);
  irq_enable();
  delay_ns(MS);
  check_eq("lapic_tpr_equal.waits", taken, 0);
  apic_write(APIC_TPR, 0x30);
  CHECK("lapic_tpr_equal.taken", WAIT(taken == 1, 100 * MS));
  irq_disable();
}
