// SPDX-License-Identifier: Apache-2.0
// STI and HLT are one: an interrupt that comes between them is taken behind HLT, which it ends.
// Taken before, its sleeper would miss it (AMD64 manual volume 2, 15.21.5, "Interrupt shadows").
/* guest: icount=1 (one of the sleeps begins with the very instruction at which the timer fires) */
#include "rt/apic.h"
#include "rt/rt.h"

#define TICKS  4000 // of the TSC: from the timer's start until it fires
#define SLEEPS 4500

extern const char hlt_begins[];
static volatile unsigned before_hlt, in_sleep;

static void handler(struct regs *regs) {
  if (regs->rip == (uintptr_t)hlt_begins) {
    before_hlt++;
    regs->rip++; // or this test would sleep for ever
  } else {
    in_sleep++;
  }
  apic_eoi();
}

// Two instructions a round.
static void pass(unsigned rounds) {
  if (rounds & 1)
    asm volatile("nop");
  rounds = rounds / 2 + 1;
  asm volatile("1: dec %0; jnz 1b" : "+r"(rounds));
}

void test_main(void) {
  trap_set(0x61, handler);
  apic_enable();
  apic_write(APIC_LVT_TIMER, APIC_DEADLINE | 0x61);
  for (unsigned i = 0; i < SLEEPS; i++) {
    wrmsr(TSC_DEADLINE_MSR, rdtsc() + TICKS);
    pass(i);
    asm volatile("sti; hlt_begins: hlt; cli" : : : "memory");
  }
  check_eq("hlt_shadow.before_hlt", before_hlt, 0);
  check_eq("hlt_shadow.wakes", in_sleep, SLEEPS);
}
