// SPDX-License-Identifier: Apache-2.0
// The local APIC in the mode it is in.
#include "acpi.h"
#include "apic.h"
#include "rt.h"

int apic_is_x2(void) {
  return !!(rdmsr(APIC_BASE_MSR) & APIC_BASE_X2);
}

uint32_t apic_read(unsigned reg) {
  if (apic_is_x2())
    return rdmsr(0x800 + (reg >> 4));
  return *(volatile uint32_t *)(APIC_MMIO + reg);
}

void apic_write(unsigned reg, uint32_t value) {
  if (apic_is_x2())
    wrmsr(0x800 + (reg >> 4), value);
  else
    *(volatile uint32_t *)(APIC_MMIO + reg) = value;
}

void apic_enable(void) {
  apic_write(APIC_TPR, 0);
  apic_write(APIC_SVR, 0x1ff);
}

void apic_enter_x2(void) {
  wrmsr(APIC_BASE_MSR, rdmsr(APIC_BASE_MSR) | APIC_BASE_X2);
}

uint32_t apic_id(void) {
  return apic_is_x2() ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

void apic_ipi(uint32_t destination, uint32_t command) {
  if (apic_is_x2()) {
    wrmsr(0x800 + (APIC_ICR >> 4), (uint64_t)destination << 32 | command);
    return;
  }
  apic_write(APIC_ICR_HIGH, destination << 24);
  apic_write(APIC_ICR, command);
}

void apic_eoi(void) {
  apic_write(APIC_EOI, 0);
}

int apic_bit(unsigned reg, unsigned vector) {
  return apic_read(reg + (vector / 32) * 16) >> (vector % 32) & 1;
}

int64_t apic_id_of_vcpu(unsigned vcpu) {
  const struct acpi_table *madt = acpi_find("APIC");
  if (!madt)
    return -1;
  const uint8_t *end = (const uint8_t *)madt + madt->length;
  // Local APIC (type 0) and local x2APIC (type 9) structures, ACPI 6.2 section 5.2.12.
  for (const uint8_t *p = (const uint8_t *)madt + 44; p < end && p[1]; p += p[1]) {
    if (p[0] == 0 && p[2] == vcpu && (p[4] & 1))
      return p[3];
    if (p[0] == 9 && *(const uint32_t *)(p + 12) == vcpu && (p[8] & 1))
      return *(const uint32_t *)(p + 4);
  }
  return -1;
}
