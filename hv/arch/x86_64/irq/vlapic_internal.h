/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the virtual local APIC's parts: registers, timer, interrupts between vCPUs. */
#ifndef VLAPIC_INTERNAL_H
#define VLAPIC_INTERNAL_H

#include <domain.h>

/* Registers by offset; an x2APIC MSR is 0x800 + offset / 16. */
enum {
  APIC_ID = 0x020,
  APIC_VERSION = 0x030,
  APIC_TPR = 0x080,
  APIC_APR = 0x090,
  APIC_PPR = 0x0a0,
  APIC_EOI = 0x0b0,
  APIC_RRD = 0x0c0,
  APIC_LDR = 0x0d0,
  APIC_DFR = 0x0e0,
  APIC_SPURIOUS = 0x0f0,
  APIC_ISR = 0x100,
  APIC_TMR = 0x180,
  APIC_IRR = 0x200,
  APIC_ESR = 0x280,
  APIC_ICR = 0x300,
  APIC_ICR_HIGH = 0x310,
  APIC_LVT_TIMER = 0x320,
  APIC_LVT_ERROR = 0x370,
  APIC_INITIAL_COUNT = 0x380,
  APIC_CURRENT_COUNT = 0x390,
  APIC_DIVIDE = 0x3e0,
  APIC_SELF_IPI = 0x3f0,
};

enum { LVT_TIMER, LVT_THERMAL, LVT_COUNTER, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };
#define LVT_MASKED           BIT(16)
#define LVT_TIMER_MODE       (3u << 17)
#define LVT_PERIODIC         (1u << 17)
#define LVT_DEADLINE         (2u << 17)
#define SPURIOUS_ENABLE      BIT(8)

#define BASE_BSP             BIT(8)
#define BASE_ENABLE          BIT(11)

#define ESR_SEND_ILLEGAL     BIT(5)
#define ESR_RECEIVE_ILLEGAL  BIT(6)
#define ESR_ILLEGAL_REGISTER BIT(7)

static inline bool vlapic_enabled(const struct vcpu *v) {
  return v->arch.apic_base & BASE_ENABLE;
}
static inline bool vlapic_software_enabled(const struct vcpu *v) {
  return vlapic_enabled(v) && (v->arch.lapic.spurious & SPURIOUS_ENABLE);
}

/* x2APIC's logical id follows from the id: cluster in 31:16, one bit below. */
static inline uint32_t vlapic_x2apic_ldr(uint32_t id) {
  return (id >> 4) << 16 | 1u << (id & 15);
}

void vlapic_error(struct vcpu *v, uint32_t esr_bits);
/* Raise the vector of a local source unless it is masked. */
void vlapic_local(struct vcpu *v, unsigned lvt);
/* Send what the command register says; in xAPIC mode `destination` is 8 bits. */
void vlapic_send(struct vcpu *v, uint32_t command, uint32_t destination);

uint32_t vlapic_timer_count(struct vcpu *v);
/* A register that the timer depends on is written. */
void vlapic_timer_write_lvt(struct vcpu *v, uint32_t value);
void vlapic_timer_write_count(struct vcpu *v, uint32_t value);
void vlapic_timer_write_divide(struct vcpu *v, uint32_t value);

#endif
