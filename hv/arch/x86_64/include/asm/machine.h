/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single instructions as functions: ports, device registers, control registers
 * (AMD APM vol. 2; Intel SDM vol. 3 and 4).
 */
#ifndef ASM_MACHINE_H
#define ASM_MACHINE_H

#include <asm/bits.h>

#define EFER_NXE_BIT    0x800 /* for assembly */

/* Selectors of every GDT of ours; CODE32 of boot's. */
#define SELECTOR_CODE   0x08
#define SELECTOR_DATA   0x10
#define SELECTOR_TSS    0x18
#define SELECTOR_CODE32 0x18
#define BOOT_GDT_SIZE   32

#ifndef __ASSEMBLY__
#include <asm/msr.h> /* CPUID, RDMSR, WRMSR */

static inline void outb(uint16_t port, uint8_t v) {
  asm volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static inline void outw(uint16_t port, uint16_t v) {
  asm volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}
static inline uint8_t inb(uint16_t port) {
  uint8_t v;
  asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}
static inline uint16_t inw(uint16_t port) {
  uint16_t v;
  asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}
static inline uint32_t inl(uint16_t port) {
  uint32_t v;
  asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}

/* Device registers: one access of exactly this width. */
static inline uint32_t mmio_read32(const volatile void *p) {
  return *(const volatile uint32_t *)p;
}
static inline void mmio_write32(volatile void *p, uint32_t v) {
  *(volatile uint32_t *)p = v;
}

#define CONTROL_REGISTER(n)                                                                        \
  static inline uint64_t cr##n##_read(void) {                                                      \
    uint64_t v;                                                                                    \
    asm volatile("mov %%cr" #n ", %0" : "=r"(v));                                                  \
    return v;                                                                                      \
  }                                                                                                \
  static inline void cr##n##_write(uint64_t v) {                                                   \
    asm volatile("mov %0, %%cr" #n ::"r"(v) : "memory");                                           \
  }
CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)
#undef CONTROL_REGISTER

static inline void dr7_write(uint64_t v) {
  asm volatile("mov %0, %%db7" ::"r"(v));
}

static inline void cpu_relax(void) {
  asm volatile("pause" ::: "memory");
}
static inline void cpu_stop(void) __noreturn;
static inline void cpu_stop(void) {
  for (;;)
    asm volatile("cli; hlt" ::: "memory");
}

#endif
#endif
