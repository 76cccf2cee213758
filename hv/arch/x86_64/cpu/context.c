/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a vCPU begins with a context that a sibling has given it. No personality's
 * format: that is the caller's matter.
 */
#include <arch/arch.h>
#include <asm/vendor.h>
#include <lib/atomic.h>

#define RFLAGS_LEGAL 0x3f7fd7ull
#define ATTR_CODE64  0xa9b

static bool context_registers_legal(const struct arch_context *c) {
  if (!cr0_legal(c->cr0) || !cr4_legal(c->cr4) || (c->efer & cpuid_reserved_efer))
    return false;
  if (c->flags & ~RFLAGS_LEGAL || !(c->cr0 & CR0_PE))
    return false;
  /* No bit of CR3 is for software, as bits 52 to 62 of an entry are. */
  return !(c->cr3 & (cpuid_reserved_address | ~0x000fffffffffffffull));
}

/* Long mode is paging with LME; then LMA must say so and PAE must be on. */
static bool context_mode_legal(const struct arch_context *c) {
  bool active = (c->cr0 & CR0_PG) && (c->efer & EFER_LME);
  if (active != !!(c->efer & EFER_LMA))
    return false;
  if (c->mode64)
    return active && (c->cr4 & CR4_PAE);
  return !active || (c->cr4 & CR4_PAE);
}

static bool context_segments_legal(const struct arch_context *c) {
  if (c->mode64)
    return true;
  for (unsigned i = 0; i < ARRAY_SIZE(c->segment); i++) {
    uint16_t a = c->segment[i].attributes;
    if ((a & ~0xfffu) || !(a & 0x80)) /* present */
      return false;
  }
  /* Code is code without L, the others are data, the last is a TSS in use. */
  return (c->segment[0].attributes & 0x218) == 0x18 && (c->segment[4].attributes & 0x1f) == 0xb;
}

static void load_context_segments(struct vcpu *v, const struct arch_context *c) {
  static const enum x86_seg order[] = {SEG_CS, SEG_DS, SEG_SS, SEG_ES, SEG_TR};
  if (c->mode64) {
    x86_load_flat(v, ATTR_CODE64);
    return;
  }
  for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
    x86_load_segment(v, order[i], c->segment[i].attributes, c->segment[i].limit,
                     c->segment[i].base);
}

/* From here on no SIPI starts it, so nobody reads the context while it is written. */
enum status arch_vcpu_set_context(struct vcpu *v, const struct arch_context *c) {
  enum x86_activity waiting = ACTIVITY_WAIT_SIPI;
  if (!context_registers_legal(c) || !context_mode_legal(c) || !context_segments_legal(c))
    return STATUS_INVALID;
  if (!atomic_cas(&v->arch.activity, &waiting, ACTIVITY_OFFLINE))
    return STATUS_EXISTS;
  v->arch.context = *c;
  v->arch.context_due = true;
  return STATUS_OK;
}

/* All other registers are as after power-on or INIT. */
static void load_context(struct vcpu *v, const struct arch_context *c) {
  load_context_segments(v, c);
  for (unsigned i = 0; i < ARRAY_SIZE(c->gpr); i++)
    v->arch.regs.gpr[i] = c->gpr[i];
  v->arch.regs.rip = c->ip;
  v->arch.regs.rflags = c->flags | RFLAGS_FIXED;
  vendor->set(v, CREG_CR0, c->cr0 | CR0_ET);
  vendor->set(v, CREG_CR3, c->cr3);
  vendor->set(v, CREG_CR4, c->cr4);
  vendor->set(v, CREG_EFER, c->efer);
}

bool x86_context_load(struct vcpu *v) {
  enum x86_activity start = ACTIVITY_START;
  if (v->arch.context_due)
    load_context(v, &v->arch.context);
  v->arch.context_due = false;
  return atomic_cas(&v->arch.activity, &start, ACTIVITY_RUN);
}
