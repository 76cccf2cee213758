// SPDX-License-Identifier: Apache-2.0
// The loop of each vCPU. The first one looks after the others: what has not moved for a while is
// started again, and a watchdog ends the life in which the first one is stuck itself.
#include "hostile.h"
#include "rt/apic.h"

#define BATCH    64
#define WATCHDOG 1 // seconds

static volatile struct score *score;
static uint64_t ready;
static struct dice dice[MAX_CPUS];
static volatile uint64_t batches[MAX_CPUS];

// It may have come in the middle of a TRY, and the APIC may be off, elsewhere, or in its other
// mode.
static void ignore_interrupt(struct regs *regs) {
  struct cpu *cpu = this_cpu();
  struct fault fault = cpu->fault;
  uint64_t resume = cpu->resume_rip, unused;
  (void)regs;
  if (try_rdmsr(APIC_BASE_MSR, &unused) == NO_FAULT && unused & APIC_BASE_X2)
    try_wrmsr(0x800 + (APIC_EOI >> 4), 0);
  else
    TRY("movl $0, (%0)", TRY_NO_OUTPUT, "r"(APIC_MMIO + APIC_EOI));
  cpu->fault = fault;
  cpu->resume_rip = resume;
}

static void ignore_trap(struct regs *regs) {
  asm volatile("mov %0, %%dr7" : : "r"(0x400ul));
  regs->rflags &= ~EFLAGS_TF;
}

static void die(const struct regs *regs) {
  printf("vCPU %u: vector %lu at %lx after %lu calls\n", this_cpu()->vcpu, regs->vector, regs->rip,
         score->calls);
  shutdown(SHUTDOWN_crash);
}

static void traps_start(void) {
  trap_unexpected = die;
  trap_set(TRAP_DB, ignore_trap);
  trap_set(TRAP_NMI, ignore_trap);
  // Interrupts come with numbers of exceptions too; not for those whose stub expects an error code.
  for (unsigned vector = 16; vector < 256; vector++)
    if (vector != 17 && vector != 21 && vector != 29 && vector != 30)
      trap_set(vector, ignore_interrupt);
}

// Something wakes every vCPU that sleeps: a periodic timer of its own.
static void timer_start(unsigned vcpu) {
  struct vcpu_set_periodic_timer arg = {.period_ns = 2 * MS};
  apic_enable();
  apic_write(APIC_LVT_TIMER, APIC_PERIODIC | 0x40);
  apic_write(APIC_TIMER_INITIAL, 100000);
  vcpu_op(VCPUOP_set_periodic_timer, vcpu, &arg);
}

static void batch(struct dice *d) {
  unsigned calls = 0;
  for (unsigned i = 0; i < 2 * BATCH; i++) {
    if (one_in(d, 2)) {
      call_random(d);
      calls++;
    } else {
      access_random(d);
    }
  }
  if (d->vcpu && one_in(d, 4))
    TRY("sti; hlt; cli", TRY_NO_OUTPUT, "r"(0));
  irq_enable();
  __atomic_add_fetch(&score->calls, calls, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&score->accesses, 2 * BATCH - calls, __ATOMIC_SEQ_CST);
  batches[d->vcpu]++;
}

static void others(void) {
  unsigned vcpu = this_cpu()->vcpu;
  timer_start(vcpu);
  for (;;) {
    batch(&dice[vcpu]);
    if (one_in(&dice[vcpu], 8))
      timer_start(vcpu);
  }
}

// By INIT and SIPI: VCPUOP_initialise is for the first time alone.
static void revive(unsigned vcpu) {
  vcpu_op(VCPUOP_up, vcpu, 0);
  cpu_start_sipi(vcpu, 2 * vcpu, others);
}

// Armed before the others start: one of them may take vCPU 0 away.
static void watchdog(void) {
  static uint32_t id;
  struct sched_watchdog dog = {.id = id, .timeout = WATCHDOG};
  int64_t answer = sched_op(SCHEDOP_watchdog, &dog);
  id = answer > 0 ? answer : answer < 0 ? 0 : id;
}

static void look_after(void) {
  static uint64_t seen[MAX_CPUS], stuck[MAX_CPUS];
  watchdog();
  for (unsigned vcpu = 1; vcpu < WORKERS; vcpu++) {
    stuck[vcpu] = batches[vcpu] == seen[vcpu] ? stuck[vcpu] + 1 : 0;
    seen[vcpu] = batches[vcpu];
    if (stuck[vcpu] > 16) {
      stuck[vcpu] = 0;
      revive(vcpu);
    }
  }
}

void hostile_run(volatile struct score *its_score, uint64_t seed, uint64_t its_ready) {
  score = its_score;
  ready = its_ready;
  traps_start();
  watchdog();
  for (unsigned vcpu = 0; vcpu < WORKERS; vcpu++) {
    dice[vcpu] = (struct dice){seed * 4 + vcpu, vcpu};
    dice_word(&dice[vcpu]);
  }
  for (unsigned vcpu = 1; vcpu < WORKERS; vcpu++)
    cpu_start(vcpu, others);
  while (score->ready == ready) {
    look_after();
    batch(&dice[0]);
    if (one_in(&dice[0], 100))
      entry_random(&dice[0]);
  }
}
