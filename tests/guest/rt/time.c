// SPDX-License-Identifier: Apache-2.0
// The guest's clock: TSC scaled by the vcpu_time_info of the shared page (xen/xen.h).
#include "rt.h"

static uint64_t scale(uint64_t ticks, uint32_t multiplier, int8_t shift) {
  ticks = shift < 0 ? ticks >> -shift : ticks << shift;
  return (uint64_t)(((unsigned __int128)ticks * multiplier) >> 32);
}

uint64_t time_of(const volatile struct vcpu_time_info *t, uint64_t tsc) {
  uint64_t result;
  uint32_t version;
  do {
    version = t->version & ~1u;
    asm volatile("" : : : "memory");
    result = t->system_time + scale(tsc - t->tsc_timestamp, t->tsc_to_system_mul, t->tsc_shift);
    asm volatile("" : : : "memory");
  } while (version != t->version);
  return result;
}

uint64_t time_ns(void) {
  const volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
  uint64_t result;
  uint32_t version;
  do {
    version = t->version;
    result = time_of(t, rdtsc());
  } while ((version & 1) || version != t->version);
  return result;
}

uint64_t tsc_hz(void) {
  if (on_bare_machine)
    return 1000000000UL; // the emulators' rate where they count instructions
  const struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
  uint64_t hz = (1000000000UL << 32) / t->tsc_to_system_mul;
  return t->tsc_shift < 0 ? hz << -t->tsc_shift : hz >> t->tsc_shift;
}

void delay_ns(uint64_t ns) {
  uint64_t end = time_ns() + ns;
  while (time_ns() < end)
    cpu_relax();
}
