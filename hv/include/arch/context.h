/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What arch_vcpu_set_context takes.
 */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#include <lib/types.h>

/* The registers with which a guest starts one of its own vCPUs. */
struct arch_context {
  bool mode64;
  uint64_t gpr[8]; /* in the machine's order: x86 rax rcx rdx rbx rsp rbp rsi rdi */
  uint64_t ip, flags;
  uint64_t cr0, cr3, cr4, efer;
  /* Not in mode64: code, data, stack, extra, task; attributes with the granularity in bit 11. */
  struct {
    uint32_t base, limit;
    uint16_t attributes;
  } segment[5];
};

#endif
