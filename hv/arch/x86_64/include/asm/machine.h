/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single instructions as functions: ports, device registers, control registers,
 * and the numbers that go with them (AMD APM vol. 2; Intel SDM vol. 3 and 4).
 */
#ifndef ASM_MACHINE_H
#define ASM_MACHINE_H

#define CR0_PE           BIT(0)
#define CR0_MP           BIT(1)
#define CR0_ET           BIT(4)
#define CR0_NE           BIT(5)
#define CR0_WP           BIT(16)
#define CR0_PG           BIT(31)

#define CR4_PAE          BIT(5)
#define CR4_MCE          BIT(6)
#define CR4_PGE          BIT(7)
#define CR4_OSFXSR       BIT(9)
#define CR4_OSXMMEXCPT   BIT(10)
#define CR4_UMIP         BIT(11)
#define CR4_OSXSAVE      BIT(18)
#define CR4_SMEP         BIT(20)
#define CR4_SMAP         BIT(21)

#define MSR_APIC_BASE    0x01bu
#define MSR_MCG_CAP      0x179u
#define MSR_PAT          0x277u
#define MSR_MC0_STATUS   0x401u /* bank n: + 4 n; the address is the next */
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_EFER         0xc0000080u
#define EFER_LMA         BIT(10)
#define EFER_NXE         BIT(11)

#define EFER_NXE_BIT     0x800 /* for assembly */

/* Selectors of every GDT of ours; CODE32 of boot's. */
#define SELECTOR_CODE    0x08
#define SELECTOR_DATA    0x10
#define SELECTOR_TSS     0x18
#define SELECTOR_CODE32  0x18
#define BOOT_GDT_SIZE    32

#ifndef __ASSEMBLY__
#include <asm/msr.h> /* CPUID, RDMSR, WRMSR */
#include <lib/types.h>

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
