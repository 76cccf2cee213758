/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The length of the instruction that exited, inline: on a machine that does not
 * report it, it is most of what an exit costs. fetch.c has the unusual cases.
 */
#ifndef CPU_FETCH_H
#define CPU_FETCH_H

#include <asm/vendor.h>

/* How the instructions that exit most are written without prefixes; low byte first. */
static const struct {
  uint32_t bytes, mask;
  uint8_t length;
} plain_form[] = {
    [INSN_CPUID] = {0xa20f, 0xffff, 2},       [INSN_RDMSR] = {0x320f, 0xffff, 2},
    [INSN_WRMSR] = {0x300f, 0xffff, 2},       [INSN_HLT] = {0xf4, 0xff, 1},
    [INSN_VMMCALL] = {0xd9010f, 0xffffff, 3}, [INSN_VMCALL] = {0xc1010f, 0xffffff, 3},
    [INSN_RDTSC] = {0x310f, 0xffff, 2},       [INSN_RDTSCP] = {0xf9010f, 0xffffff, 3},
    [INSN_XSETBV] = {0xd1010f, 0xffffff, 3},
};

/* By decoding; 0 as x86_fetch's false. */
unsigned x86_full_length(struct vcpu *v, const struct x86_mode *m, enum insn_op op);
uint64_t x86_cut_rip(struct vcpu *v, uint64_t next_rip);
void x86_advance_flags(struct vcpu *v);

static inline uint64_t code_linear(const struct x86_mode *m, uint64_t rip) {
  if (x86_code_bits(m) == 64)
    return rip;
  return (uint32_t)(m->cs_base + rip);
}

/* The length if the instruction has the form without prefixes and is easily reached, else 0. */
static inline unsigned plain_length(struct vcpu *v, const struct x86_mode *m, enum insn_op op) {
  if (op >= ARRAY_SIZE(plain_form))
    return 0;
  int64_t bytes = walk_fetch(m, code_linear(m, v->arch.regs.rip));
  if (bytes < 0 || ((uint32_t)bytes & plain_form[op].mask) != plain_form[op].bytes)
    return 0;
  return plain_form[op].length;
}

static inline uint64_t next_rip_of(struct vcpu *v, const struct x86_mode *m, enum insn_op op) {
  if (v->arch.next_rip)
    return v->arch.next_rip;
  unsigned length = plain_length(v, m, op);
  if (unlikely(!length))
    length = x86_full_length(v, m, op);
  return length ? v->arch.regs.rip + length : 0;
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

static inline bool skip(struct vcpu *v, const struct x86_mode *m, enum insn_op op) {
  uint64_t next_rip = next_rip_of(v, m, op);
  if (unlikely(!next_rip))
    return false;
  advance(v, next_rip);
  return true;
}

#endif
