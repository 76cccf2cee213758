/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All guest-visible state of a vCPU but the FPU, as one table of records: reset,
 * INIT and the dump walk it, save and debugging will. Values at reset and after
 * INIT: AMD APM vol. 2, table 14-1; Intel SDM vol. 3, table 9-1. The setters
 * refuse what is not a legal state of the machine.
 */
#include <arch/arch.h>
#include <asm/mtrr.h>
#include <asm/vendor.h>

#define RFLAGS_LEGAL  0x3f7fd5ull
#define EVENT_TYPE_AT 32

/* --- getters and setters: `arg` says which ------------------------------------------- */

static void *field(struct vcpu *v, uint32_t offset) {
  return (char *)v + offset;
}

static uint64_t get64(struct vcpu *v, uint32_t offset) {
  return *(uint64_t *)field(v, offset);
}
static bool set64(struct vcpu *v, uint32_t offset, uint64_t value) {
  *(uint64_t *)field(v, offset) = value;
  return true;
}

static uint64_t get32(struct vcpu *v, uint32_t offset) {
  return *(uint32_t *)field(v, offset);
}
static bool set32(struct vcpu *v, uint32_t offset, uint64_t value) {
  *(uint32_t *)field(v, offset) = (uint32_t)value;
  return value >> 32 == 0;
}

static uint64_t get8(struct vcpu *v, uint32_t offset) {
  return *(uint8_t *)field(v, offset);
}
static bool set8(struct vcpu *v, uint32_t offset, uint64_t value) {
  *(uint8_t *)field(v, offset) = value != 0;
  return value <= 1;
}

static bool set_rflags(struct vcpu *v, uint32_t offset, uint64_t value) {
  if (value & ~(RFLAGS_LEGAL | RFLAGS_FIXED))
    return false;
  return set64(v, offset, value | RFLAGS_FIXED);
}

static bool set_xcr0(struct vcpu *v, uint32_t offset, uint64_t value) {
  return (value == 1 || xcr0_legal(value)) && set64(v, offset, value);
}

static bool set_activity(struct vcpu *v, uint32_t offset, uint64_t value) {
  if (value > ACTIVITY_OFFLINE)
    return false;
  *(uint8_t *)field(v, offset) = (uint8_t)value;
  return true;
}

static uint64_t get_creg(struct vcpu *v, uint32_t r) {
  return vendor->get(v, r);
}
static bool set_creg(struct vcpu *v, uint32_t r, uint64_t value) {
  vendor->set(v, r, value);
  return true;
}

static bool creg_legal(uint32_t r, uint64_t value) {
  switch (r) {
  case CREG_CR0:
    return cr0_legal(value);
  case CREG_CR4:
    return cr4_legal(value);
  case CREG_EFER:
    return !(value & cpuid_reserved_efer);
  case CREG_PAT:
    return pat_legal(value);
  case CREG_CR8:
    return value < 16;
  default:
    return value >> 32 == 0; /* debug registers */
  }
}
static bool set_creg_legal(struct vcpu *v, uint32_t r, uint64_t value) {
  return creg_legal(r, value) && set_creg(v, r, value);
}

/* A segment has four records: arg is its number * 4 + the part. */
enum { PART_SELECTOR, PART_ATTRIBUTES, PART_LIMIT, PART_BASE };

static uint64_t get_segment(struct vcpu *v, uint32_t arg) {
  struct x86_segment s;
  vendor->get_segment(v, arg / 4, &s);
  const uint64_t part[] = {s.selector, s.attributes, s.limit, s.base};
  return part[arg % 4];
}
static bool set_segment(struct vcpu *v, uint32_t arg, uint64_t value) {
  static const uint64_t most[] = {UINT16_MAX, 0xfff, UINT32_MAX, UINT64_MAX};
  struct x86_segment s;
  if (value > most[arg % 4])
    return false;
  vendor->get_segment(v, arg / 4, &s);
  if (arg % 4 == PART_SELECTOR)
    s.selector = (uint16_t)value;
  else if (arg % 4 == PART_ATTRIBUTES)
    s.attributes = (uint16_t)value;
  else if (arg % 4 == PART_LIMIT)
    s.limit = (uint32_t)value;
  else
    s.base = value;
  vendor->set_segment(v, arg / 4, &s);
  return true;
}

/* Type in bits 32 and up, has_error in 40, vector in 0-7; the error code has a record of its own.
 */
static uint64_t get_event(struct vcpu *v, uint32_t arg __unused_param) {
  const struct x86_event *e = &v->arch.event;
  return (uint64_t)e->type << EVENT_TYPE_AT | (uint64_t)e->has_error << 40 | e->vector;
}
static bool set_event(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  unsigned type = (value >> EVENT_TYPE_AT) & 0xff;
  if (type > EVENT_EXCEPTION)
    return false;
  v->arch.event.type = type;
  v->arch.event.vector = (uint8_t)value;
  v->arch.event.has_error = (value >> 40) & 1;
  return true;
}

/* --- the table ------------------------------------------------------------------------- */

#define AT(member) offsetof(struct vcpu, arch.member)

#define KEPT(name, id, reset, get, set, arg)                                                       \
  { name, id, reset, 0, true, get, set, arg }
#define BOTH(name, id, value, get, set, arg)                                                       \
  { name, id, value, value, false, get, set, arg }

#define GPR(name, n, value) BOTH(name, 0x000 + n, value, get64, set64, AT(regs.gpr[n]))
#define SEGMENT(name, n, selector, attributes, limit, base)                                        \
  BOTH(name, 0x100 + 4 * n, selector, get_segment, set_segment, 4 * n),                            \
      BOTH(name ".attributes", 0x101 + 4 * n, attributes, get_segment, set_segment, 4 * n + 1),    \
      BOTH(name ".limit", 0x102 + 4 * n, limit, get_segment, set_segment, 4 * n + 2),              \
      BOTH(name ".base", 0x103 + 4 * n, base, get_segment, set_segment, 4 * n + 3)
#define MSR(name, creg)                KEPT(name, 0x300 + creg, 0, get_creg, set_creg, creg)
#define LAPIC(name, id, value, member) BOTH(name, 0x400 + id, value, get32, set32, AT(lapic.member))
#define LAPIC64(name, id, member)      BOTH(name, 0x400 + id, 0, get64, set64, AT(lapic.member))
#define MTRR_PAIR(n)                                                                               \
  KEPT("mtrr.base" #n, 0x510 + 2 * n, 0, get64, set64, AT(mtrr.base[n])),                          \
      KEPT("mtrr.mask" #n, 0x511 + 2 * n, 0, get64, set64, AT(mtrr.mask[n]))
#define MTRR_FIXED(n)                                                                              \
  KEPT("mtrr.fixed" #n, 0x530 + n, 0x0606060606060606, get64, set64, AT(mtrr.fixed[n]))

/* RDX holds the family and model at power-on; guests of a boot protocol do not look. The order
 * counts: SS after the others, since it sets the privilege level. */
const struct state_record state_table[] = {
    GPR("rax", RAX, 0), GPR("rcx", RCX, 0), GPR("rdx", RDX, 0x600), GPR("rbx", RBX, 0),
    GPR("rsp", RSP, 0), GPR("rbp", RBP, 0), GPR("rsi", RSI, 0), GPR("rdi", RDI, 0),
    GPR("r8", R8, 0), GPR("r9", R9, 0), GPR("r10", R10, 0), GPR("r11", R11, 0), GPR("r12", R12, 0),
    GPR("r13", R13, 0), GPR("r14", R14, 0), GPR("r15", R15, 0),
    BOTH("rip", 0x010, 0xfff0, get64, set64, AT(regs.rip)),
    BOTH("rflags", 0x011, RFLAGS_FIXED, get64, set_rflags, AT(regs.rflags)),
    SEGMENT("cs", SEG_CS, 0xf000, 0x9b, 0xffff, 0xffff0000),
    SEGMENT("ds", SEG_DS, 0, 0x93, 0xffff, 0), SEGMENT("es", SEG_ES, 0, 0x93, 0xffff, 0),
    SEGMENT("fs", SEG_FS, 0, 0x93, 0xffff, 0), SEGMENT("gs", SEG_GS, 0, 0x93, 0xffff, 0),
    SEGMENT("ss", SEG_SS, 0, 0x93, 0xffff, 0), SEGMENT("ldtr", SEG_LDTR, 0, 0x82, 0xffff, 0),
    SEGMENT("tr", SEG_TR, 0, 0x8b, 0xffff, 0), SEGMENT("gdtr", SEG_GDTR, 0, 0, 0xffff, 0),
    SEGMENT("idtr", SEG_IDTR, 0, 0, 0xffff, 0),
    /* INIT keeps CD and NW; caches are off at neither here, since guests find a started machine. */
    BOTH("cr0", 0x200 + CREG_CR0, 0x10, get_creg, set_creg_legal, CREG_CR0),
    BOTH("cr2", 0x200 + CREG_CR2, 0, get_creg, set_creg, CREG_CR2),
    BOTH("cr3", 0x200 + CREG_CR3, 0, get_creg, set_creg, CREG_CR3),
    BOTH("cr4", 0x200 + CREG_CR4, 0, get_creg, set_creg_legal, CREG_CR4),
    BOTH("cr8", 0x200 + CREG_CR8, 0, get_creg, set_creg_legal, CREG_CR8),
    BOTH("efer", 0x200 + CREG_EFER, 0, get_creg, set_creg_legal, CREG_EFER),
    BOTH("dr6", 0x200 + CREG_DR6, 0xffff0ff0, get_creg, set_creg_legal, CREG_DR6),
    BOTH("dr7", 0x200 + CREG_DR7, 0x400, get_creg, set_creg_legal, CREG_DR7),
    BOTH("dr0", 0x230, 0, get64, set64, AT(dr[0])), BOTH("dr1", 0x231, 0, get64, set64, AT(dr[1])),
    BOTH("dr2", 0x232, 0, get64, set64, AT(dr[2])), BOTH("dr3", 0x233, 0, get64, set64, AT(dr[3])),
    BOTH("shadow", 0x220, 0, get8, set8, AT(interrupt_shadow)),
    KEPT("xcr0", 0x240, 1, get64, set_xcr0, AT(xcr0)),
    KEPT("pat", 0x300 + CREG_PAT, PAT_POWER_ON, get_creg, set_creg_legal, CREG_PAT),
    MSR("star", CREG_STAR), MSR("lstar", CREG_LSTAR), MSR("cstar", CREG_CSTAR),
    MSR("sfmask", CREG_SFMASK), MSR("kernel_gs_base", CREG_KERNEL_GS_BASE),
    MSR("sysenter_cs", CREG_SYSENTER_CS), MSR("sysenter_esp", CREG_SYSENTER_ESP),
    MSR("sysenter_eip", CREG_SYSENTER_EIP), MSR("tsc_offset", CREG_TSC_OFFSET),
    KEPT("tsc_adjust", 0x380, 0, get64, set64, AT(tsc_adjust)),
    KEPT("tsc_aux", 0x381, 0, get64, set64, AT(tsc_aux)),
    KEPT("misc_enable", 0x382, 1, get64, set64, AT(misc_enable)),
    BOTH("event", 0x390, 0, get_event, set_event, 0),
    BOTH("event.error", 0x391, 0, get32, set32, AT(event.error)),
    BOTH("nmi_pending", 0x392, 0, get8, set8, AT(nmi_pending)),
    BOTH("nmi_blocked", 0x393, 0, get8, set8, AT(nmi_blocked)),
    BOTH("activity", 0x394, ACTIVITY_WAIT_SIPI, get8, set_activity, AT(activity)),
    /* The APIC's base and id stay over INIT (vlapic_reset gives them their first values). */
    LAPIC("apic.ldr", 0x0d, 0, ldr), LAPIC("apic.dfr", 0x0e, UINT32_MAX, dfr),
    LAPIC("apic.tpr", 0x08, 0, tpr), LAPIC("apic.spurious", 0x0f, 0xff, spurious),
    LAPIC("apic.esr", 0x28, 0, esr), LAPIC("apic.esr_pending", 0x29, 0, esr_pending),
    LAPIC("apic.lvt_timer", 0x32, BIT(16), lvt[0]),
    LAPIC("apic.lvt_thermal", 0x33, BIT(16), lvt[1]),
    LAPIC("apic.lvt_counter", 0x34, BIT(16), lvt[2]),
    LAPIC("apic.lvt_lint0", 0x35, BIT(16), lvt[3]), LAPIC("apic.lvt_lint1", 0x36, BIT(16), lvt[4]),
    LAPIC("apic.lvt_error", 0x37, BIT(16), lvt[5]), LAPIC("apic.divide", 0x3e, 0, divide),
    LAPIC("apic.initial_count", 0x38, 0, initial_count), LAPIC64("apic.icr", 0x30, icr),
    LAPIC64("apic.timer_start", 0x39, timer_start),
    LAPIC64("apic.tsc_deadline", 0x3a, tsc_deadline), LAPIC64("apic.isr0", 0x10, isr[0]),
    LAPIC64("apic.isr1", 0x11, isr[1]), LAPIC64("apic.isr2", 0x12, isr[2]),
    LAPIC64("apic.isr3", 0x13, isr[3]), LAPIC64("apic.irr0", 0x20, irr[0]),
    LAPIC64("apic.irr1", 0x21, irr[1]), LAPIC64("apic.irr2", 0x22, irr[2]),
    LAPIC64("apic.irr3", 0x23, irr[3]),
    /* As firmware leaves them: all memory is write-back. Kernels that find the MTRRs off
     * do not use the PAT either. */
    KEPT("mtrr.def_type", 0x500, 0xc06, get64, set64, AT(mtrr.def_type)), MTRR_PAIR(0),
    MTRR_PAIR(1), MTRR_PAIR(2), MTRR_PAIR(3), MTRR_PAIR(4), MTRR_PAIR(5), MTRR_PAIR(6),
    MTRR_PAIR(7), MTRR_FIXED(0), MTRR_FIXED(1), MTRR_FIXED(2), MTRR_FIXED(3), MTRR_FIXED(4),
    MTRR_FIXED(5), MTRR_FIXED(6), MTRR_FIXED(7), MTRR_FIXED(8), MTRR_FIXED(9), MTRR_FIXED(10)};
const unsigned state_count = ARRAY_SIZE(state_table);

/* --- what walks it ------------------------------------------------------------------------ */

void state_reset(struct vcpu *v) {
  for (unsigned i = 0; i < state_count; i++)
    (void)state_table[i].set(v, state_table[i].arg, state_table[i].reset);
  state_refresh(v);
}

void state_init(struct vcpu *v) {
  for (unsigned i = 0; i < state_count; i++)
    if (!state_table[i].keep_on_init)
      (void)state_table[i].set(v, state_table[i].arg, state_table[i].init);
  state_refresh(v);
}
