// SPDX-License-Identifier: Apache-2.0
// The local APIC's timer: one-shot, periodic, masked, TSC deadline.
/* guest: */
#include "rt/apic.h"
#include "rt/rt.h"

#define VECTOR 0x70u

static volatile unsigned taken;
static volatile uint64_t taken_tsc;

static void handler(struct regs *regs) {
  (void)regs;
  taken_tsc = rdtsc();
  taken++;
  apic_eoi();
}

static int fires(uint64_t ns) {
  unsigned before = taken;
  return WAIT(taken > before, ns);
}

static uint32_t ticks_per_ms(void) {
  apic_write(APIC_LVT_TIMER, APIC_MASKED | VECTOR);
  apic_write(APIC_TIMER_DIVIDE, 0xb);
  apic_write(APIC_TIMER_INITIAL, 0xffffffff);
  uint32_t start = apic_read(APIC_TIMER_CURRENT);
  delay_ns(10 * MS);
  uint32_t ticks = (start - apic_read(APIC_TIMER_CURRENT)) / 10;
  apic_write(APIC_TIMER_INITIAL, 0);
  return ticks;
}

static void one_shot(uint32_t per_ms) {
  apic_write(APIC_LVT_TIMER, VECTOR);
  uint64_t start = time_ns();
  apic_write(APIC_TIMER_INITIAL, per_ms * 10);
  check_eq("lapic_timer.initial", apic_read(APIC_TIMER_INITIAL), per_ms * 10);
  CHECK("lapic_timer.one_shot", fires(1000 * MS));
  CHECK("lapic_timer.one_shot.not_early", time_ns() - start >= 9 * MS);
  check_eq("lapic_timer.one_shot.current", apic_read(APIC_TIMER_CURRENT), 0);
  CHECK("lapic_timer.one_shot.once", !fires(25 * MS));
  apic_write(APIC_TIMER_DIVIDE, 0x3); // by 16
  start = time_ns();
  apic_write(APIC_TIMER_INITIAL, per_ms);
  CHECK("lapic_timer.divide", fires(1000 * MS) && time_ns() - start >= 14 * MS);
  apic_write(APIC_TIMER_DIVIDE, 0xb);
  apic_write(APIC_TIMER_INITIAL, per_ms * 5);
  apic_write(APIC_TIMER_INITIAL, 0);
  CHECK("lapic_timer.stopped", !fires(15 * MS));
}

static void periodic(uint32_t per_ms) {
  apic_write(APIC_LVT_TIMER, APIC_PERIODIC | VECTOR);
  unsigned before = taken;
  uint64_t start = time_ns();
  apic_write(APIC_TIMER_INITIAL, per_ms * 5);
  delay_ns(200 * MS);
  uint64_t ticks = taken - before, most = (time_ns() - start) / (5 * MS) + 1;
  printf("%lu ticks, at most %lu are due\n", ticks, most);
  CHECK("lapic_timer.periodic", ticks >= 5 && ticks <= most);
  apic_write(APIC_LVT_TIMER, APIC_PERIODIC | APIC_MASKED | VECTOR);
  delay_ns(MS);
  CHECK("lapic_timer.masked", !fires(25 * MS));
  apic_write(APIC_TIMER_INITIAL, 0);
}

static void deadline(void) {
  if (!(cpuid(1, 0).ecx >> 24 & 1))
    return;
  uint64_t ms = tsc_hz() / 1000, target = rdtsc() + 10 * ms;
  apic_write(APIC_LVT_TIMER, APIC_DEADLINE | VECTOR);
  wrmsr(TSC_DEADLINE_MSR, target);
  check_eq("lapic_timer.deadline.armed", rdmsr(TSC_DEADLINE_MSR), target);
  CHECK("lapic_timer.deadline", fires(1000 * MS));
  CHECK("lapic_timer.deadline.not_early", taken_tsc >= target);
  check_eq("lapic_timer.deadline.disarmed", rdmsr(TSC_DEADLINE_MSR), 0);
  wrmsr(TSC_DEADLINE_MSR, 1);
  CHECK("lapic_timer.deadline.past", taken && WAIT(taken_tsc > target + ms / 100, 100 * MS));
  wrmsr(TSC_DEADLINE_MSR, rdtsc() + 10 * ms);
  wrmsr(TSC_DEADLINE_MSR, 0);
  CHECK("lapic_timer.deadline.stopped", !fires(20 * MS));
  apic_write(APIC_TIMER_INITIAL, 1000);
  CHECK("lapic_timer.deadline.no_count", !fires(5 * MS));
}

void test_main(void) {
  trap_set(VECTOR, handler);
  apic_enable();
  uint32_t per_ms = ticks_per_ms();
  printf("%u timer ticks in a millisecond\n", per_ms);
  CHECK("lapic_timer.counts", per_ms > 100);
  irq_enable();
  one_shot(per_ms);
  periodic(per_ms);
  deadline();
  irq_disable();
}
