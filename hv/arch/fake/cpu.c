/* SPDX-License-Identifier: Apache-2.0 */
/* The fake machine's CPUs, time, timers and vCPUs. */
#include <asm/fake.h>
#include <lib/lib.h>
#include <timer.h>

#define SPIN_LIMIT 1000u

static _Thread_local unsigned this_cpu;
uint64_t fake_time;
uint64_t fake_deadline[FAKE_CPUS];
bool fake_kicked[FAKE_CPUS];
uint64_t fake_kicks;
void (*fake_meanwhile)(void);
void (*fake_waiting)(void);
void (*fake_thread_left)(struct vcpu *v);
void (*fake_run)(struct vcpu *v);
void (*fake_thread_entered)(struct vcpu *v);
void (*fake_idled)(void);
unsigned fake_barriers[FAKE_CPUS];
static unsigned spins;

void fake_memory_init(uint64_t frames);
void fake_arena_show(struct domain_stub *d);
void fake_p2m_init(void);

void fake_init(uint64_t frames, unsigned cpu_total, unsigned threads) {
  assert(cpu_total <= FAKE_CPUS);
  memset(cpus, 0, sizeof(*cpus) * FAKE_CPUS);
  cpu_count = cpu_total;
  for (unsigned i = 0; i < cpu_total; i++) {
    cpus[i] = (struct cpu){.id = i, .core = i / threads * 10 + 3, .online = true};
    fake_deadline[i] = UINT64_MAX;
    fake_kicked[i] = false;
  }
  this_cpu = 0;
  spins = 0;
  fake_time = 1000;
  fake_kicks = 0;
  fake_meanwhile = fake_waiting = NULL;
  fake_thread_left = fake_run = fake_thread_entered = NULL;
  fake_idled = NULL;
  memset(fake_barriers, 0, sizeof(fake_barriers));
  fake_memory_init(frames);
  fake_p2m_init();
}

void fake_cpu_set(unsigned n) {
  this_cpu = n;
  fake_arena_show(cpus[n].linked);
}

struct cpu *arch_this_cpu(void) {
  return &cpus[this_cpu];
}

void arch_kick(struct cpu *c) {
  assert(c != arch_this_cpu());
  fake_kicked[c->id] = true;
  fake_kicks++;
}

/* This CPU, then each that was kicked, does what was asked of it. A CPU that waits for something
 * that nobody will do would hang a real machine; here it panics. */
void arch_cpu_serve(void) {
  unsigned home = this_cpu;

  if (fake_waiting) {
    fake_waiting();
    return;
  }
  if (++spins > SPIN_LIMIT)
    panic("fake: CPU %u waits for ever", home);
  flush_serve(&cpus[home]);
  if (fake_meanwhile)
    fake_meanwhile();
  for (unsigned i = 0; i < cpu_count; i++) {
    if (!fake_kicked[i])
      continue;
    fake_kicked[i] = false;
    spins = 0;
    this_cpu = i;
    flush_serve(&cpus[i]);
  }
  this_cpu = home;
}

void arch_idle(struct cpu *c, bool (*has_work)(struct cpu *c)) {
  spins = 0; /* who takes interrupts does not spin */
  if (has_work(c))
    return;
  assert(c->linked == NULL);
  fake_kicked[c->id] = false;
  if (fake_idled)
    fake_idled();
}

void arch_speculation_barrier(void) {
  fake_barriers[this_cpu]++;
}

/* --- time ------------------------------------------------------------------------- */

uint64_t arch_time(void) {
  return fake_time;
}

void arch_timer_set(uint64_t deadline) {
  fake_deadline[this_cpu] = deadline;
}

static unsigned earliest(void) {
  unsigned n = 0;

  for (unsigned i = 1; i < cpu_count; i++)
    if (fake_deadline[i] < fake_deadline[n])
      n = i;
  return n;
}

void fake_time_pass(uint64_t until) {
  unsigned home = this_cpu, n = earliest(), interrupts = 0;

  for (; fake_deadline[n] <= until; n = earliest()) {
    if (fake_deadline[n] > fake_time) {
      fake_time = fake_deadline[n];
      interrupts = 0;
    }
    if (++interrupts > SPIN_LIMIT)
      panic("fake: CPU %u has timer interrupts without end", n);
    this_cpu = n;
    timer_interrupt();
  }
  this_cpu = home;
  fake_time = until;
}

/* --- the end ------------------------------------------------------------------------ */

void arch_poweroff(void) {
  panic("fake: power off");
}

void arch_panic(void) {
  panic("fake: arch_panic");
}

/* --- vCPUs --------------------------------------------------------------------------- */

enum status arch_vcpu_init(struct vcpu *v) {
  v->arch = (struct arch_vcpu){.offline = true};
  return STATUS_OK;
}

void arch_vcpu_reset(struct vcpu *v) {
  unsigned resets = v->arch.resets;

  v->arch = (struct arch_vcpu){.offline = true, .resets = resets + 1};
}

void arch_vcpu_start(struct vcpu *v, gpa_t entry, gpa_t start_info) {
  v->arch.entry = entry;
  v->arch.start_info = start_info;
  v->arch.offline = false;
}

void arch_vcpu_run(struct vcpu *v) {
  if (fake_run)
    fake_run(v);
}

void arch_thread_enter(struct vcpu *v) {
  v->arch.enters++;
  if (fake_thread_entered)
    fake_thread_entered(v);
}

void arch_thread_leave(struct vcpu *v) {
  if (fake_thread_left)
    fake_thread_left(v);
}

void arch_vcpu_mail(struct vcpu *v, uint64_t mail) {
  v->arch.mail |= mail;
}

bool arch_vcpu_halted(struct vcpu *v) {
  return v->arch.halted || v->arch.offline;
}

bool arch_vcpu_offline(struct vcpu *v) {
  return v->arch.offline;
}

void arch_vcpu_raise(struct vcpu *v, uint8_t vector) {
  v->arch.raised[vector / 64] |= BIT(vector % 64);
}

void arch_vcpu_dump(struct vcpu *v) {
  log_printf("vcpu %u\n", v->id);
}

struct vcpu *vcpu_current(void) {
  struct vcpu_stub *s = arch_this_cpu()->running;

  return s ? s->vcpu : NULL;
}
