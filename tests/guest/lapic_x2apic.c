// SPDX-License-Identifier: Apache-2.0
// The local APIC as MSRs: changing modes, identity, self IPI, and what must fault.
/* guest: vcpus=2 */
#include "rt/apic.h"
#include "rt/rt.h"

#define MSR(reg) (0x800u + ((reg) >> 4))

static volatile unsigned taken;

static void handler(struct regs *regs) {
  (void)regs;
  taken++;
  apic_eoi();
}

static void modes(void) {
  uint64_t value, base = rdmsr(APIC_BASE_MSR);
  check_fault("lapic_x2apic.before.msr", try_rdmsr(MSR(APIC_ID), &value), TRAP_GP);
  check_fault("lapic_x2apic.reserved_bit", try_wrmsr(APIC_BASE_MSR, base | 1), TRAP_GP);
  uint32_t id = apic_id();
  check_fault("lapic_x2apic.enter", try_wrmsr(APIC_BASE_MSR, base | APIC_BASE_X2), NO_FAULT);
  check_eq("lapic_x2apic.base", rdmsr(APIC_BASE_MSR) & APIC_BASE_X2, APIC_BASE_X2);
  check_eq("lapic_x2apic.id", apic_id(), id);
  check_eq("lapic_x2apic.id.leaf_b", cpuid(0xb, 0).edx, id);
  check_fault("lapic_x2apic.back_directly", try_wrmsr(APIC_BASE_MSR, base), TRAP_GP);
}

static void registers(void) {
  uint32_t id = apic_id();
  uint64_t value;
  check_eq("lapic_x2apic.ldr", apic_read(APIC_LDR), (id >> 4) << 16 | 1u << (id & 15));
  CHECK("lapic_x2apic.version", apic_read(APIC_VERSION) & 0xff);
  check_fault("lapic_x2apic.tpr", try_wrmsr(MSR(APIC_TPR), 0x20), NO_FAULT);
  check_eq("lapic_x2apic.tpr.value", apic_read(APIC_TPR), 0x20);
  apic_enable();
  check_fault("lapic_x2apic.id.write", try_wrmsr(MSR(APIC_ID), 0), TRAP_GP);
  check_fault("lapic_x2apic.ldr.write", try_wrmsr(MSR(APIC_LDR), 0), TRAP_GP);
  check_fault("lapic_x2apic.no_dfr", try_rdmsr(MSR(APIC_DFR), &value), TRAP_GP);
  check_fault("lapic_x2apic.no_icr_high", try_rdmsr(MSR(APIC_ICR_HIGH), &value), TRAP_GP);
  check_fault("lapic_x2apic.eoi.read", try_rdmsr(MSR(APIC_EOI), &value), TRAP_GP);
  check_fault("lapic_x2apic.eoi.not_zero", try_wrmsr(MSR(APIC_EOI), 1), TRAP_GP);
  check_fault("lapic_x2apic.tpr.reserved", try_wrmsr(MSR(APIC_TPR), 0x100), TRAP_GP);
  check_fault("lapic_x2apic.tpr.high_half", try_wrmsr(MSR(APIC_TPR), 1UL << 32), TRAP_GP);
  check_fault("lapic_x2apic.self.read", try_rdmsr(MSR(APIC_SELF_IPI), &value), TRAP_GP);
  check_fault("lapic_x2apic.past_end", try_rdmsr(0x8ff, &value), TRAP_GP);
}

static void self_ipi(void) {
  apic_write(APIC_SELF_IPI, 0x61);
  check_eq("lapic_x2apic.irr", apic_bit(APIC_IRR, 0x61), 1);
  irq_enable();
  CHECK("lapic_x2apic.self_ipi", WAIT(taken == 1, 2000 * MS));
  apic_ipi(apic_id(), 0x61);
  CHECK("lapic_x2apic.icr", WAIT(taken == 2, 2000 * MS));
  irq_disable();
}

static void leave(void) {
  wrmsr(APIC_BASE_MSR, APIC_MMIO | APIC_BASE_BSP);
  check_eq("lapic_x2apic.off.cpuid", cpuid(1, 0).edx >> 9 & 1, 0);
  check_fault("lapic_x2apic.off_to_x2",
              try_wrmsr(APIC_BASE_MSR, APIC_MMIO | APIC_BASE_BSP | APIC_BASE_X2), TRAP_GP);
  wrmsr(APIC_BASE_MSR, APIC_MMIO | APIC_BASE_BSP | APIC_BASE_ENABLE);
  check_eq("lapic_x2apic.back.id", apic_read(APIC_ID) >> 24, cpuid(1, 0).ebx >> 24);
}

void test_main(void) {
  trap_set(0x61, handler);
  modes();
  registers();
  self_ipi();
  leave();
}
