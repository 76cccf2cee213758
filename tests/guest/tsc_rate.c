// SPDX-License-Identifier: Apache-2.0
// A TSC with a rate of the domain's own: every clock and timer that is made of it keeps the time of
// those that are not.
/* guest: system=tsc.yaml timeout=120 qemu=no (it has no TSC ratio, and an image with one is
 * refused) xen=no (a domain's rate cannot be chosen) */
#include "rt/apic.h"
#include "rt/rt.h"

#define VECTOR  0x70u
#define TSC     0x10u
#define TICK_NS 10 // of the APIC's timer, whatever the TSC does

static volatile unsigned taken;
static volatile uint64_t taken_tsc, sibling_tsc;

static void handler(struct regs *regs) {
  (void)regs;
  taken_tsc = rdtsc();
  taken++;
  apic_eoi();
}

// The ABI's numbers: in shared_info, from which time_ns() is made, and in CPUID.
static void rate(uint64_t khz) {
  uint64_t hz = tsc_hz();
  CHECK("tsc_rate.clock", hz / 1000 >= khz - 1 && hz / 1000 <= khz + 1);
  check_eq("tsc_rate.cpuid", cpuid(0x40000003, 0).ecx, (int64_t)khz);
}

// 100 ms by a clock that knows nothing of the TSC, to a part in two thousand.
static void keeps_time(uint64_t khz) {
  apic_write(APIC_LVT_TIMER, APIC_MASKED | VECTOR);
  apic_write(APIC_TIMER_DIVIDE, 0xb);
  apic_write(APIC_TIMER_INITIAL, 0xffffffff);
  uint32_t start = apic_read(APIC_TIMER_CURRENT);
  uint64_t tsc = rdtsc(), ns = time_ns();
  while (start - apic_read(APIC_TIMER_CURRENT) < 100 * MS / TICK_NS)
    cpu_relax();
  uint64_t ticks = rdtsc() - tsc, clock = time_ns() - ns;
  uint64_t passed = (uint64_t)(start - apic_read(APIC_TIMER_CURRENT)) * TICK_NS;
  uint64_t by_tsc = ticks * 1000000 / khz, most = passed / 2000;
  printf("%lu ns, %lu by the TSC, %lu by the clock\n", passed, by_tsc, clock);
  CHECK("tsc_rate.ticks", by_tsc + most >= passed && by_tsc <= passed + most);
  CHECK("tsc_rate.ns", clock + most >= passed && clock <= passed + most);
  apic_write(APIC_TIMER_INITIAL, 0);
}

// As an instruction and as an MSR, which exits; moved by the guest, with the clock.
static void reads_and_writes(void) {
  uint64_t before = rdtsc(), msr = rdmsr(TSC), after = rdtsc(), ns = time_ns();
  CHECK("tsc_rate.msr", before <= msr && msr <= after);
  wrmsr(TSC, 1ul << 52);
  after = rdtsc();
  CHECK("tsc_rate.written", after >= 1ul << 52 && after < (1ul << 52) + tsc_hz());
  CHECK("tsc_rate.clock_follows", time_ns() >= ns && time_ns() < ns + 1000 * MS);
  wrmsr(TSC, before);
}

static void deadline(uint64_t khz) {
  uint64_t start = time_ns(), target = rdtsc() + 10 * khz;
  apic_write(APIC_LVT_TIMER, APIC_DEADLINE | VECTOR);
  wrmsr(TSC_DEADLINE_MSR, target);
  CHECK("tsc_rate.deadline", WAIT(taken, 1000 * MS));
  uint64_t took = time_ns() - start;
  CHECK("tsc_rate.deadline.not_early", taken_tsc >= target && took >= 10 * MS);
  CHECK("tsc_rate.deadline.in_time", took < 30 * MS);
}

static void sibling(void) {
  sibling_tsc = rdtsc();
}

// The same on both, from their start.
static void two_vcpus(void) {
  uint64_t before = rdtsc();
  check_eq("tsc_rate.start", cpu_start(1, sibling), 0);
  CHECK("tsc_rate.two_vcpus",
        WAIT(sibling_tsc, 1000 * MS) && sibling_tsc >= before && sibling_tsc <= rdtsc());
}

void test_main(void) {
  uint64_t khz = role("faster") ? 2393999 : role("slower") ? 100001 : tsc_hz() / 1000;
  trap_set(VECTOR, handler);
  apic_enable();
  two_vcpus();
  rate(khz);
  keeps_time(khz);
  reads_and_writes();
  irq_enable();
  deadline(khz);
  irq_disable();
}
