/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's memory type range registers and PAT values (cpu/mtrr.c). */
#ifndef ASM_MTRR_H
#define ASM_MTRR_H

#include <lib/types.h>

struct vcpu;

/* False: no such register, or an illegal value. */
bool mtrr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
bool mtrr_write(struct vcpu *v, uint32_t msr, uint64_t value);
bool pat_legal(uint64_t value);

#endif
