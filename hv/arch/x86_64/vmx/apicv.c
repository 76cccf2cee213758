/* SPDX-License-Identifier: Apache-2.0 */
/*
 * APICv (CONFIG_APICV) for a vCPU whose local APIC is in x2APIC mode: the
 * machine delivers what is requested of it, and takes the end of an interrupt
 * and the task priority without an exit. In root mode the virtual APIC of
 * irq/vlapic.c has the truth, in the guest the virtual-APIC page: an entry gives
 * requests and services to the page, an exit takes them back. All else of the
 * APIC exits as ever. Intel SDM vol. 3C, chapter 29.
 */
#include <arch/arch.h>
#include <domain.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include "vmx.h"

/* Of the virtual-APIC page, in words of 32 bits; a map has one in each 16 bytes. */
#define PAGE_TPR       (0x080 / 4)
#define PAGE_ISR       (0x100 / 4)
#define PAGE_IRR       (0x200 / 4)
#define MAP_WORDS      4 /* of 64 bits, in root mode */
#define PAGE_WORDS     8

#define MSR_TPR        0x808u
#define MSR_PPR        0x80au
#define MSR_EOI        0x80bu
#define MSR_ISR        0x810u
#define MSR_IRR_LAST   0x827u /* TMR between the two is 0 in both */

/* No status that a vCPU has, so that the next entry gives all. */
#define STATUS_UNKNOWN 0x10000u

uint64_t vmx_apicv_bitmap;

/* --- what does not exit -------------------------------------------------------------------- */

__boot void vmx_apicv_msrs(uint8_t *map) {
  vmx_msr_read_allow(map, MSR_TPR);
  vmx_msr_write_allow(map, MSR_TPR);
  vmx_msr_read_allow(map, MSR_PPR);
  vmx_msr_write_allow(map, MSR_EOI);
  for (uint32_t msr = MSR_ISR; msr <= MSR_IRR_LAST; msr++)
    vmx_msr_read_allow(map, msr);
}

/* --- before an entry ------------------------------------------------------------------------- */

/* Returns the highest vector, 0 if there is none: no vector below 16 gets into a map. */
static uint32_t map_give(uint32_t *page, const uint64_t map[MAP_WORDS]) {
  uint32_t vector = 0;
  for (size_t i = 0; i < PAGE_WORDS; i++) {
    uint32_t word = (uint32_t)(map[i / 2] >> (32 * (i % 2)));
    page[4 * i] = word;
    if (word)
      vector = 32 * (uint32_t)i + 31 - (uint32_t)__builtin_clz(word);
  }
  return vector;
}

/* Requests that a sibling makes from here on come with its kick, which ends the entry: until then
 * they stay where they are (cpu/inject.c). */
static uint32_t maps_give(struct vcpu *v, struct vmx *x) {
  uint64_t irr[MAP_WORDS];
  for (unsigned i = 0; i < MAP_WORDS; i++)
    irr[i] = atomic_swap(&v->arch.lapic.irr[i], 0);
  uint32_t requested = map_give(x->virtual_apic + PAGE_IRR, irr);
  return requested | map_give(x->virtual_apic + PAGE_ISR, v->arch.lapic.isr) << 8;
}

/* 29.1, 29.5: the two ways to have an APIC exclude each other, and the guest's is its own choice.
 */
static void mode_write(struct vcpu *v, struct vmx *x, bool on) {
  vmcs_write(VMCS_PROC2, x->proc2 | (on ? vmx_machine.apicv : 0));
  vmcs_write(VMCS_MSR_BITMAP, on ? vmx_apicv_bitmap : vmx_msr_bitmap);
  v->arch.apic_by_machine = on;
  v->arch.apic_due = true;
  x->interrupt_status = on ? STATUS_UNKNOWN : 0;
}

static bool in_service(const struct vlapic *a) {
  return a->isr[0] | a->isr[1] | a->isr[2] | a->isr[3];
}

void vmx_apicv_enter(struct vcpu *v, struct vmx *x) {
  bool on = vmx_machine.apicv && vlapic_x2apic(v);
  if (unlikely(on != v->arch.apic_by_machine))
    mode_write(v, x, on);
  if (!on || !(vlapic_requests(v) || x->interrupt_status || in_service(&v->arch.lapic)))
    return;
  uint32_t status = maps_give(v, x);
  if (status != x->interrupt_status)
    vmcs_write(VMCS_GUEST_INTERRUPT_STATUS, status);
  x->interrupt_status = status;
}

/* --- after an exit ------------------------------------------------------------------------------
 */

static uint64_t map_word(const uint32_t *page, size_t i) {
  return page[8 * i] | (uint64_t)page[8 * i + 4] << 32;
}

void vmx_apicv_exit(struct vcpu *v, struct vmx *x) {
  struct vlapic *a = &v->arch.lapic;
  if (!v->arch.apic_by_machine)
    return;
  uint32_t status = (uint32_t)vmcs_read(VMCS_GUEST_INTERRUPT_STATUS);
  a->tpr = x->virtual_apic[PAGE_TPR] & 0xff;
  if (!(status | x->interrupt_status)) /* both maps were empty, and are */
    return;
  for (unsigned i = 0; i < MAP_WORDS; i++) {
    a->isr[i] = map_word(x->virtual_apic + PAGE_ISR, i);
    (void)atomic_or(&a->irr[i], map_word(x->virtual_apic + PAGE_IRR, i));
  }
  x->interrupt_status = status;
}
