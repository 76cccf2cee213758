/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU's registers under VT-x: fields of the VMCS, the CPU's own registers
 * while the thread is on it, or struct vmx. Intel SDM vol. 3C, 24.4, 24.6.6.
 */
#include <arch/arch.h>
#include <asm/machine.h>
#include <lib/lib.h>
#include "vmx.h"

#define APIC_TPR (0x80 / 4) /* 29.1.1, in the virtual-APIC page */

/* --- where they are ------------------------------------------------------------------------- */

/* Registers that are a field as they stand; 0: others. */
static const uint16_t creg_field[] = {
    [CREG_CR3] = VMCS_GUEST_CR3,
    [CREG_DR7] = VMCS_GUEST_DR7,
    [CREG_PAT] = VMCS_GUEST_PAT,
    [CREG_SYSENTER_CS] = VMCS_GUEST_SYSENTER_CS,
    [CREG_SYSENTER_ESP] = VMCS_GUEST_SYSENTER_ESP,
    [CREG_SYSENTER_EIP] = VMCS_GUEST_SYSENTER_EIP,
    [CREG_TSC_OFFSET] = 0,
};

static const struct {
  enum x86_creg creg;
  uint32_t msr;
} own[OWN_MSRS] = {
    [OWN_STAR] = {CREG_STAR, 0xc0000081},
    [OWN_LSTAR] = {CREG_LSTAR, 0xc0000082},
    [OWN_CSTAR] = {CREG_CSTAR, 0xc0000083},
    [OWN_SFMASK] = {CREG_SFMASK, 0xc0000084},
    [OWN_KERNEL_GS] = {CREG_KERNEL_GS_BASE, 0xc0000102},
};

uint32_t vmx_own_msr(unsigned i) {
  return own[i].msr;
}

static unsigned own_index(enum x86_creg r) {
  for (unsigned i = 0; i < OWN_MSRS; i++)
    if (own[i].creg == r)
      return i;
  panic("register %u is nowhere", r);
}

/* --- registers that the machine constrains -----------------------------------------------------
 */

/* What the guest sees: its own bits from the register, ours from the shadow. */
static uint64_t seen(enum vmcs_field reg, enum vmcs_field shadow, uint64_t mask) {
  return (vmcs_read(reg) & ~mask) | (vmcs_read(shadow) & mask);
}

/* In unrestricted guest PE and PG are the guest's (23.8, 26.3.1.1). */
static void cr0_set(uint64_t value) {
  vmcs_write(VMCS_CR0_SHADOW, value);
  vmcs_write(VMCS_GUEST_CR0, (value | vmx_machine.cr0_fixed0) & vmx_machine.cr0_fixed1);
}

static void cr4_set(uint64_t value) {
  vmcs_write(VMCS_CR4_SHADOW, value);
  vmcs_write(VMCS_GUEST_CR4, value | vmx_machine.cr4_fixed0);
}

/* 26.3.1.1: the entry control must say the same as LMA. */
static void efer_set(uint64_t value) {
  uint32_t long_mode = value & EFER_LMA ? ENTRY_LONG_MODE : 0;
  vmcs_write(VMCS_GUEST_EFER, value);
  vmcs_write(VMCS_ENTRY, vmx_machine.entry | long_mode);
}

/* --- by number
 * ------------------------------------------------------------------------------------ */

static uint64_t vmcs_get(enum x86_creg r) {
  switch (r) {
  case CREG_CR0:
    return seen(VMCS_GUEST_CR0, VMCS_CR0_SHADOW, vmx_machine.cr0_mask);
  case CREG_CR4:
    return seen(VMCS_GUEST_CR4, VMCS_CR4_SHADOW, vmx_machine.cr4_mask);
  case CREG_EFER:
    return vmcs_read(VMCS_GUEST_EFER);
  default:
    return vmcs_read(creg_field[r]);
  }
}

static void vmcs_set(enum x86_creg r, uint64_t value) {
  switch (r) {
  case CREG_CR0:
    return cr0_set(value);
  case CREG_CR4:
    return cr4_set(value);
  case CREG_EFER:
    return efer_set(value);
  default:
    return vmcs_write(creg_field[r], value);
  }
}

static uint64_t dr6_read(void) {
  uint64_t value;
  asm volatile("mov %%db6, %0" : "=r"(value));
  return value;
}

static bool in_vmcs(enum x86_creg r) {
  return r == CREG_CR0 || r == CREG_CR4 || r == CREG_EFER ||
         (r < ARRAY_SIZE(creg_field) && creg_field[r]);
}

uint64_t vmx_get(struct vcpu *v, enum x86_creg r) {
  struct vmx *x = vmx_of(v);
  if (r == CREG_CR2)
    return x->cr2;
  if (r == CREG_CR8)
    return x->virtual_apic[APIC_TPR] >> 4;
  if (r == CREG_TSC_OFFSET)
    return x->tsc_offset;
  if (r == CREG_DR6)
    return v == vcpu_current() ? dr6_read() : x->dr6;
  if (!in_vmcs(r)) {
    unsigned i = own_index(r);
    return v == vcpu_current() ? rdmsr(own[i].msr) : x->own_msr[i];
  }
  vmx_take(v);
  uint64_t value = vmcs_get(r);
  vmx_give(v);
  return value;
}

/* Those that stand in struct vmx and, for the vCPU that runs, in the CPU. False: in the VMCS. */
static bool set_own(struct vcpu *v, enum x86_creg r, uint64_t value) {
  struct vmx *x = vmx_of(v);
  bool runs = v == vcpu_current();
  if (in_vmcs(r))
    return false;
  if (r == CREG_CR2) {
    x->cr2 = value;
  } else if (r == CREG_CR8) {
    x->virtual_apic[APIC_TPR] = (uint32_t)(value & 15) << 4;
  } else if (r == CREG_TSC_OFFSET) {
    x->tsc_offset = value;
    if (runs)
      vmcs_write(VMCS_TSC_OFFSET, value);
  } else if (r == CREG_DR6) {
    x->dr6 = value;
    if (runs)
      asm volatile("mov %0, %%db6" ::"r"(value));
  } else {
    x->own_msr[own_index(r)] = value;
    if (runs)
      wrmsr(own[own_index(r)].msr, value);
  }
  return true;
}

void vmx_set(struct vcpu *v, enum x86_creg r, uint64_t value) {
  if (set_own(v, r, value))
    return;
  vmx_take(v);
  vmcs_set(r, value);
  vmx_give(v);
  if (r == CREG_CR0 || r == CREG_CR3 || r == CREG_CR4 || r == CREG_EFER)
    vmx_of(v)->table_due = true;
}

/* --- segments
 * --------------------------------------------------------------------------------------- */

/* 24.4.1: AVL, L, D/B and G stand four bits higher than in x86_segment; what is not present is
 * unusable, and keeps its DPL. */
static uint64_t attributes_pack(uint16_t a) {
  return (a & 0xffu) | (uint64_t)(a & 0xf00) << 4 | (a & 0x80 ? 0 : ATTRIBUTES_UNUSABLE);
}

static uint16_t attributes_unpack(uint64_t a) {
  uint16_t low = a & ATTRIBUTES_UNUSABLE ? a & 0x7f : a & 0xff;
  return (uint16_t)(low | (a >> 4 & 0xf00));
}

static bool is_table(enum x86_seg s) {
  return s == SEG_GDTR || s == SEG_IDTR;
}

void vmx_get_segment(struct vcpu *v, enum x86_seg s, struct x86_segment *out) {
  *out = (struct x86_segment){0};
  vmx_take(v);
  out->limit = (uint32_t)vmcs_read(VMCS_GUEST_LIMIT + 2 * s);
  out->base = vmcs_read(VMCS_GUEST_BASE + 2 * s);
  if (!is_table(s)) {
    out->selector = (uint16_t)vmcs_read(VMCS_GUEST_SELECTOR + 2 * s);
    out->attributes = attributes_unpack(vmcs_read(VMCS_GUEST_ATTRIBUTES + 2 * s));
  }
  vmx_give(v);
}

void vmx_set_segment(struct vcpu *v, enum x86_seg s, const struct x86_segment *in) {
  vmx_take(v);
  vmcs_write(VMCS_GUEST_LIMIT + 2 * s, in->limit);
  vmcs_write(VMCS_GUEST_BASE + 2 * s, in->base);
  if (!is_table(s)) {
    vmcs_write(VMCS_GUEST_SELECTOR + 2 * s, in->selector);
    vmcs_write(VMCS_GUEST_ATTRIBUTES + 2 * s, attributes_pack(in->attributes));
  }
  vmx_give(v);
}

/* The privilege level is SS's, whether usable or not. */
void vmx_get_mode(struct vcpu *v, struct x86_mode *out) {
  vmx_take(v);
  *out = (struct x86_mode){
      .cr0 = vmcs_get(CREG_CR0),
      .cr3 = vmcs_read(VMCS_GUEST_CR3),
      .cr4 = vmcs_get(CREG_CR4),
      .efer = vmcs_read(VMCS_GUEST_EFER),
      .cs_base = vmcs_read(VMCS_GUEST_BASE + 2 * SEG_CS),
      .cs_attributes = attributes_unpack(vmcs_read(VMCS_GUEST_ATTRIBUTES + 2 * SEG_CS)),
      .cpl = vmcs_read(VMCS_GUEST_ATTRIBUTES + 2 * SEG_SS) >> 5 & 3,
  };
  vmx_give(v);
}

_Static_assert(SEG_TR == 7 && SEG_GDTR == 8 && SEG_IDTR == 9, "the fields' order");
