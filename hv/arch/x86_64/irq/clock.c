/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System time from the TSC: its rate, measured once, and the conversions.
 * System time 0 is the hypervisor's first instruction.
 */
#include "clock.h"
#include <arch/arch.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <drivers/reference_clock.h>
#include <drivers/rtc.h>
#include <lib/lib.h>

#define CALIBRATION_NS 4000000 /* some 10 ppm with a reading that is right to 20 ns at each end */
#define SAMPLES        5
#define PATIENCE       100000000 /* reads of the reference clock, of 100 ns or more */

struct arch_clock tsc_clock;
uint64_t wallclock_seconds;

static uint64_t ns_to_tsc_mul; /* TSC ticks a ns, 32.32 fixed point */

uint64_t rdtsc(void) {
  return __builtin_ia32_rdtsc();
}
uint64_t boot_clock(void) {
  return rdtsc();
}

/* --- conversions ------------------------------------------------------------------ */

static uint64_t scale(uint64_t ticks) {
  int8_t shift = tsc_clock.shift;
  ticks = shift < 0 ? ticks >> -shift : ticks << shift;
  return (uint64_t)((unsigned __int128)ticks * tsc_clock.mul >> 32);
}

uint64_t tsc_to_time(uint64_t tsc) {
  return tsc > tsc_clock.zero ? scale(tsc - tsc_clock.zero) : 0;
}

/* A guest's timer may be set to the end of all time, which the TSC does not reach. */
uint64_t time_to_tsc(uint64_t ns) {
  unsigned __int128 tsc = ((unsigned __int128)ns * ns_to_tsc_mul >> 32) + tsc_clock.zero;
  return tsc >> 64 ? UINT64_MAX : (uint64_t)tsc;
}

uint64_t arch_time(void) {
  return tsc_to_time(rdtsc());
}

/* The multiplier gets its top bit set, for precision. */
void clock_rate_set(struct arch_clock *c, uint64_t khz) {
  uint64_t mul = (1000000ull << 32) / khz;
  c->khz = (uint32_t)khz;
  for (c->shift = 0; mul >> 32; c->shift++)
    mul >>= 1;
  for (; !(mul >> 31); mul = (1000000ull << (32 - c->shift)) / khz)
    c->shift--;
  c->mul = (uint32_t)mul;
}

/* --- calibration ---------------------------------------------------------------------- */

struct sample {
  uint64_t tsc;
  uint32_t reference, timer;
};

/* All three counters as of one moment: the reading between whose ends least time passed (under an
 * emulator, any instruction can take a time slice of the host). */
static __boot struct sample sample_take(void) {
  struct sample best = {0};
  uint64_t least = UINT64_MAX;
  for (unsigned i = 0; i < SAMPLES; i++) {
    uint64_t before = rdtsc();
    uint32_t reference = reference_clock_read();
    uint64_t after = rdtsc();
    uint32_t timer = lapic_timer_counted();
    uint64_t took = rdtsc() - before;
    if (took < least) {
      least = took;
      best = (struct sample){before + (after - before) / 2, reference, timer};
    }
  }
  return best;
}

__boot void lapic_calibrate(void) {
  if (!reference_clock_init())
    panic("this machine has neither HPET nor ACPI timer to measure its other clocks by");
  uint64_t start = rdtsc();
  lapic_timer_start_count();
  struct sample from = sample_take(), to;
  for (unsigned i = 0; reference_clock_ns(from.reference, reference_clock_read()) < CALIBRATION_NS;
       i++)
    if (i == PATIENCE)
      panic("the clock to measure others by stands still");
  to = sample_take();
  uint64_t ns = reference_clock_ns(from.reference, to.reference);
  uint64_t khz = (to.tsc - from.tsc) * 1000000 / ns;
  clock_rate_set(&tsc_clock, khz);
  ns_to_tsc_mul = (khz << 32) / 1000000;
  lapic_timer_rate(to.timer - from.timer, ns);
  tsc_clock.zero = boot_ticks.start;
  tsc_clock.stable = cpu_features.invariant_tsc;
  boot_ticks.per_ms = khz;
  boot_ticks.wait += rdtsc() - start;
  wallclock_seconds = rtc_read() - arch_time() / 1000000000;
}
