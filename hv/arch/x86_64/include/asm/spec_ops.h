/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions of the speculation barrier that are no MSR write. Host tests put a header of the
 * same name before this one.
 */
#ifndef ASM_SPEC_OPS_H
#define ASM_SPEC_OPS_H

#include <asm/machine.h>

/* 32 calls that never return fill the return stack of every processor that is known; four at a time
 * take their addresses off the stack again. A speculated return stops at LFENCE. */
static inline void return_stack_fill(void) {
  asm volatile(".rept 8\n"
               ".rept 4\n call 1f\n lfence\n int3\n 1:\n .endr\n"
               "add $32, %%rsp\n"
               ".endr\n"
               "lfence" ::
                   : "memory", "cc");
}

/* With the microcode that says so, VERW of a memory operand clears buffers too. */
static inline void buffers_clear(void) {
  static const uint16_t selector = SELECTOR_DATA;
  asm volatile("verw %0" ::"m"(selector) : "cc");
}

/* Leaves a quotient of ours in the divider. */
static inline void divider_clear(void) {
  uint32_t low = 0, high = 0;
  asm volatile("div %2" : "+a"(low), "+d"(high) : "r"(1) : "cc");
}

#endif
