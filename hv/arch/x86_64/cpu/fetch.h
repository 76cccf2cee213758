/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Behind the instruction that exited, inline: every exit goes there. fetch.c
 * has the unusual cases.
 */
#ifndef CPU_FETCH_H
#define CPU_FETCH_H

#include <asm/vendor.h>

/* By decoding; 0 as x86_fetch's false. */
uint64_t x86_decoded_next_rip(struct vcpu *v, enum insn_op op);
uint64_t x86_cut_rip(struct vcpu *v, uint64_t next_rip);

static inline uint64_t next_rip_of(struct vcpu *v, enum insn_op op) {
  return likely(v->arch.next_rip) ? v->arch.next_rip : x86_decoded_next_rip(v, op);
}

/* Only an instruction that ends at the top of the segment needs to be cut. */
static inline void advance(struct vcpu *v, uint64_t next_rip) {
  struct x86_regs *r = &v->arch.regs;
  if (unlikely((next_rip ^ r->rip) >> 16))
    next_rip = x86_cut_rip(v, next_rip);
  r->rip = next_rip;
  v->arch.interrupt_shadow = false;
  if (unlikely(r->rflags & (RFLAGS_TF | RFLAGS_RF)))
    x86_advance_flags(v);
}

static inline bool skip(struct vcpu *v, enum insn_op op) {
  uint64_t next_rip = next_rip_of(v, op);
  if (unlikely(!next_rip))
    return false;
  advance(v, next_rip);
  return true;
}

#endif
