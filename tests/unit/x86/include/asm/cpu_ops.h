/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the machine's own instructions on the host: guest memory is an array. */
#ifndef ASM_CPU_OPS_H
#define ASM_CPU_OPS_H

#include <asm/platform.h>
#include <lib/types.h>

#define GUEST_GPA_BITS  42
#define GUEST_GPA_LIMIT (1ull << GUEST_GPA_BITS)

void user_open(void);
void user_close(void);
bool user_load64(uint64_t gpa, uint64_t *out);
bool user_load32(uint64_t gpa, uint32_t *out);
bool user_cas64(uint64_t gpa, uint64_t old, uint64_t new);
bool user_cas32(uint64_t gpa, uint32_t old, uint32_t new);
bool user_read(void *to, uint64_t gpa, size_t n);
bool user_write(uint64_t gpa, const void *from, size_t n);
void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4]);
void wrmsr(uint32_t msr, uint64_t value);

#endif
