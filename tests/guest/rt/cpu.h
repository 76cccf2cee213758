// SPDX-License-Identifier: Apache-2.0
// Single instructions as functions, and the numbers of the CPU's own manuals that tests share.
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

enum {
  TRAP_DB = 1,
  TRAP_NMI = 2,
  TRAP_BP = 3,
  TRAP_UD = 6,
  TRAP_NM = 7,
  TRAP_GP = 13,
  TRAP_PF = 14
};

#define CR4_TSD     (1UL << 2)
#define CR4_DE      (1UL << 3)
#define CR4_OSXSAVE (1UL << 18)
#define EFLAGS_TF   (1UL << 8)
#define EFLAGS_IF   (1UL << 9)

struct cpuid {
  uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf) {
  struct cpuid r;
  asm volatile("cpuid"
               : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
               : "a"(leaf), "c"(subleaf));
  return r;
}

static inline int is_intel(void) {
  return cpuid(0, 0).ebx == 0x756e6547; // "Genu"
}

static inline uint64_t rdmsr(uint32_t msr) {
  uint32_t low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return ((uint64_t)high << 32) | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value) {
  asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t rdtsc(void) {
  uint32_t low, high;
  asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return ((uint64_t)high << 32) | low;
}

static inline void cpu_relax(void) {
  asm volatile("pause" : : : "memory");
}

static inline void irq_enable(void) {
  asm volatile("sti" : : : "memory");
}

static inline void irq_disable(void) {
  asm volatile("cli" : : : "memory");
}

// Interrupts on, sleep, interrupts off.
static inline void irq_wait(void) {
  asm volatile("sti; hlt; cli" : : : "memory");
}

static inline uint64_t read_cr4(void) {
  uint64_t value;
  asm volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}

static inline void write_cr4(uint64_t value) {
  asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint64_t read_cr3(void) {
  uint64_t value;
  asm volatile("mov %%cr3, %0" : "=r"(value));
  return value;
}

static inline uint64_t read_cr0(void) {
  uint64_t value;
  asm volatile("mov %%cr0, %0" : "=r"(value));
  return value;
}

static inline void write_cr0(uint64_t value) {
  asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline void invlpg(const void *address) {
  asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline uint8_t in8(uint16_t port) {
  uint8_t value;
  asm volatile("inb %w1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline uint16_t in16(uint16_t port) {
  uint16_t value;
  asm volatile("inw %w1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline uint32_t in32(uint16_t port) {
  uint32_t value;
  asm volatile("inl %w1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline void out8(uint16_t port, uint8_t value) {
  asm volatile("outb %0, %w1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out16(uint16_t port, uint16_t value) {
  asm volatile("outw %0, %w1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t value) {
  asm volatile("outl %0, %w1" : : "a"(value), "Nd"(port) : "memory");
}

#endif
