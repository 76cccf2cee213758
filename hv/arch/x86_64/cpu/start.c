/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a vCPU begins: power-on state, the boot protocol's state; and the few facts of the machine
 * that the guest ABI passes on.
 */
#include <arch/arch.h>
#include <asm/asid.h>
#include <asm/platform.h>
#include <asm/vendor.h>
#include <lib/atomic.h>
#include <lib/lib.h>

#define ATTR_CODE32 0xc9b
#define ATTR_DATA32 0xc93
#define ATTR_TSS    0x8b
#define ATTR_LDT    0x82

void arch_vcpu_reset(struct vcpu *v) {
  vendor->vcpu_reset(v);
  fpu_reset(v);
  v->arch.context_due = false;
  v->arch.undecoded = 0;
  asid_drop(v);
  state_reset(v);
  vlapic_reset(v);
}

void x86_load_segment(struct vcpu *v, enum x86_seg s, uint16_t attributes, uint32_t limit,
                      uint64_t base) {
  const struct x86_segment segment = {.attributes = attributes, .limit = limit, .base = base};
  vendor->set_segment(v, s, &segment);
}

void x86_load_flat(struct vcpu *v, uint16_t code) {
  x86_load_segment(v, SEG_CS, code, UINT32_MAX, 0);
  for (enum x86_seg s = SEG_ES; s <= SEG_GS; s++)
    if (s != SEG_CS)
      x86_load_segment(v, s, ATTR_DATA32, UINT32_MAX, 0);
  x86_load_segment(v, SEG_LDTR, ATTR_LDT, 0, 0);
  x86_load_segment(v, SEG_TR, ATTR_TSS, 0x67, 0);
}

/* xen/arch-x86/hvm/start_info.h: 32-bit protected mode, flat segments, paging off. */
void arch_vcpu_start(struct vcpu *v, gpa_t entry, gpa_t start_info) {
  x86_load_flat(v, ATTR_CODE32);
  vendor->set(v, CREG_CR0, CR0_PE | CR0_ET);
  vendor->set(v, CREG_CR4, 0);
  vendor->set(v, CREG_EFER, 0);
  v->arch.regs.gpr[RBX] = start_info.v;
  v->arch.regs.gpr[RDX] = 0;
  v->arch.regs.rip = entry.v;
  v->arch.regs.rflags = RFLAGS_FIXED;
  v->arch.activity = ACTIVITY_RUN;
}

/* --- a context from a sibling --------------------------------------------------------- */

void arch_vcpu_set_up(struct vcpu *v, bool up) {
  enum x86_activity run = v->arch.context_due ? ACTIVITY_START : ACTIVITY_RUN;
  if (up == arch_vcpu_offline(v))
    atomic_store(&v->arch.activity, up ? run : ACTIVITY_OFFLINE);
}

/* --- facts for the guest ABI -------------------------------------------------------------- */

bool arch_vcpu_is_32bit(const struct vcpu *v) {
  struct x86_mode m;
  vendor->get_mode((struct vcpu *)(uintptr_t)v, &m);
  return x86_code_bits(&m) != 64;
}

uint64_t x86_tsc(const struct vcpu *v, uint64_t host) {
  if (ENABLED(CONFIG_TSC_SCALING))
    host = tsc_to_guest(v->domain, host);
  return host + vendor->get((struct vcpu *)(uintptr_t)v, CREG_TSC_OFFSET);
}

void arch_vcpu_clock(const struct vcpu *v, struct arch_clock *c) {
  *c = tsc_clock;
  c->zero = x86_tsc(v, c->zero);
  if (ENABLED(CONFIG_TSC_SCALING))
    tsc_rate(v->domain, c);
}

const uint8_t *arch_hypercall_insn(void) {
  static const uint8_t vmmcall[] = {0x0f, 0x01, 0xd9}, vmcall[] = {0x0f, 0x01, 0xc1};
  return cpu_features.intel ? vmcall : vmmcall;
}
