// SPDX-License-Identifier: Apache-2.0
// Single-stepping passes over instructions that exit to the hypervisor: one #DB after each.
/* guest: */
#include "rt/rt.h"

static volatile uint64_t steps[32];
static volatile unsigned count;

static void on_debug(struct regs *regs) {
  steps[count++ & 31] = regs->rip;
}

static int stepped_at(uintptr_t address) {
  for (unsigned i = 0; i < count && i < 32; i++)
    if (steps[i] == address)
      return 1;
  return 0;
}

extern uint8_t step_cpuid[], step_hypercall[], step_rdmsr[], step_in[], step_end[];

void test_main(void) {
  trap_set(TRAP_DB, on_debug);
  asm volatile(
      "pushfq; orq $0x100, (%%rsp); popfq\n\t"
      "mov $0, %%eax; cpuid\n\t"
      ".global step_cpuid; step_cpuid: mov $17, %%eax; xor %%edi, %%edi; xor %%esi, %%esi\n\t"
      "call *%0\n\t"
      ".global step_hypercall; step_hypercall: mov $0x1b, %%ecx; rdmsr\n\t"
      ".global step_rdmsr; step_rdmsr: mov $0x3e0, %%edx; in %%dx, %%al\n\t"
      ".global step_in; step_in: nop\n\t"
      ".global step_end; step_end: pushfq; andq $~0x100, (%%rsp); popfq"
      :
      : "r"(hypercall_gate)
      : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r10", "memory", "cc");
  printf("%u steps\n", count);
  CHECK("single_step.cpuid", stepped_at((uintptr_t)step_cpuid));
  CHECK("single_step.hypercall", stepped_at((uintptr_t)step_hypercall));
  CHECK("single_step.rdmsr", stepped_at((uintptr_t)step_rdmsr));
  CHECK("single_step.in", stepped_at((uintptr_t)step_in));
  CHECK("single_step.plain", stepped_at((uintptr_t)step_end));
  // 16 instructions up to the POPF that ends it, RET and what it returns from among them; POPF
  // itself is stepped, too.
  check_eq("single_step.count", count, 16);
}
