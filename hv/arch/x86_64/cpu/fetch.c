/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the guest's instruction ends, on a machine that does not report it: the
 * guest's code is read and decoded.
 */
#include <asm/cpu_ops.h>
#include <asm/vendor.h>
#include "fetch.h"

#define INSN_LENGTH_MAX 15
#define FETCH_TRIES     4 /* the memory map may change under our hands, but not for ever */

static bool find_code(struct vcpu *v, const struct x86_mode *m, uint64_t linear, uint64_t *gpa,
                      struct walk_fault *fault) {
  unsigned access = m->cpl == 3 ? WALK_FETCH | WALK_USER : WALK_FETCH;
  return walk_code(m, linear, gpa) || walk_mode(v, m, linear, access, gpa, fault);
}

static bool read_code(struct vcpu *v, uint64_t gpa, void *to, unsigned n) {
  for (unsigned tries = 0; tries < FETCH_TRIES; tries++) {
    user_open();
    bool done = user_read(to, gpa, n);
    user_close();
    if (done)
      return true;
    if (!guest_resolve(v, gpa, false))
      break;
  }
  return false;
}

static void inject_walk_fault(struct vcpu *v, uint64_t linear, const struct walk_fault *fault) {
  if (fault->error == UINT32_MAX)
    x86_inject(v, VECTOR_GP, true, 0);
  else
    x86_inject_page_fault(v, linear, fault->error);
}

static bool refuse_form(struct vcpu *v) {
  v->arch.undecoded++;
  x86_inject(v, VECTOR_GP, true, 0);
  return false;
}

/* The bytes up to the end of a page; 0: an exception is queued. */
static unsigned fetch_page(struct vcpu *v, const struct x86_mode *m, uint64_t linear, uint8_t *to,
                           unsigned n) {
  struct walk_fault fault;
  uint64_t gpa;
  n = MIN(n, PAGE_SIZE - linear % PAGE_SIZE);
  if (!find_code(v, m, linear, &gpa, &fault)) {
    inject_walk_fault(v, linear, &fault);
    return 0;
  }
  if (!read_code(v, gpa, to, n)) {
    refuse_form(v);
    return 0;
  }
  return n;
}

static uint64_t code_linear(const struct x86_mode *m, uint64_t rip) {
  return x86_code_bits(m) == 64 ? rip : (uint32_t)(m->cs_base + rip);
}

bool x86_fetch(struct vcpu *v, struct insn *out) {
  struct x86_mode m;
  uint8_t bytes[INSN_LENGTH_MAX];
  uint64_t rip = v->arch.regs.rip;
  vendor->get_mode(v, &m);
  unsigned n = fetch_page(v, &m, code_linear(&m, rip), bytes, sizeof(bytes));
  if (!n)
    return false;
  if (insn_decode(bytes, n, x86_code_bits(&m), out))
    return true;
  if (out->length > n && n < sizeof(bytes)) {
    unsigned more = fetch_page(v, &m, code_linear(&m, rip + n), bytes + n, sizeof(bytes) - n);
    if (!more)
      return false;
    if (insn_decode(bytes, n + more, x86_code_bits(&m), out))
      return true;
  }
  return refuse_form(v);
}

static void step_trap(struct vcpu *v) {
  vendor->set(v, CREG_DR6, vendor->get(v, CREG_DR6) | DR6_BS);
  x86_inject(v, VECTOR_DB, false, 0);
}

uint64_t x86_cut_rip(struct vcpu *v, uint64_t next_rip) {
  struct x86_mode m;
  vendor->get_mode(v, &m);
  unsigned bits = x86_code_bits(&m);
  return bits == 64 ? next_rip : next_rip & (BIT(bits) - 1);
}

void x86_advance_flags(struct vcpu *v) {
  v->arch.regs.rflags &= ~RFLAGS_RF;
  if (v->arch.regs.rflags & RFLAGS_TF)
    step_trap(v);
}

void x86_advance(struct vcpu *v, uint64_t next_rip) {
  advance(v, next_rip);
}

uint64_t x86_decoded_next_rip(struct vcpu *v, enum insn_op op) {
  struct insn i;
  if (!x86_fetch(v, &i) || (i.op != op && !refuse_form(v)))
    return 0;
  return v->arch.regs.rip + i.length;
}

bool x86_skip(struct vcpu *v, enum insn_op op) {
  return skip(v, op);
}
