/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC of a vCPU: xAPIC by MMIO and x2APIC by MSR, timer
 * (one-shot, periodic, TSC deadline), IPIs, INIT and SIPI. AMD APM vol. 2
 * chapter 16; Intel SDM vol. 3 chapter 10.
 */
#ifndef ASM_VLAPIC_H
#define ASM_VLAPIC_H

#include <lib/status.h>
#include <lib/types.h>

struct vcpu;

/* Guest-physical address of the register page; it cannot be moved. */
#define VLAPIC_BASE 0xfee00000ull

struct vlapic {
  uint32_t id;       /* x2APIC id: vCPU id * 2, as on Xen */
  uint32_t ldr, dfr; /* logical destination, xAPIC */
  uint32_t tpr, spurious, esr, esr_pending;
  uint32_t lvt[6]; /* timer, thermal, performance, LINT0, LINT1, error */
  uint64_t icr;
  uint32_t divide, initial_count;
  uint64_t timer_start;  /* system time when the count was written, ns */
  uint64_t tsc_deadline; /* guest TSC value, 0: off */
  uint64_t irr[4];       /* atomic: siblings set bits */
  uint64_t isr[4];
  uint64_t tmr[4];
  uint8_t sipi_vector;
  uint8_t init_pending, sipi_pending, nmi_pending; /* set by siblings, atomic */
};

/* Power-on state. `enabled` software bit clear, all LVT masked. */
void vlapic_reset(struct vcpu *v);
/* Register access by offset (0x00..0x3f0, multiple of 16). NOT_FOUND: reserved register. */
enum status vlapic_read(struct vcpu *v, uint32_t reg, uint32_t *value);
enum status vlapic_write(struct vcpu *v, uint32_t reg, uint32_t value);
/* x2APIC MSRs 0x800..0x83f; a status other than OK means #GP. */
enum status vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
enum status vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value);
/* The register page answers: enabled and not in x2APIC mode. */
bool vlapic_is_mmio(const struct vcpu *v);
/* IA32_APIC_BASE: only the modes may change, as the manuals allow; else INVALID (#GP). */
enum status vlapic_base_write(struct vcpu *v, uint64_t value);
void vlapic_tsc_deadline_write(struct vcpu *v, uint64_t value);

/* Set a vector in the IRR (edge); from the vCPU itself or a sibling. The caller mails the target.
 */
void vlapic_raise(struct vcpu *v, uint8_t vector);
/* The highest vector that may be delivered above the processor priority, or -1. */
int vlapic_pending(struct vcpu *v);
/* Deliver it: IRR -> ISR. */
void vlapic_accept(struct vcpu *v, uint8_t vector);
/* A vector that was accepted could not be delivered after all: ISR -> IRR. */
void vlapic_put_back(struct vcpu *v, uint8_t vector);
/* Priority class (vector / 16) of an interrupt that the task priority alone holds back; 0: none. */
uint8_t vlapic_waiting_class(struct vcpu *v);
/* The timer's mail. */
void vlapic_timer_fired(struct vcpu *v);
/* Apply INIT, SIPI, NMI that siblings have sent. True if the vCPU's activity changed. */
bool vlapic_apply(struct vcpu *v);

#endif
