// SPDX-License-Identifier: Apache-2.0
// The local APIC in both its modes (Intel SDM volume 3, "Advanced programmable interrupt
// controller"); registers are named by their MMIO offset, of which the x2APIC MSR is 0x800 + o/16.
#ifndef APIC_H
#define APIC_H

#include <stdint.h>

#define APIC_BASE_MSR    0x1b
#define APIC_BASE_ENABLE (1UL << 11)
#define APIC_BASE_X2     (1UL << 10)
#define APIC_BASE_BSP    (1UL << 8)
#define APIC_MMIO        0xfee00000UL
#define TSC_DEADLINE_MSR 0x6e0

enum {
  APIC_ID = 0x20,
  APIC_VERSION = 0x30,
  APIC_TPR = 0x80,
  APIC_PPR = 0xa0,
  APIC_EOI = 0xb0,
  APIC_LDR = 0xd0,
  APIC_DFR = 0xe0,
  APIC_SVR = 0xf0,
  APIC_ISR = 0x100,
  APIC_IRR = 0x200,
  APIC_ESR = 0x280,
  APIC_ICR = 0x300,
  APIC_ICR_HIGH = 0x310,
  APIC_LVT_TIMER = 0x320,
  APIC_LVT_LINT0 = 0x350,
  APIC_LVT_LINT1 = 0x360,
  APIC_LVT_ERROR = 0x370,
  APIC_TIMER_INITIAL = 0x380,
  APIC_TIMER_CURRENT = 0x390,
  APIC_TIMER_DIVIDE = 0x3e0,
  APIC_SELF_IPI = 0x3f0,
};

// Interrupt command register.
#define APIC_FIXED     0x0u
#define APIC_NMI       0x400u
#define APIC_INIT      0x4500u // asserted
#define APIC_SIPI      0x4600u
#define APIC_TO_SELF   (1u << 18)
#define APIC_TO_ALL    (2u << 18)
#define APIC_TO_OTHERS (3u << 18)
#define APIC_LOGICAL   (1u << 11)
// LVT.
#define APIC_MASKED    (1u << 16)
#define APIC_PERIODIC  (1u << 17)
#define APIC_DEADLINE  (2u << 17)

int apic_is_x2(void);
uint32_t apic_read(unsigned reg);
void apic_write(unsigned reg, uint32_t value);
// Software enable, spurious vector 0xff, task priority 0.
void apic_enable(void);
void apic_enter_x2(void);
uint32_t apic_id(void);
void apic_ipi(uint32_t destination, uint32_t command);
void apic_eoi(void);
int apic_bit(unsigned reg, unsigned vector); // of ISR or IRR
// The APIC id that the MADT gives a vCPU (ACPI UID = vCPU id); -1 when it has none.
int64_t apic_id_of_vcpu(unsigned vcpu);

#endif
