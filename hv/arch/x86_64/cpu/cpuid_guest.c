/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guests see in CPUID: the machine's own leaves, reduced at boot by a
 * table of what is let through, so that an exit costs a look-up and the few
 * values that differ from vCPU to vCPU. What the table does not name is zero.
 * AMD APM vol. 3, appendix E; Intel SDM vol. 2, CPUID.
 */
#include <asm/cpu_ops.h>
#include <asm/vendor.h>
#include <lib/lib.h>
#include <personality.h>

enum { EAX, EBX, ECX, EDX, WHOLE };

#define BASIC_MAX    0xdu
#define EXTENDED     0x80000000u
#define EXTENDED_MAX 0x80000021u
#define XEN_FIRST    0x40000000u
#define XEN_LAST     0x400000ffu
#define CACHE_LEAVES 8 /* of leaves 4 and 0x8000001d */

#define ALL          0xffffffffu

struct regs {
  uint32_t r[4];
};

static inline void copy_regs(uint32_t out[4], const struct regs *in) {
  __builtin_memcpy(out, in->r, sizeof(in->r)); /* two moves: a loop makes four */
}

/* Written once, at boot. */
static struct {
  struct regs basic[BASIC_MAX + 1];
  struct regs extended[EXTENDED_MAX - EXTENDED + 1];
  struct regs cache_intel[CACHE_LEAVES], cache_amd[CACHE_LEAVES];
} policy __section(".sealed");

uint64_t cpuid_reserved_address __section(".sealed");
uint64_t cpuid_reserved_efer __section(".sealed");
uint64_t cpuid_address_mask __section(".sealed");

/* Is an option of Kconfig on? Its macro is 1, or not there and then its own name. */
#define OPTION_TEXT(x) #x
#define OPTION(x)      (sizeof(OPTION_TEXT(x)) == sizeof("1"))

struct row {
  uint32_t leaf;
  uint8_t reg;
  bool shown;
  uint32_t bits;
};

#define ROW(leaf, reg, bits)                                                                       \
  { leaf, reg, true, bits }
#define OPTIONAL(leaf, reg, bits, option)                                                          \
  { leaf, reg, OPTION(option), bits }

/* Bits by their numbers, in the order of the manuals' tables. */
static const struct row rows[] = {
    /* Vendor, family and model; brand string; caches and TLBs. */
    ROW(0, WHOLE, ALL), ROW(1, EAX, ALL), ROW(1, EBX, 0x0000ff00), /* CLFLUSH size */
    ROW(2, WHOLE, ALL), ROW(EXTENDED, WHOLE, ALL), ROW(0x80000001, EAX, ALL),
    ROW(0x80000001, EBX, 0xf0000000), ROW(0x80000002, WHOLE, ALL), ROW(0x80000003, WHOLE, ALL),
    ROW(0x80000004, WHOLE, ALL), ROW(0x80000005, WHOLE, ALL), ROW(0x80000006, WHOLE, ALL),
    ROW(0x80000019, WHOLE, ALL),

    /* FPU VME DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE36
     * CLFLUSH MMX FXSR SSE SSE2. */
    ROW(1, EDX, 0x0783fbff), ROW(1, ECX, BIT(13)), /* CX16 */
    OPTIONAL(1, ECX, BIT(0) | BIT(9) | BIT(19) | BIT(20) | BIT(22) | BIT(23), CONFIG_GUEST_SSE4),
    OPTIONAL(1, ECX, BIT(1) | BIT(25), CONFIG_GUEST_CRYPTO), /* PCLMUL AES */
    OPTIONAL(1, ECX, BIT(17), CONFIG_GUEST_PCID), OPTIONAL(1, ECX, BIT(26), CONFIG_GUEST_XSAVE),
    OPTIONAL(1, ECX, BIT(12) | BIT(28) | BIT(29), CONFIG_GUEST_AVX), /* FMA AVX F16C */
    OPTIONAL(1, ECX, BIT(30), CONFIG_GUEST_RANDOM),

    /* TSC_ADJUST is made by us. ERMS; FSRM. */
    ROW(7, EBX, BIT(9)), ROW(7, EDX, BIT(4)), OPTIONAL(7, EBX, BIT(0), CONFIG_GUEST_FSGSBASE),
    OPTIONAL(7, EBX, BIT(3) | BIT(8) | BIT(19), CONFIG_GUEST_SSE4),     /* BMI1 BMI2 ADX */
    OPTIONAL(7, EBX, BIT(7) | BIT(20), CONFIG_GUEST_SUPERVISOR_GUARDS), /* SMEP SMAP */
    OPTIONAL(7, ECX, BIT(2), CONFIG_GUEST_SUPERVISOR_GUARDS),           /* UMIP */
    OPTIONAL(7, EBX, BIT(10), CONFIG_GUEST_PCID),                       /* INVPCID */
    OPTIONAL(7, EBX, BIT(18), CONFIG_GUEST_RANDOM),
    OPTIONAL(7, EBX, BIT(23) | BIT(24), CONFIG_GUEST_CACHE_LINES), /* CLFLUSHOPT CLWB */
    OPTIONAL(7, EBX, BIT(29), CONFIG_GUEST_CRYPTO),                /* SHA */
    OPTIONAL(7, EBX, BIT(5), CONFIG_GUEST_AVX),
    OPTIONAL(7, ECX, BIT(9) | BIT(10), CONFIG_GUEST_AVX), /* VAES VPCLMULQDQ */
    /* F DQ IFMA CD BW VL; VBMI VBMI2 VNNI BITALG VPOPCNTDQ. */
    OPTIONAL(7, EBX, BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31),
             CONFIG_GUEST_AVX512),
    OPTIONAL(7, ECX, BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14), CONFIG_GUEST_AVX512),

    /* SYSCALL NX MMXEXT RDTSCP LM and copies of leaf 1. */
    ROW(0x80000001, EDX, 0x21d3fbff), OPTIONAL(0x80000001, EDX, BIT(26), CONFIG_GUEST_PAGE_1G),
    OPTIONAL(0x80000001, EDX, BIT(27), CONFIG_GUEST_RDTSCP),
    ROW(0x80000001, ECX,
        BIT(0) | BIT(4) | BIT(8) | BIT(22)), /* LAHF, CR8 by LOCK, PREFETCHW, TOPOEXT */
    OPTIONAL(0x80000001, ECX, BIT(5) | BIT(6) | BIT(7),
             CONFIG_GUEST_SSE4),                    /* LZCNT SSE4A misaligned */
    ROW(0x80000007, EDX, BIT(8)),                   /* invariant TSC */
    ROW(0x80000008, EBX, BIT(0) | BIT(2) | BIT(9)), /* CLZERO, XSAVE error pointers, WBNOINVD */
    ROW(0x80000021, EAX, BIT(2) | BIT(6)), /* LFENCE serialises, null selectors clear the base */
};

/* --- boot ---------------------------------------------------------------------------- */

static struct regs *slot(uint32_t leaf) {
  if (leaf <= BASIC_MAX)
    return &policy.basic[leaf];
  if (leaf >= EXTENDED && leaf <= EXTENDED_MAX)
    return &policy.extended[leaf - EXTENDED];
  return NULL;
}

/* A leaf of the machine, zero where it is above the highest of its range. */
static __boot struct regs host_leaf(uint32_t leaf, uint32_t sub) {
  struct regs top, out = {{0}};
  cpuid(leaf & EXTENDED, 0, top.r);
  if (leaf <= top.r[EAX])
    cpuid(leaf, sub, out.r);
  return out;
}

static __boot void apply_rows(void) {
  for (const struct row *r = rows; r < rows + ARRAY_SIZE(rows); r++) {
    const struct regs host = host_leaf(r->leaf, 0);
    for (unsigned reg = EAX; reg <= EDX; reg++)
      if (r->shown && (r->reg == reg || r->reg == WHOLE))
        slot(r->leaf)->r[reg] |= host.r[reg] & r->bits;
  }
}

/* Bits that we make whatever the machine has. */
static __boot void add_own_features(void) {
  policy.basic[0].r[EAX] = BASIC_MAX;
  policy.extended[0].r[EAX] = EXTENDED_MAX;
  policy.basic[1].r[ECX] |= BIT(31); /* runs under a hypervisor */
  policy.basic[1].r[ECX] |= OPTION(CONFIG_GUEST_X2APIC) ? BIT(21) : 0;
  policy.basic[1].r[ECX] |= OPTION(CONFIG_GUEST_TSC_DEADLINE) ? BIT(24) : 0;
  policy.basic[6].r[EAX] = BIT(2);  /* the APIC timer runs in every power state */
  policy.basic[7].r[EBX] |= BIT(1); /* TSC_ADJUST */
}

/* Features that make no sense without another one that is off. */
static __boot void drop_orphans(void) {
  struct regs *one = &policy.basic[1], *seven = &policy.basic[7];
  if (!(one->r[ECX] & BIT(26)))
    one->r[ECX] &= ~(uint32_t)(BIT(12) | BIT(28) | BIT(29));
  if (!(one->r[ECX] & BIT(28))) {
    seven->r[EBX] &= ~(uint32_t)(BIT(5) | BIT(16));
    seven->r[ECX] &= ~(uint32_t)(BIT(9) | BIT(10));
  }
  if (!(seven->r[EBX] & BIT(16))) {
    seven->r[EBX] &= ~(uint32_t)(BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31));
    seven->r[ECX] &= ~(uint32_t)(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
  }
}

static __boot void init_caches(void) {
  for (unsigned i = 0; i < CACHE_LEAVES; i++) {
    if (cpu_features.intel)
      policy.cache_intel[i] = host_leaf(4, i);
    if (policy.extended[1].r[ECX] & BIT(22))
      policy.cache_amd[i] = host_leaf(0x8000001d, i);
  }
}

static __boot void init_addresses(void) {
  unsigned bits = MIN(MIN(cpu_features.phys_bits, (unsigned)GUEST_GPA_BITS), 52u);
  policy.extended[8].r[EAX] = 48 << 8 | bits;
  cpuid_reserved_address = 0x000fffffffffffffull & ~(BIT(bits) - 1);
  cpuid_address_mask = (BIT(bits) - 1) & PAGE_MASK;
  /* SCE LME LMA; NXE where there is NX (bit 20). */
  cpuid_reserved_efer = ~(0x501 | (policy.extended[1].r[EDX] >> 9 & EFER_NXE));
}

__boot void cpuid_guest_init(void) {
  memset(&policy, 0, sizeof(policy));
  apply_rows();
  add_own_features();
  drop_orphans();
  cpuid_xsave_init();
  init_caches();
  init_addresses();
}

/* --- XCR0 ------------------------------------------------------------------------------- */

uint32_t cpuid_policy(uint32_t leaf, unsigned reg) {
  const struct regs *s = slot(leaf);
  return s ? s->r[reg] : 0;
}

/* --- topology: each vCPU is a core with one thread, all in one package ------------------- */

/* Bits of the APIC id below the package: ids are even, so bit 0 is the thread that is not there. */
static unsigned package_bits(const struct vcpu *v) {
  unsigned bits = 1;
  while ((1u << bits) < 2 * v->domain->vcpu_count)
    bits++;
  return bits;
}

static void topology_leaf(struct vcpu *v, uint32_t sub, uint32_t out[4]) {
  enum { THREAD = 1, CORE = 2 };
  if (sub == 0) {
    out[EAX] = 1;
    out[EBX] = 1;
    out[ECX] = THREAD << 8;
  } else if (sub == 1) {
    out[EAX] = package_bits(v);
    out[EBX] = v->domain->vcpu_count;
    out[ECX] = CORE << 8;
  }
  out[ECX] |= sub & 0xff;
  out[EDX] = v->arch.lapic.id;
}

/* Bits 25:14: ids that share the cache, less one. First and second level belong to one core. */
static void cache_leaf(const struct vcpu *v, const struct regs *caches, uint32_t sub,
                       uint32_t out[4]) {
  if (sub >= CACHE_LEAVES || !(caches[sub].r[EAX] & 0x1f))
    return;
  copy_regs(out, &caches[sub]);
  unsigned level = (out[EAX] >> 5) & 7;
  uint32_t sharing = level >= 3 ? (1u << package_bits(v)) - 1 : 1;
  out[EAX] = (out[EAX] & 0x3fff) | sharing << 14;
}

/* Bits 31:26 of Intel's leaf 4: core ids in the package, less one. */
static void cache_leaf_intel(struct vcpu *v, uint32_t sub, uint32_t out[4]) {
  cache_leaf(v, policy.cache_intel, sub, out);
  if (out[EAX])
    out[EAX] |= MIN((1u << (package_bits(v) - 1)) - 1, 63u) << 26;
}

static void feature_leaf(struct vcpu *v, uint32_t out[4]) {
  const unsigned ids = MIN(1u << package_bits(v), 255u);
  out[EBX] |= (v->arch.lapic.id & 0xff) << 24 | ids << 16;
  if (v->domain->vcpu_count > 1)
    out[EDX] |= BIT(28); /* more than one id in the package */
  if (!(v->arch.apic_base & BIT(11)))
    out[EDX] &= ~(uint32_t)BIT(9);
  if (vendor->get(v, CREG_CR4) & BIT(18))
    out[ECX] |= BIT(27); /* OSXSAVE */
}

static void extended_feature_leaf(struct vcpu *v, uint32_t out[4]) {
  if (cpu_features.amd && v->domain->vcpu_count > 1)
    out[ECX] |= BIT(1); /* the ids of leaf 1 are cores */
  if (cpu_features.amd && !(v->arch.apic_base & BIT(11)))
    out[EDX] &= ~(uint32_t)BIT(9);
}

static void size_leaf(struct vcpu *v, uint32_t out[4]) {
  if (cpu_features.amd)
    out[ECX] = package_bits(v) << 12 | MIN(v->domain->vcpu_count - 1, 255u);
}

static void core_leaf(struct vcpu *v, uint32_t out[4]) {
  if (!(policy.extended[1].r[ECX] & BIT(22)))
    return;
  out[EAX] = v->arch.lapic.id;
  out[EBX] = v->id & 0xff;
}

/* What differs from vCPU to vCPU, or with its state. */
static void adjust(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]) {
  switch (leaf) {
  case 1:
    return feature_leaf(v, out);
  case 4:
    return cache_leaf_intel(v, sub, out);
  case 7:
    if (sub)
      memset(out, 0, 4 * sizeof(*out));
    return;
  case 0xb:
    return topology_leaf(v, sub, out);
  case 0xd:
    return cpuid_xsave_leaf(v, sub, out);
  case 0x80000001:
    return extended_feature_leaf(v, out);
  case 0x80000008:
    return size_leaf(v, out);
  case 0x8000001d:
    return cache_leaf(v, policy.cache_amd, sub, out);
  case 0x8000001e:
    return core_leaf(v, out);
  default:
    return;
  }
}

void cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]) {
  const struct regs *s = slot(leaf);
  if (s) {
    copy_regs(out, s);
    adjust(v, leaf, sub, out);
    return;
  }
  memset(out, 0, 4 * sizeof(*out));
  if (leaf >= XEN_FIRST && leaf <= XEN_LAST)
    (void)personality_cpuid(v, leaf, sub, out);
}

/* --- control registers, as far as the guest sees the features ----------------------------- */

bool cr0_legal(uint64_t value) {
  if (value >> 32)
    return false;
  if ((value & BIT(31)) && !(value & BIT(0)))
    return false;
  return !(value & BIT(29)) || (value & BIT(30)); /* NW needs CD */
}

/* VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT are in every 64-bit processor. */
bool cr4_legal(uint64_t value) {
  uint64_t legal = 0x7ff;
  legal |= policy.basic[7].r[ECX] & BIT(2) ? BIT(11) : 0;
  legal |= policy.basic[7].r[EBX] & BIT(0) ? BIT(16) : 0;
  legal |= policy.basic[1].r[ECX] & BIT(17) ? BIT(17) : 0;
  legal |= policy.basic[1].r[ECX] & BIT(26) ? BIT(18) : 0;
  legal |= policy.basic[7].r[EBX] & BIT(7) ? BIT(20) : 0;
  legal |= policy.basic[7].r[EBX] & BIT(20) ? BIT(21) : 0;
  return !(value & ~legal);
}
