/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a vCPU begins: power-on state, the boot protocol's state, a context that
 * a sibling has given it; and the few facts of the machine that the guest ABI
 * passes on.
 */
#include <arch/arch.h>
#include <asm/platform.h>
#include <asm/vendor.h>
#include <lib/atomic.h>
#include <lib/lib.h>

#define RFLAGS_LEGAL 0x3f7fd7ull

#define ATTR_CODE32  0xc9b
#define ATTR_CODE64  0xa9b
#define ATTR_DATA32  0xc93
#define ATTR_TSS     0x8b
#define ATTR_LDT     0x82

void arch_vcpu_reset(struct vcpu *v) {
  vendor->vcpu_reset(v);
  fpu_reset(v);
  v->arch.nmi_iret = v->arch.nmi_step = false;
  v->arch.undecoded = 0;
  v->arch.flush_seen = 0;
  state_reset(v);
  vlapic_reset(v);
}

static void load_segment(struct vcpu *v, enum x86_seg s, uint16_t attributes, uint32_t limit,
                         uint64_t base) {
  const struct x86_segment segment = {.attributes = attributes, .limit = limit, .base = base};
  vendor->set_segment(v, s, &segment);
}

static void load_flat(struct vcpu *v, uint16_t code) {
  load_segment(v, SEG_CS, code, UINT32_MAX, 0);
  for (enum x86_seg s = SEG_ES; s <= SEG_GS; s++)
    if (s != SEG_CS)
      load_segment(v, s, ATTR_DATA32, UINT32_MAX, 0);
  load_segment(v, SEG_LDTR, ATTR_LDT, 0, 0);
  load_segment(v, SEG_TR, ATTR_TSS, 0x67, 0);
}

/* xen/arch-x86/hvm/start_info.h: 32-bit protected mode, flat segments, paging off. */
void arch_vcpu_start(struct vcpu *v, gpa_t entry, gpa_t start_info) {
  load_flat(v, ATTR_CODE32);
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

static bool context_registers_legal(const struct arch_context *c) {
  if (!cr0_legal(c->cr0) || !cr4_legal(c->cr4) || !efer_legal(c->efer))
    return false;
  if (c->flags & ~RFLAGS_LEGAL || !(c->cr0 & CR0_PE))
    return false;
  return !(c->cr3 & cpuid_reserved_address);
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
    load_flat(v, ATTR_CODE64);
    return;
  }
  for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
    load_segment(v, order[i], c->segment[i].attributes, c->segment[i].limit, c->segment[i].base);
}

enum status arch_vcpu_set_context(struct vcpu *v, const struct arch_context *c) {
  enum x86_activity waiting = ACTIVITY_WAIT_SIPI;
  if (!context_registers_legal(c) || !context_mode_legal(c) || !context_segments_legal(c))
    return STATUS_INVALID;
  /* From here on no SIPI starts it: its thread must not enter the guest with half a control block.
   */
  if (!atomic_cas(&v->arch.activity, &waiting, ACTIVITY_OFFLINE))
    return STATUS_EXISTS;
  arch_vcpu_reset(v);
  load_context_segments(v, c);
  for (unsigned i = 0; i < ARRAY_SIZE(c->gpr); i++)
    v->arch.regs.gpr[i] = c->gpr[i];
  v->arch.regs.rip = c->ip;
  v->arch.regs.rflags = c->flags | RFLAGS_FIXED;
  vendor->set(v, CREG_CR0, c->cr0 | CR0_ET);
  vendor->set(v, CREG_CR3, c->cr3);
  vendor->set(v, CREG_CR4, c->cr4);
  vendor->set(v, CREG_EFER, c->efer);
  v->arch.activity = ACTIVITY_OFFLINE;
  return STATUS_OK;
}

void arch_vcpu_set_up(struct vcpu *v, bool up) {
  if (up == arch_vcpu_offline(v))
    atomic_store(&v->arch.activity, up ? ACTIVITY_RUN : ACTIVITY_OFFLINE);
}

/* --- facts for the guest ABI -------------------------------------------------------------- */

bool arch_vcpu_is_32bit(const struct vcpu *v) {
  struct x86_mode m;
  vendor->get_mode((struct vcpu *)(uintptr_t)v, &m);
  return x86_code_bits(&m) != 64;
}

void arch_vcpu_clock(const struct vcpu *v, struct arch_clock *c) {
  uint64_t offset = vendor->get((struct vcpu *)(uintptr_t)v, CREG_TSC_OFFSET);
  *c = (struct arch_clock){
      .zero = tsc_of_system_time_zero() + offset,
      .mul = tsc_to_ns_mul,
      .shift = tsc_to_ns_shift,
      .stable = cpu_features.invariant_tsc,
      .khz = (uint32_t)tsc_khz,
  };
}

const uint8_t *arch_hypercall_insn(void) {
  static const uint8_t vmmcall[] = {0x0f, 0x01, 0xd9}, vmcall[] = {0x0f, 0x01, 0xc1};
  return cpu_features.intel ? vmcall : vmmcall;
}
