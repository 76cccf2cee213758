/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done against speculative execution, chosen from what a processor says of itself; a pure
 * function, so that tests ask it about processors that nobody has at hand.
 */
#ifndef ASM_SPECULATION_H
#define ASM_SPECULATION_H

#include <lib/types.h>

/* Facts. AMD APM vol. 3, appendix E.3 and E.4; Intel SDM vol. 2A, CPUID, and vol. 4, table 2-2. */
struct spec_facts {
  bool amd, intel, hosted; /* hosted: below another hypervisor */
  uint8_t family, model;
  uint32_t seven_d;      /* CPUID 7, sub-leaf 0, EDX */
  uint32_t seven_two_d;  /* CPUID 7, sub-leaf 2, EDX */
  uint32_t extended_b;   /* CPUID 8000_0008 EBX */
  uint32_t extended21_a; /* CPUID 8000_0021 EAX */
  uint64_t capabilities; /* IA32_ARCH_CAPABILITIES, 0 where it is not there */
};

enum {
  /* at a barrier, in this order */
  SPEC_IBPB = 1 << 0,   /* indirect branches are predicted anew */
  SPEC_RSB = 1 << 1,    /* the return stack is filled with harmless targets */
  SPEC_DIVIDE = 1 << 2, /* the divider holds nobody's quotient */
  SPEC_L1D = 1 << 3,    /* the L1 data cache is flushed */
  SPEC_VERW = 1 << 4,   /* store, fill and load buffers are cleared */
  SPEC_BARRIER = (1 << 5) - 1,
  /* set once on each CPU: root mode's indirect branches do not follow what guests trained */
  SPEC_AUTO_IBRS = 1 << 5,
  SPEC_IBRS = 1 << 6,
  SPEC_STIBP = 1 << 7, /* nor one thread of a core what another trained */
  SPEC_BHI = 1 << 8,   /* nor the history of branches of a lower privilege */
};

struct spec_plan {
  uint32_t use;
  uint32_t errata;  /* errata_choose */
  uint32_t missing; /* of the same bits: needed here, but the machine (its microcode) has it not */
};
struct spec_plan spec_choose(const struct spec_facts *f);
/* Boot: of this machine. */
void spec_facts_find(struct spec_facts *f);

#define CAP_RDCL_NO           BIT(0)
#define CAP_IBRS_ALL          BIT(1)
#define CAP_MDS_NO            BIT(5)
#define CAP_IF_PSCHANGE_MC_NO BIT(6)
#define CAP_BHI_NO            BIT(20)

/* cpu/errata.c: the bits to set on each CPU, one for each row of its table; setting them; and
 * whether large pages of the nested table would let a guest stop the machine. */
uint32_t errata_choose(const struct spec_facts *f);
void errata_apply(uint32_t rows);
bool errata_large_pages(const struct spec_facts *f);

#endif
