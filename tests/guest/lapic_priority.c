// SPDX-License-Identifier: Apache-2.0
// Which interrupt comes first, and nesting.
/* guest: */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned order[8], count, nested_ppr;

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
  apic_eoi();
}

static void drain(void) {
  irq_enable();
  delay_ns(MS);
  irq_disable();
}

static void highest_first(void) {
  apic_ipi(0, APIC_TO_SELF | 0x31);
  apic_ipi(0, APIC_TO_SELF | 0x91);
  apic_ipi(0, APIC_TO_SELF | 0x45);
  drain();
  CHECK("lapic_priority.highest_first",
        count == 3 && order[0] == 0x91 && order[1] == 0x45 && order[2] == 0x31);
}

static void nested(void) {
  count = 0;
  trap_set(0x46, nesting);
  apic_ipi(0, APIC_TO_SELF | 0x46);
  drain();
  CHECK("lapic_priority.nested", count == 4 && order[0] == 0x46 && order[1] == 0x91);
  CHECK("lapic_priority.same_class_waits", order[2] == 1 && order[3] == 0x45);
  check_eq("lapic_priority.ppr", nested_ppr & 0xf0, 0x40);
}

void test_main(void) {
  trap_set(0x31, plain);
  trap_set(0x45, plain);
  trap_set(0x91, plain);
  apic_enable();
  highest_first();
  nested();
}
