// SPDX-License-Identifier: Apache-2.0
// The local APIC as memory at 0xfee00000: identity, writable bits, IRR, ISR and EOI.
/* guest: vcpus=2 */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned taken, in_service;

static void handler(struct regs *regs) {
  taken++;
  in_service = apic_bit(APIC_ISR, regs->vector);
  apic_eoi();
}

static void identity(void) {
  uint64_t base = rdmsr(APIC_BASE_MSR);
  check_eq("lapic_mmio.base.address", base & ~0xfffUL, APIC_MMIO);
  CHECK("lapic_mmio.base.enabled", base & APIC_BASE_ENABLE);
  CHECK("lapic_mmio.base.first_cpu", base & APIC_BASE_BSP);
  check_eq("lapic_mmio.id.cpuid", cpuid(1, 0).ebx >> 24, apic_read(APIC_ID) >> 24);
  check_eq("lapic_mmio.id.madt", apic_id_of_vcpu(0), apic_read(APIC_ID) >> 24);
  CHECK("lapic_mmio.version", (apic_read(APIC_VERSION) & 0xff) >= 0x10);
  CHECK("lapic_mmio.lvt_entries", (apic_read(APIC_VERSION) >> 16 & 0xff) >= 3);
}

static void registers(void) {
  check_eq("lapic_mmio.reset.timer_masked", apic_read(APIC_LVT_TIMER) & APIC_MASKED, APIC_MASKED);
  apic_write(APIC_TPR, 0x1ff);
  check_eq("lapic_mmio.tpr", apic_read(APIC_TPR), 0xff);
  check_eq("lapic_mmio.ppr", apic_read(APIC_PPR), 0xff);
  apic_write(APIC_TPR, 0);
  apic_write(APIC_SVR, 0x1ff);
  check_eq("lapic_mmio.svr", apic_read(APIC_SVR) & 0x1ff, 0x1ff);
  apic_write(APIC_DFR, 0xffffffff);
  check_eq("lapic_mmio.dfr", apic_read(APIC_DFR), 0xffffffff);
  apic_write(APIC_LDR, 0xffffffff);
  check_eq("lapic_mmio.ldr", apic_read(APIC_LDR), 0xff000000);
  apic_write(APIC_VERSION, 0);
  CHECK("lapic_mmio.version.read_only", apic_read(APIC_VERSION));
  apic_write(APIC_LVT_ERROR, APIC_MASKED | 0xfe);
  check_eq("lapic_mmio.lvt_error", apic_read(APIC_LVT_ERROR), APIC_MASKED | 0xfe);
}

static void self_ipi(void) {
  apic_ipi(0, APIC_TO_SELF | 0x61);
  check_eq("lapic_mmio.irr", apic_bit(APIC_IRR, 0x61), 1);
  check_eq("lapic_mmio.not_taken", taken, 0);
  irq_enable();
  CHECK("lapic_mmio.taken", WAIT(taken == 1, 2000 * MS));
  irq_disable();
  check_eq("lapic_mmio.isr", in_service, 1);
  check_eq("lapic_mmio.isr.cleared", apic_bit(APIC_ISR, 0x61), 0);
  check_eq("lapic_mmio.irr.cleared", apic_bit(APIC_IRR, 0x61), 0);
}

// A spurious vector register without its enable bit keeps everything out.
static void disabled(void) {
  apic_write(APIC_SVR, 0xff);
  check_eq("lapic_mmio.off.masks_lvt", apic_read(APIC_LVT_ERROR) & APIC_MASKED, APIC_MASKED);
  apic_ipi(0, APIC_TO_SELF | 0x61);
  irq_enable();
  delay_ns(2 * MS);
  irq_disable();
  check_eq("lapic_mmio.off.takes_nothing", taken, 1);
  apic_enable();
}

void test_main(void) {
  trap_set(0x61, handler);
  identity();
  registers();
  self_ipi();
  disabled();
}
