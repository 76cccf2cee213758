// SPDX-License-Identifier: Apache-2.0
// What the task priority holds back, set by MMIO and by CR8.
/* guest: xen=no (the emulator ignores the priority of Xen's interrupt window, and Xen loops) */
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
  count = 0;
  apic_write(APIC_TPR, 0x40);
  check_eq("lapic_tpr.cr8", read_cr8(), 4);
  apic_ipi(0, APIC_TO_SELF | 0x31);
  apic_ipi(0, APIC_TO_SELF | 0x45);
  apic_ipi(0, APIC_TO_SELF | 0x91);
  drain();
  CHECK("lapic_tpr.tpr.holds", count == 1 && order[0] == 0x91);
  check_eq("lapic_tpr.tpr.still_requested", apic_bit(APIC_IRR, 0x45), 1);
  write_cr8(3);
  check_eq("lapic_tpr.cr8.to_tpr", apic_read(APIC_TPR), 0x30);
  drain();
  CHECK("lapic_tpr.cr8.lets_one", count == 2 && order[1] == 0x45);
  write_cr8(0);
  drain();
  CHECK("lapic_tpr.cr8.lets_all", count == 3 && order[2] == 0x31);
}

void test_main(void) {
  trap_set(0x31, plain);
  trap_set(0x45, plain);
  trap_set(0x91, plain);
  apic_enable();
  task_priority();
}
