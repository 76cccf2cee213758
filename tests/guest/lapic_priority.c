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

// A check's name, until the next one is made.
static const char *named(const char *mode, const char *what) {
  static char name[64];
  snprintf(name, sizeof(name), "lapic_priority.%s%s", mode, what);
  return name;
}

static void highest_first(const char *mode) {
  count = 0;
  apic_ipi(0, APIC_TO_SELF | 0x31);
  apic_ipi(0, APIC_TO_SELF | 0x91);
  apic_ipi(0, APIC_TO_SELF | 0x45);
  drain();
  check_true(named(mode, "highest_first"),
             count == 3 && order[0] == 0x91 && order[1] == 0x45 && order[2] == 0x31,
             "not in the order of their classes");
}

static void nested(const char *mode) {
  count = 0;
  apic_ipi(0, APIC_TO_SELF | 0x46);
  drain();
  check_true(named(mode, "nested"), count == 4 && order[0] == 0x46 && order[1] == 0x91,
             "the higher class did not come in between");
  check_true(named(mode, "same_class_waits"), order[2] == 1 && order[3] == 0x45,
             "one of its own class did");
  check_eq(named(mode, "ppr"), nested_ppr & 0xf0, 0x40);
  check_eq(named(mode, "service"), left, 1 + 4);
}

static void both(const char *mode) {
  highest_first(mode);
  nested(mode);
}

void test_main(void) {
  trap_set(0x31, plain);
  trap_set(0x45, plain);
  trap_set(0x46, nesting);
  trap_set(0x91, plain);
  apic_enable();
  both("");
  apic_enter_x2();
  both("x2apic.");
}
