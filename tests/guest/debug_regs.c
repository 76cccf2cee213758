// SPDX-License-Identifier: Apache-2.0
// Debug registers are each vCPU's own and work: two vCPUs on one CPU, and a write breakpoint.
/* guest: vcpus=2 smp=1 xen-smp=1 xen-args="dom0_max_vcpus=2" */
#include "rt/rt.h"

static volatile unsigned bad[2], rounds[2], hits;
static volatile uint64_t watched, hit_dr6;

static uint64_t read_dr(unsigned n) {
  uint64_t v = 0;
  if (n == 0)
    asm volatile("mov %%dr0, %0" : "=r"(v));
  else if (n == 3)
    asm volatile("mov %%dr3, %0" : "=r"(v));
  else if (n == 6)
    asm volatile("mov %%dr6, %0" : "=r"(v));
  else
    asm volatile("mov %%dr7, %0" : "=r"(v));
  return v;
}

static void write_dr(unsigned n, uint64_t v) {
  if (n == 0)
    asm volatile("mov %0, %%dr0" : : "r"(v));
  else if (n == 3)
    asm volatile("mov %0, %%dr3" : : "r"(v));
  else if (n == 6)
    asm volatile("mov %0, %%dr6" : : "r"(v));
  else
    asm volatile("mov %0, %%dr7" : : "r"(v));
}

static void on_debug(struct regs *regs) {
  (void)regs;
  hits++;
  hit_dr6 = read_dr(6);
  write_dr(6, 0xffff0ff0);
}

static void work(void) {
  unsigned me = this_cpu()->vcpu;
  write_dr(0, 0x1000 + me);
  write_dr(3, 0x2000 + me);
  write_dr(7, me ? 0x400 : 0x4c0); // DR3 enabled on one only
  for (unsigned i = 0; i < 100; i++) {
    sched_op(SCHEDOP_yield, 0);
    bad[me] += read_dr(0) != 0x1000 + me || read_dr(3) != 0x2000 + me ||
               read_dr(7) != (me ? 0x400 : 0x4c0);
    rounds[me]++;
  }
  write_dr(7, 0x400);
}

static void second_vcpu(void) {
  work();
  for (;;)
    cpu_relax();
}

void test_main(void) {
  trap_set(TRAP_DB, on_debug);
  check_eq("debug_regs.reset.dr6", read_dr(6), 0xffff0ff0);
  check_eq("debug_regs.reset.dr7", read_dr(7), 0x400);
  write_dr(0, (uintptr_t)&watched);
  write_dr(7, 0x400 | 2 | 0xd0000); // G0, 4 bytes, writes
  watched = 5;
  check_eq("debug_regs.breakpoint", hits, 1);
  check_eq("debug_regs.breakpoint.dr6", hit_dr6 & 0xf, 1);
  write_dr(7, 0x400);
  watched = 6;
  check_eq("debug_regs.off", hits, 1);
  check_eq("debug_regs.start", cpu_start(1, second_vcpu), 0);
  work();
  CHECK("debug_regs.both_ran", WAIT(rounds[1] == 100, 2000 * MS));
  check_eq("debug_regs.first", bad[0], 0);
  check_eq("debug_regs.second", bad[1], 0);
}
