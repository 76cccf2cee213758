/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions and interrupts in root mode.
 */
#ifndef CPU_TRAP_H
#define CPU_TRAP_H

#include <lib/types.h>

/* As cpu/trap_entry.S pushes it; the last five by the CPU (APM vol. 2, 8.9.3). */
struct trap_frame {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
  uint64_t vector, error;
  uint64_t rip, cs, rflags, rsp, ss;
};

/* Once, before mm_init: fill the IDT, which is read-only from then on, and use it. */
void trap_init(void);
/* Each CPU, in its private part: GDT, TSS, IDT. */
void trap_cpu_init(void);

/* Called from trap_entry.S. */
void trap_handle(struct trap_frame *f);
void trap_nmi(struct trap_frame *f);

/* Read one word, which may not be mapped. */
bool trap_safe_read(uint64_t address, uint64_t *value);
/* The frame of the exception that this CPU panics for; NULL: it called panic itself. */
extern struct trap_frame *trap_panic_frame;

#endif
