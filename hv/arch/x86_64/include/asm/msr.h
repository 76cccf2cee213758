/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions CPUID, RDMSR, WRMSR and their like as functions. */
#ifndef ASM_MSR_H
#define ASM_MSR_H

#include <lib/types.h>

static inline uint64_t rdmsr(uint32_t msr) {
  uint32_t lo, hi;
  asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
  return lo | (uint64_t)hi << 32;
}
static inline void wrmsr(uint32_t msr, uint64_t v) {
  asm volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
/* r: eax, ebx, ecx, edx */
static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4]) {
  asm volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(sub));
}

static inline void xsetbv(uint64_t xcr0) {
  asm volatile("xsetbv" ::"c"(0), "a"((uint32_t)xcr0), "d"((uint32_t)(xcr0 >> 32)));
}

#endif
