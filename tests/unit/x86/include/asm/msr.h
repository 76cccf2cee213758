/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the instructions CPUID, RDMSR, WRMSR on the host: guest_world.c has them. */
#ifndef ASM_MSR_H
#define ASM_MSR_H

#include <lib/types.h>

uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t v);
void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4]);

#endif
