/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errata of processors by which a guest could stop the machine or read more than its own, and that
 * a bit or a form of page tables mends. Not a list of all errata: firmware and microcode are for
 * those.
 */
#include <asm/msr.h>
#include <asm/speculation.h>

/* What AMD documents as the way around, by model: revision guide of family 16h models 00h-0Fh,
 * 793 (a guest can lock the core up); "Branch type confusion" (2022): Zen 2; CVE-2023-20593,
 * "Zenbleed": Zen 2. Set where microcode has mended it too: that cannot be asked. */
static const struct chicken_bit {
  uint8_t family, first, last; /* models */
  uint8_t bit;
  uint32_t msr;
} chicken_bits[] = {
    {0x16, 0x00, 0x0f, 15, 0xc0011020}, /* LS_CFG */
    {0x17, 0x30, 0xff, 1, 0xc00110e3},  /* DE_CFG2 */
    {0x17, 0x30, 0xff, 9, 0xc0011029},  /* DE_CFG */
};

/* Below another hypervisor the processor is that one's to mend, and the MSRs may not be there. */
uint32_t errata_choose(const struct spec_facts *f) {
  uint32_t rows = 0;
  for (unsigned i = 0; i < ARRAY_SIZE(chicken_bits); i++) {
    const struct chicken_bit *b = &chicken_bits[i];
    if (f->amd && !f->hosted && f->family == b->family && f->model >= b->first &&
        f->model <= b->last)
      rows |= (uint32_t)BIT(i);
  }
  return rows;
}

void errata_apply(uint32_t rows) {
  for (unsigned i = 0; i < ARRAY_SIZE(chicken_bits); i++)
    if (rows & BIT(i))
      wrmsr(chicken_bits[i].msr, rdmsr(chicken_bits[i].msr) | BIT(chicken_bits[i].bit));
}

/* CVE-2018-12207: an instruction fetch while its page changes between large and small is a machine
 * check, which a guest can provoke where the nested table has large pages. Nearly all of Intel's
 * that do not say IF_PSCHANGE_MC_NO; some Atoms of them have it not, and lose speed for nothing. */
bool errata_large_pages(const struct spec_facts *f) {
  return f->intel && !(f->capabilities & CAP_IF_PSCHANGE_MC_NO);
}
