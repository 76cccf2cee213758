/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an instruction ends on a machine that does not report it. The decoder
 * (cpu/fetch.c) finds out for every form; this is the short way for the forms
 * without prefixes: their bytes, where the guest's code was found last. Memory
 * there may have become another meanwhile, so the bytes must be the
 * instruction that has just exited, or the decoder walks the guest's tables.
 */
#ifndef SVM_LENGTH_H
#define SVM_LENGTH_H

#include <asm/cpu_ops.h>
#include "svm.h"

/* Low byte first. */
#define PLAIN_CPUID 0xa20f, 2
#define PLAIN_RDMSR 0x320f, 2
#define PLAIN_WRMSR 0x300f, 2
#define PLAIN_HLT   0xf4, 1

#define CODE_LAST   (PAGE_SIZE - sizeof(uint32_t)) /* from which four bytes are in the page */

/* Find the page of 64-bit code at RIP; false: the decoder's matter. */
bool svm_code_find(struct vcpu *v, const struct vmcb *b);

/* Where the instruction ends, if the machine says it or it has the plain form and was easily found;
 * else 0. */
static inline uint64_t svm_length(struct vcpu *v, const struct vmcb *b, uint32_t bytes,
                                  unsigned length) {
  const uint64_t rip = b->rip;
  uint32_t found;
  if (v->arch.next_rip)
    return v->arch.next_rip;
  if (unlikely(rip - v->arch.code_page > CODE_LAST || b->cr3 != v->arch.code_cr3) &&
      !svm_code_find(v, b))
    return 0;
  user_open();
  bool done = user_load32(rip + v->arch.code_offset, &found);
  user_close();
  return likely(done && !((found ^ bytes) << (32 - 8 * length))) ? rip + length : 0;
}

#endif
