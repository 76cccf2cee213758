// SPDX-License-Identifier: Apache-2.0
// Descriptor tables, trap dispatch, faults that a test expects, and code at CPL 3.
#include "rt.h"

struct gate {
  uint16_t offset_low, selector;
  uint8_t ist, type;
  uint16_t offset_mid;
  uint32_t offset_high, reserved;
};
struct table_pointer {
  uint16_t limit;
  uint64_t base;
} __attribute__((packed));
struct tss {
  uint32_t reserved;
  uint64_t rsp[3], ist[8];
  uint64_t reserved2;
  uint16_t reserved3, iomap;
} __attribute__((packed));

struct cpu cpus[MAX_CPUS];
void (*trap_unexpected)(const struct regs *regs);
static struct gate idt[256];
static trap_fn *handlers[256];
static struct tss tss[MAX_CPUS];
static uint8_t trap_stacks[MAX_CPUS][8192] __attribute__((aligned(16)));
extern uint8_t trap_stubs[][16];
extern uint64_t boot_gdt[];

void trap_set(unsigned vector, trap_fn *handler) {
  handlers[vector] = handler;
}

static void idt_fill(void) {
  for (unsigned i = 0; i < 256; i++) {
    uintptr_t stub = (uintptr_t)trap_stubs[i];
    idt[i] = (struct gate){stub, 0x08, 0, i == TRAP_BP ? 0xee : 0x8e, stub >> 16, stub >> 32, 0};
  }
}

static void tss_load(unsigned index) {
  uint64_t base = (uintptr_t)&tss[index];
  unsigned slot = 6 + 2 * index;
  tss[index].rsp[0] = (uintptr_t)trap_stacks[index] + sizeof(trap_stacks[index]);
  tss[index].iomap = sizeof(struct tss);
  boot_gdt[slot] =
      (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 | (base >> 24 & 0xff) << 56;
  boot_gdt[slot + 1] = base >> 32;
  asm volatile("ltr %w0" : : "r"(slot * 8));
}

void cpu_init(struct cpu *cpu, unsigned vcpu) {
  struct table_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};
  cpu->self = cpu;
  cpu->vcpu = vcpu;
  wrmsr(0xc0000101, (uintptr_t)cpu); // GS base
  if (!vcpu)
    idt_fill();
  asm volatile("lidt %0" : : "m"(pointer));
  tss_load(vcpu);
}

static void fault_resume(struct cpu *cpu, struct regs *regs) {
  uint64_t address;
  asm volatile("mov %%cr2, %0" : "=r"(address));
  cpu->fault = (struct fault){regs->vector, regs->error, address, regs->rip};
  regs->rip = cpu->resume_rip;
  cpu->resume_rip = 0;
  if (!cpu->resume_rsp)
    return;
  regs->rsp = cpu->resume_rsp;
  regs->cs = 0x08;
  regs->ss = 0x10;
  cpu->resume_rsp = 0;
}

void trap_handle(struct regs *regs);
void trap_handle(struct regs *regs) {
  struct cpu *cpu = this_cpu();
  if (handlers[regs->vector]) {
    handlers[regs->vector](regs);
    return;
  }
  if (cpu->resume_rip && regs->vector < 32) {
    fault_resume(cpu, regs);
    return;
  }
  if (trap_unexpected)
    trap_unexpected(regs);
  uint64_t address;
  asm volatile("mov %%cr2, %0" : "=r"(address));
  printf("FAIL trap: vector %lu error 0x%lx rip 0x%lx cr2 0x%lx cpu %u\n", regs->vector,
         regs->error, regs->rip, address, cpu->vcpu);
  test_done();
}

int user_call(void (*code)(void)) {
  static uint8_t stack[8192] __attribute__((aligned(16)));
  static void (*target)(void);
  static uint8_t *stack_top = stack + sizeof(stack) - 8;
  target = code;
  asm volatile("push %%rbp\n\t"
               "movq $1f, %%gs:8\n\t"
               "mov %%rsp, %%gs:16\n\t"
               "pushq $0x2b\n\t"
               "pushq %[stack]\n\t"
               "pushq $2\n\t"
               "pushq $0x23\n\t"
               "pushq %[code]\n\t"
               "iretq\n"
               "1: pop %%rbp"
               :
               : [stack] "m"(stack_top), [code] "m"(target)
               : "memory", "cc", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
                 "r12", "r13", "r14", "r15");
  return this_cpu()->fault.vector;
}

int try_rdmsr(uint32_t msr, uint64_t *value) {
  uint32_t low = 0, high = 0;
  int vector = TRY("rdmsr", "+a"(low)COMMA "+d"(high), "c"(msr));
  *value = ((uint64_t)high << 32) | low;
  return vector;
}

int try_wrmsr(uint32_t msr, uint64_t value) {
  return TRY("wrmsr", TRY_NO_OUTPUT, "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}
