// SPDX-License-Identifier: Apache-2.0
// What the task priority holds back, set by MMIO and by CR8.
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

static void task_priority(void) {
  apic_write(APIC_TPR, 0x70);
  check_eq("lapic_tpr.cr8", read_cr8(), 7);
  apic_ipi(0, APIC_TO_SELF | 0x31);
  apic_ipi(0, APIC_TO_SELF | 0x61);
  apic_ipi(0, APIC_TO_SELF | 0x91);
  drain();
  CHECK("lapic_tpr.holds", count == 1 && order[0] == 0x91);
  check_eq("lapic_tpr.still_requested", apic_bit(APIC_IRR, 0x61), 1);
  write_cr8(5);
  check_eq("lapic_tpr.cr8.to_tpr", apic_read(APIC_TPR), 0x50);
  drain();
  CHECK("lapic_tpr.cr8.lets_one", count == 2 && order[1] == 0x61);
  irq_enable();
  write_cr8(0);
  CHECK("lapic_tpr.cr8.lets_all", WAIT(count == 3, 100 * MS) && order[2] == 0x31);
  irq_disable();
}

void test_main(void) {
  trap_set(0x31, plain);
  trap_set(0x61, plain);
  trap_set(0x91, plain);
  apic_enable();
  task_priority();
}
