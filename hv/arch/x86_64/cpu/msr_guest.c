/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MSR policy: a table of all that a guest may read or write. What is not
 * listed faults with #GP, both ways. An MSR that belongs to a CPUID feature is
 * there only if the guest sees the feature.
 */
#include <asm/cpu_ops.h>
#include <asm/mtrr.h>
#include <asm/vendor.h>
#include <personality.h>

const uint32_t msr_direct[] = {MSR_FS_BASE, MSR_GS_BASE, 0xc0000102, 0xc0000081,
                               0xc0000082,  0xc0000083,  0xc0000084, 0x174,
                               0x175,       0x176,       0xffffffff};

/* Leaf, register (0 eax .. 3 edx) and bits of CPUID. All zero: always there. */
#define ALWAYS        0, 0, 0
#define TSC_FEATURE   1, 3, BIT(4)
#define X2APIC        1, 2, BIT(21)
#define TSC_DEADLINE  1, 2, BIT(24)
#define MTRR          1, 3, BIT(12)
#define PAT           1, 3, BIT(16)
#define SYSENTER      1, 3, BIT(11)
#define MACHINE_CHECK 1, 3, BIT(14)
#define TSC_ADJUST    7, 1, BIT(1)
#define LONG_MODE     0x80000001, 3, BIT(29)
#define RDTSCP        0x80000001, 3, BIT(27)

struct msr_policy {
  uint32_t first, last;
  uint32_t leaf;
  uint8_t reg;
  uint32_t bits;
  bool (*read)(struct vcpu *v, uint32_t arg, uint64_t *value);
  bool (*write)(struct vcpu *v, uint32_t arg, uint64_t value); /* NULL: #GP */
  uint32_t arg;                                                /* 0: the MSR's number */
  enum { ANY_CPU, AMD_ONLY, INTEL_ONLY, XSAVES_ONLY } machine;
};

/* --- readers and writers ----------------------------------------------------------- */

static bool read_zero(struct vcpu *v __unused_param, uint32_t arg __unused_param, uint64_t *value) {
  *value = 0;
  return true;
}

static bool read_value(struct vcpu *v __unused_param, uint32_t arg, uint64_t *value) {
  *value = arg;
  return true;
}

static bool write_drop(struct vcpu *v __unused_param, uint32_t arg __unused_param,
                       uint64_t value __unused_param) {
  return true;
}

static bool write_zero(struct vcpu *v __unused_param, uint32_t arg __unused_param, uint64_t value) {
  return value == 0;
}

/* One that is stored as it stands; `arg` is its offset in struct vcpu. */
static bool read_field(struct vcpu *v, uint32_t arg, uint64_t *value) {
  *value = *(const uint64_t *)((const char *)v + arg);
  return true;
}

static bool canonical(uint64_t value) {
  return (uint64_t)((int64_t)(value << 16) >> 16) == value;
}

static bool read_creg(struct vcpu *v, uint32_t arg, uint64_t *value) {
  *value = vendor->get(v, arg);
  return true;
}

static bool write_creg(struct vcpu *v, uint32_t arg, uint64_t value) {
  vendor->set(v, arg, value);
  return true;
}

static bool write_creg32(struct vcpu *v, uint32_t arg, uint64_t value) {
  return write_creg(v, arg, (uint32_t)value);
}

static bool write_address(struct vcpu *v, uint32_t arg, uint64_t value) {
  return canonical(value) && write_creg(v, arg, value);
}

static bool write_pat(struct vcpu *v, uint32_t arg, uint64_t value) {
  return pat_legal(value) && write_creg(v, arg, value);
}

static bool read_base(struct vcpu *v, uint32_t arg, uint64_t *value) {
  struct x86_segment s;
  vendor->get_segment(v, arg, &s);
  *value = s.base;
  return true;
}

static bool write_base(struct vcpu *v, uint32_t arg, uint64_t value) {
  struct x86_segment s;
  if (!canonical(value))
    return false;
  vendor->get_segment(v, arg, &s);
  s.base = value;
  vendor->set_segment(v, arg, &s);
  return true;
}

/* LME cannot change while paging is on; LMA follows both and is not written. */
static bool write_efer(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  uint64_t old = vendor->get(v, CREG_EFER);
  value = (value & ~EFER_LMA) | (old & EFER_LMA);
  if ((value & cpuid_reserved_efer) ||
      (((value ^ old) & EFER_LME) && (vendor->get(v, CREG_CR0) & CR0_PG)))
    return false;
  return write_creg(v, CREG_EFER, value);
}

static bool read_tsc(struct vcpu *v, uint32_t arg __unused_param, uint64_t *value) {
  *value = x86_tsc(v, rdtsc());
  return true;
}

/* SDM vol. 3, 17.17.3: a write to either moves the other, and with them when a deadline is. */
static void move_tsc(struct vcpu *v, uint64_t by) {
  v->arch.tsc_adjust += by;
  vendor->set(v, CREG_TSC_OFFSET, vendor->get(v, CREG_TSC_OFFSET) + by);
  if (v->arch.lapic.tsc_deadline)
    vlapic_tsc_deadline_write(v, v->arch.lapic.tsc_deadline);
  personality_clock_write(v);
}

static bool write_tsc(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  move_tsc(v, value - x86_tsc(v, rdtsc()));
  return true;
}

static bool write_tsc_adjust(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  move_tsc(v, value - v->arch.tsc_adjust);
  return true;
}

static bool write_tsc_aux(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  if (value >> 32)
    return false;
  v->arch.tsc_aux = value;
  wrmsr(MSR_TSC_AUX, value);
  return true;
}

static bool write_deadline(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  vlapic_tsc_deadline_write(v, value);
  return true;
}

static bool write_apic_base(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  return vlapic_base_write(v, value) == STATUS_OK;
}

static bool read_x2apic(struct vcpu *v, uint32_t msr, uint64_t *value) {
  return vlapic_x2apic(v) && vlapic_msr_read(v, msr, value) == STATUS_OK;
}

static bool write_x2apic(struct vcpu *v, uint32_t msr, uint64_t value) {
  return vlapic_x2apic(v) && vlapic_msr_write(v, msr, value) == STATUS_OK;
}

static bool write_hypercall_page(struct vcpu *v, uint32_t arg __unused_param, uint64_t value) {
  return personality_hypercall_page(v, value) == STATUS_OK;
}

/* --- the table ------------------------------------------------------------------------ */

#define AT(member) offsetof(struct vcpu, arch.member)

/* The AMD configuration registers stand here because kernels read them without asking CPUID: HWCR
 * says that the TSC counts at P0 (bit 24), DE_CFG that LFENCE serialises (bit 1), SYSCFG
 * and NB_CFG nothing. */
static const struct msr_policy table[] = {
    {0x10, 0x10, TSC_FEATURE, read_tsc, write_tsc, 0, ANY_CPU},
    {MSR_APIC_BASE, MSR_APIC_BASE, ALWAYS, read_field, write_apic_base, AT(apic_base), ANY_CPU},
    {0x3b, 0x3b, TSC_ADJUST, read_field, write_tsc_adjust, AT(tsc_adjust), ANY_CPU},
    {0x8b, 0x8b, ALWAYS, read_zero, write_drop, 0, ANY_CPU}, /* microcode revision */
    {0xfe, 0xfe, MTRR, mtrr_read, NULL, 0, ANY_CPU},
    {0x174, 0x174, SYSENTER, read_creg, write_creg32, CREG_SYSENTER_CS, ANY_CPU},
    {0x175, 0x175, SYSENTER, read_creg, write_address, CREG_SYSENTER_ESP, ANY_CPU},
    {0x176, 0x176, SYSENTER, read_creg, write_address, CREG_SYSENTER_EIP, ANY_CPU},
    {0x179, 0x179, MACHINE_CHECK, read_zero, NULL, 0, ANY_CPU}, /* no banks */
    {0x17a, 0x17a, MACHINE_CHECK, read_zero, write_zero, 0, ANY_CPU},
    {0x1a0, 0x1a0, ALWAYS, read_field, write_drop, AT(misc_enable), INTEL_ONLY},
    {0x1d9, 0x1d9, ALWAYS, read_zero, write_zero, 0, ANY_CPU}, /* DEBUGCTL: nothing to turn on */
    {0x200, 0x20f, MTRR, mtrr_read, mtrr_write, 0, ANY_CPU},
    {0x250, 0x250, MTRR, mtrr_read, mtrr_write, 0, ANY_CPU},
    {0x258, 0x259, MTRR, mtrr_read, mtrr_write, 0, ANY_CPU},
    {0x268, 0x26f, MTRR, mtrr_read, mtrr_write, 0, ANY_CPU},
    {0x277, 0x277, PAT, read_creg, write_pat, CREG_PAT, ANY_CPU},
    {0x2ff, 0x2ff, MTRR, mtrr_read, mtrr_write, 0, ANY_CPU},
    {MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, TSC_DEADLINE, read_field, write_deadline,
     AT(lapic.tsc_deadline), ANY_CPU},
    {MSR_X2APIC, MSR_X2APIC_END, X2APIC, read_x2apic, write_x2apic, 0, ANY_CPU},
    {MSR_XSS, MSR_XSS, ALWAYS, read_zero, write_zero, 0, XSAVES_ONLY},
    {PERSONALITY_MSR_HYPERCALL, PERSONALITY_MSR_HYPERCALL, ALWAYS, read_zero, write_hypercall_page,
     0, ANY_CPU},
    {MSR_EFER, MSR_EFER, ALWAYS, read_creg, write_efer, CREG_EFER, ANY_CPU},
    {0xc0000081, 0xc0000081, LONG_MODE, read_creg, write_creg, CREG_STAR, ANY_CPU},
    {0xc0000082, 0xc0000082, LONG_MODE, read_creg, write_address, CREG_LSTAR, ANY_CPU},
    {0xc0000083, 0xc0000083, LONG_MODE, read_creg, write_address, CREG_CSTAR, ANY_CPU},
    {0xc0000084, 0xc0000084, LONG_MODE, read_creg, write_creg32, CREG_SFMASK, ANY_CPU},
    {MSR_FS_BASE, MSR_FS_BASE, LONG_MODE, read_base, write_base, SEG_FS, ANY_CPU},
    {MSR_GS_BASE, MSR_GS_BASE, LONG_MODE, read_base, write_base, SEG_GS, ANY_CPU},
    {0xc0000102, 0xc0000102, LONG_MODE, read_creg, write_address, CREG_KERNEL_GS_BASE, ANY_CPU},
    {MSR_TSC_AUX, MSR_TSC_AUX, RDTSCP, read_field, write_tsc_aux, AT(tsc_aux), ANY_CPU},
    {0xc0010010, 0xc0010010, ALWAYS, read_zero, write_drop, 0, AMD_ONLY},
    {0xc0010015, 0xc0010015, ALWAYS, read_value, write_drop, BIT(24), AMD_ONLY},
    {0xc001001f, 0xc001001f, ALWAYS, read_zero, write_drop, 0, AMD_ONLY},
    {0xc0011029, 0xc0011029, ALWAYS, read_value, write_drop, BIT(1), AMD_ONLY},
};

static bool shown(const struct msr_policy *p) {
  if ((p->machine == AMD_ONLY && !cpu_features.amd) ||
      (p->machine == INTEL_ONLY && !cpu_features.intel) ||
      (p->machine == XSAVES_ONLY && !cpu_features.xsaves))
    return false;
  return !p->bits || (cpuid_policy(p->leaf, p->reg) & p->bits);
}

/* Remembers what it has found. */
static const struct msr_policy *find(struct vcpu *v, uint32_t msr) {
  unsigned low = 0, high = ARRAY_SIZE(table);
  while (low < high) {
    unsigned middle = (low + high) / 2;
    if (msr > table[middle].last)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == ARRAY_SIZE(table) || msr < table[low].first || !shown(&table[low]))
    return NULL;
  v->arch.msr_last = &table[low];
  return &table[low];
}

/* A guest uses few registers, one of them again and again: another one is looked up first. */
static __attribute__((noinline)) bool read_other(struct vcpu *v, uint32_t msr, uint64_t *value) {
  const struct msr_policy *p = find(v, msr);
  return p && p->read(v, p->arg ? p->arg : msr, value);
}

static __attribute__((noinline)) bool write_other(struct vcpu *v, uint32_t msr, uint64_t value) {
  const struct msr_policy *p = find(v, msr);
  return p && p->write && p->write(v, p->arg ? p->arg : msr, value);
}

bool msr_guest_read(struct vcpu *v, uint32_t msr, uint64_t *value) {
  const struct msr_policy *p = v->arch.msr_last;
  if (unlikely(!p || msr < p->first || msr > p->last))
    return read_other(v, msr, value);
  return p->read(v, p->arg ? p->arg : msr, value);
}

bool msr_guest_write(struct vcpu *v, uint32_t msr, uint64_t value) {
  const struct msr_policy *p = v->arch.msr_last;
  if (unlikely(!p || msr < p->first || msr > p->last))
    return write_other(v, msr, value);
  return p->write && p->write(v, p->arg ? p->arg : msr, value);
}
