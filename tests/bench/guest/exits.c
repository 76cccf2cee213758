// SPDX-License-Identifier: Apache-2.0
// Single instructions that leave the guest, or may.
#include "bench.h"
#include "rt/apic.h"

#define VECTOR    0x60

#define APIC_BASE "mov $0x1b, %%ecx"
#define EFER      "mov $0xc0000080, %%ecx; mov $0xd01, %%eax; xor %%edx, %%edx"
#define PORT      "mov $0x21, %%edx; mov $0xff, %%eax" // the first PIC's mask: nobody has it
#define TPR       "mov $0xfee00080, %%ebx; xor %%eax, %%eax"

static volatile unsigned taken, early;

static void on_interrupt(struct regs *regs) {
  taken++;
  early += skip_halt(regs);
  apic_store(APIC_EOI, 0);
}

static void run_cpuid(const char *name) {
  MEASURE(name, "xor %%eax, %%eax; xor %%ecx, %%ecx", "cpuid");
}

static void run_rdmsr(const char *name) {
  MEASURE(name, APIC_BASE, "rdmsr");
}

// The value that the register has: EFER with SCE, LME, LMA and NXE.
static void run_wrmsr(const char *name) {
  MEASURE(name, EFER, "wrmsr");
}

static void run_port_read(const char *name) {
  MEASURE(name, PORT, "in %%dx, %%al");
}

static void run_port_write(const char *name) {
  MEASURE(name, PORT, "out %%al, %%dx");
}

static void run_apic_read(const char *name) {
  MEASURE(name, TPR, "mov (%%rbx), %%eax");
}

static void run_apic_write(const char *name) {
  MEASURE(name, TPR, "mov %%eax, (%%rbx)");
}

static void run_rdtsc(const char *name) {
  MEASURE(name, "", "rdtsc");
}

// To itself, until the handler has ended the interrupt and returned.
static void self_ipi(void) {
  unsigned before = taken;
  apic_store(APIC_ICR, APIC_FIXED | APIC_TO_SELF | VECTOR);
  while (taken == before)
    cpu_relax();
}

static void run_apic_ipi(const char *name) {
  apic_enable();
  trap_set(VECTOR, on_interrupt);
  irq_enable();
  measure_function(name, self_ipi, COUNT);
  irq_disable();
}

// An interrupt is pending when HLT is met, so nobody sleeps: the way in, the interrupt, its end.
static void halt_pending(void) {
  apic_store(APIC_ICR, APIC_FIXED | APIC_TO_SELF | VECTOR);
  irq_wait();
}

static void run_hlt(const char *name) {
  apic_enable();
  trap_set(VECTOR, on_interrupt);
  early = 0;
  halt_pending();
  if (!early) {
    measure_function(name, halt_pending, COUNT);
    return;
  }
  mark_begin();
  mark_end();
  report_none(name, "the-machine-lets-the-interrupt-in-before-HLT");
}

const struct measure exit_measures[] = {{"exit.cpuid", ANYWHERE, run_cpuid},
                                        {"exit.rdmsr", ANYWHERE, run_rdmsr},
                                        {"exit.wrmsr", ANYWHERE, run_wrmsr},
                                        {"exit.port_read", ANYWHERE, run_port_read},
                                        {"exit.port_write", ANYWHERE, run_port_write},
                                        {"exit.apic_read", ANYWHERE, run_apic_read},
                                        {"exit.apic_write", ANYWHERE, run_apic_write},
                                        {"exit.rdtsc", ANYWHERE, run_rdtsc},
                                        {0, 0, 0}};
const struct measure interrupt_measures[] = {
    {"exit.apic_ipi", ANYWHERE, run_apic_ipi}, {"exit.hlt_pending", ANYWHERE, run_hlt}, {0, 0, 0}};
