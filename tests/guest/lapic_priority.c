// SPDX-License-Identifier: Apache-2.0
// Which interrupt comes first, and nesting; in both APIC modes.
/* guest: */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned order[8], count, nested_ppr, left;

static void plain(struct regs *regs) {
  order[count++ & 7] = regs->vector;
  apic_eoi();
}

// Takes the higher class while it runs, not its own.
static void nesting(struct regs *regs) {
  order[count++ & 7] = regs->vector;
  nested_ppr = apic_read(APIC_PPR);
  apic_ipi(0, APIC_TO_SELF | 0x45);
  apic_ipi(0, APIC_TO_SELF | 0x91);
  irq_enable();
  delay_ns(MS);
  irq_disable();
  order[count++ & 7] = 1;
  left = apic_bit(APIC_ISR, 0x46) + 2 * apic_bit(APIC_ISR, 0x91) + 4 * apic_bit(APIC_IRR, 0x45);
  apic_eoi();
}

static void drain(void) {
  irq_enable();
  delay_ns(MS);
  irq_disable();
}

static void highest_first(const char *name) {
  count = 0;
  apic_ipi(0, APIC_TO_SELF | 0x31);
  apic_ipi(0, APIC_TO_SELF | 0x91);
  apic_ipi(0, APIC_TO_SELF | 0x45);
  drain();
  check_true(name, count == 3 && order[0] == 0x91 && order[1] == 0x45 && order[2] == 0x31,
             "not in the order of their classes");
}

static void nested(void) {
  count = 0;
  apic_ipi(0, APIC_TO_SELF | 0x46);
  drain();
}

void test_main(void) {
  trap_set(0x31, plain);
  trap_set(0x45, plain);
  trap_set(0x46, nesting);
  trap_set(0x91, plain);
  apic_enable();
  highest_first("lapic_priority.highest_first");
  nested();
  CHECK("lapic_priority.nested", count == 4 && order[0] == 0x46 && order[1] == 0x91);
  CHECK("lapic_priority.same_class_waits", order[2] == 1 && order[3] == 0x45);
  check_eq("lapic_priority.ppr", nested_ppr & 0xf0, 0x40);
  check_eq("lapic_priority.service", left, 1 + 4);
  apic_enter_x2();
  highest_first("lapic_priority.x2apic.highest_first");
  nested();
  CHECK("lapic_priority.x2apic.nested", count == 4 && order[0] == 0x46 && order[1] == 0x91);
  CHECK("lapic_priority.x2apic.same_class_waits", order[2] == 1 && order[3] == 0x45);
  check_eq("lapic_priority.x2apic.ppr", nested_ppr & 0xf0, 0x40);
  check_eq("lapic_priority.x2apic.service", left, 1 + 4);
}
