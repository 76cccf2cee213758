/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's TSC with a rate of its own (CONFIG_TSC_SCALING): what the machine
 * multiplies its TSC by, and the same done by root mode. The offset, which comes
 * on top, is a register of each vCPU.
 */
#include <arch/arch.h>
#include <asm/platform.h>
#include <asm/vendor.h>

#define RATIO_BITS 48

bool arch_tsc_scales __section(".sealed");

void tsc_rate(const struct domain *d, struct arch_clock *c) {
  if (d->stub->config->tsc_khz)
    clock_rate_set(c, d->stub->config->tsc_khz);
}

/* Ticks of `to` in one of `from`: the quotient of what each takes in ns, so that a guest's clock,
 * which is made of the same numbers, and ours stay together. Multipliers have their top bit set. */
static uint64_t ratio(const struct arch_clock *from, const struct arch_clock *to) {
  uint64_t dividend = (uint64_t)from->mul << 32;
  uint64_t quotient = dividend / to->mul << 16 | (dividend % to->mul << 16) / to->mul;
  int shift = from->shift - to->shift;
  return shift < 0 ? quotient >> -shift : quotient << shift;
}

static uint64_t times(uint64_t ticks, uint64_t by) {
  return (uint64_t)((unsigned __int128)ticks * by >> RATIO_BITS);
}

uint64_t tsc_to_guest(const struct domain *d, uint64_t ticks) {
  struct arch_clock c;
  if (!d->stub->config->tsc_khz)
    return ticks;
  tsc_rate(d, &c);
  return times(ticks, ratio(&tsc_clock, &c));
}

uint64_t tsc_from_guest(const struct domain *d, uint64_t ticks) {
  struct arch_clock c;
  if (!d->stub->config->tsc_khz)
    return ticks;
  tsc_rate(d, &c);
  return times(ticks, ratio(&c, &tsc_clock)) + 1; /* never early */
}
