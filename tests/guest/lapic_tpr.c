// SPDX-License-Identifier: Apache-2.0
// What the task priority holds back, set by MMIO or MSR and by CR8.
/* guest: xen=no (the emulator fails an assertion of its own at a CR8 write that is not intercepted)
 */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned order[8], count;

static void plain(struct regs *regs) {
  order[count++ & 7] = regs->vector;
  apic_eoi();
}

static void drain(void) {
  irq_enable();
  delay_ns(MS);
  irq_disable();
}

static uint64_t read_cr8(void) {
  uint64_t value;
  asm volatile("mov %%cr8, %0" : "=r"(value));
  return value;
}

static void write_cr8(uint64_t value) {
  asm volatile("mov %0, %%cr8" : : "r"(value) : "memory");
}

static void check(const char *mode, const char *what, int condition) {
  char name[64];
  snprintf(name, sizeof(name), "lapic_tpr.%s%s", mode, what);
  check_true(name, condition, "no");
}

static void task_priority(const char *mode) {
  count = 0;
  apic_write(APIC_TPR, 0x70);
  check(mode, "cr8", read_cr8() == 7);
  apic_ipi(0, APIC_TO_SELF | 0x31);
  apic_ipi(0, APIC_TO_SELF | 0x61);
  apic_ipi(0, APIC_TO_SELF | 0x91);
  drain();
  check(mode, "holds", count == 1 && order[0] == 0x91);
  check(mode, "still_requested", apic_bit(APIC_IRR, 0x61));
  write_cr8(5);
  check(mode, "cr8.to_tpr", apic_read(APIC_TPR) == 0x50);
  drain();
  check(mode, "cr8.lets_one", count == 2 && order[1] == 0x61);
  irq_enable();
  write_cr8(0);
  check(mode, "cr8.lets_all", WAIT(count == 3, 100 * MS) && order[2] == 0x31);
  irq_disable();
}

void test_main(void) {
  trap_set(0x31, plain);
  trap_set(0x61, plain);
  trap_set(0x91, plain);
  apic_enable();
  task_priority("");
  apic_enter_x2();
  task_priority("x2apic.");
}
