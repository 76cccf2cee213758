/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory type range registers and PAT of a guest: kept and checked as the
 * manual says (APM vol. 2, 7.7 and 7.8). With nested paging the MTRRs have no
 * effect: the guest's memory is write-back, its PAT decides the rest.
 */
#include <asm/mtrr.h>
#include <asm/vendor.h>

#define MTRR_CAP       0xfe
#define MTRR_BASE0     0x200
#define MTRR_MASK_END  0x20f
#define MTRR_DEF_TYPE  0x2ff

#define MTRR_VARIABLE  8
#define MTRR_CAP_FIXED BIT(8)
#define MTRR_CAP_WC    BIT(10)
#define MTRR_VALID     BIT(11)
#define MTRR_DEF_LEGAL 0xcffu /* E, FE, type */

static const uint16_t fixed_msr[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                     0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

/* UC, WC, WT, WP, WB; PAT has UC- as well. */
static bool type_legal(uint64_t type) {
  return type < 8 && (BIT(type) & 0x73);
}

static bool types_legal(uint64_t value, uint8_t mask) {
  for (unsigned i = 0; i < 8; i++) {
    uint64_t type = (value >> (8 * i)) & 0xff;
    if (type >= 8 || !(BIT(type) & mask))
      return false;
  }
  return true;
}

bool pat_legal(uint64_t value) {
  return types_legal(value, 0xf3);
}

static uint64_t *fixed_slot(struct x86_mtrr *m, uint32_t msr) {
  for (unsigned i = 0; i < ARRAY_SIZE(fixed_msr); i++)
    if (fixed_msr[i] == msr)
      return &m->fixed[i];
  return NULL;
}

static uint64_t *mtrr_slot(struct x86_mtrr *m, uint32_t msr) {
  if (msr == MTRR_DEF_TYPE)
    return &m->def_type;
  if (msr >= MTRR_BASE0 && msr <= MTRR_MASK_END) {
    unsigned i = (msr - MTRR_BASE0) / 2;
    return msr & 1 ? &m->mask[i] : &m->base[i];
  }
  return fixed_slot(m, msr);
}

static bool mtrr_legal(uint32_t msr, uint64_t value) {
  uint64_t high = cpuid_reserved_address | ~0x000fffffffffffffull;
  if (msr == MTRR_DEF_TYPE)
    return !(value & ~(uint64_t)MTRR_DEF_LEGAL) && type_legal(value & 0xff);
  if (msr > MTRR_MASK_END)
    return types_legal(value, 0x73);
  if (msr & 1)
    return !(value & (high | (0xfff & ~MTRR_VALID)));
  return !(value & (high | 0xf00)) && type_legal(value & 0xff);
}

bool mtrr_read(struct vcpu *v, uint32_t msr, uint64_t *value) {
  if (msr == MTRR_CAP) {
    *value = MTRR_VARIABLE | MTRR_CAP_FIXED | MTRR_CAP_WC;
    return true;
  }
  const uint64_t *slot = mtrr_slot(&v->arch.mtrr, msr);
  if (!slot)
    return false;
  *value = *slot;
  return true;
}

bool mtrr_write(struct vcpu *v, uint32_t msr, uint64_t value) {
  uint64_t *slot = mtrr_slot(&v->arch.mtrr, msr);
  if (!slot || !mtrr_legal(msr, value))
    return false;
  *slot = value;
  return true;
}
