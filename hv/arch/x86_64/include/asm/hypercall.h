/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypercall of a 64-bit kernel, inline: the commonest exit of many guests.
 * exit_common.c has the others.
 */
#ifndef ASM_HYPERCALL_H
#define ASM_HYPERCALL_H

#include <asm/vendor.h>
#include <personality.h>

/* From 64-bit code at level 0; the instruction ends at next_rip, where RIP needs no cut. */
static inline void x86_hypercall_64(struct vcpu *v, uint64_t next_rip) {
  uint64_t *gpr = v->arch.regs.gpr;
  const uint64_t args[3] = {gpr[RDI], gpr[RSI], gpr[RDX]};
  v->arch.regs.rip = next_rip;
  v->arch.interrupt_shadow = false;
  if (unlikely(v->arch.regs.rflags & (RFLAGS_TF | RFLAGS_RF)))
    x86_advance_flags(v);
  gpr[RAX] = personality_hypercall(v, gpr[RAX], args, false);
}

#endif
