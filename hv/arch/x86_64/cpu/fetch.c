/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the guest's instruction ends. A machine that does not report it makes
 * every exit read the guest's code, so the common forms are told from four
 * bytes; the rest goes to the decoder.
 */
#include <asm/cpu_ops.h>
#include <asm/vendor.h>

#define RFLAGS_TF       BIT(8)
#define RFLAGS_RF       BIT(16)
#define DR6_BS          BIT(14)
#define EFER_LMA        BIT(10)

#define INSN_LENGTH_MAX 15
#define FETCH_TRIES     4 /* the memory map may change under our hands, but not for ever */

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

unsigned x86_code_bits(const struct x86_mode *m) {
  if ((m->efer & EFER_LMA) && (m->cs_attributes & SEG_ATTR_L))
    return 64;
  return m->cs_attributes & SEG_ATTR_DB ? 32 : 16;
}

static uint64_t code_linear(const struct x86_mode *m, uint64_t rip) {
  if (x86_code_bits(m) == 64)
    return rip;
  return (uint32_t)(m->cs_base + rip);
}

static bool walk_code(struct vcpu *v, const struct x86_mode *m, uint64_t linear, uint64_t *gpa,
                      struct walk_fault *fault) {
  return walk_mode(v, m, linear, m->cpl == 3 ? WALK_FETCH | WALK_USER : WALK_FETCH, gpa, fault);
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
  if (!walk_code(v, m, linear, &gpa, &fault)) {
    inject_walk_fault(v, linear, &fault);
    return 0;
  }
  if (!read_code(v, gpa, to, n)) {
    refuse_form(v);
    return 0;
  }
  return n;
}

static bool fetch_mode(struct vcpu *v, const struct x86_mode *m, struct insn *out) {
  uint8_t bytes[INSN_LENGTH_MAX];
  uint64_t rip = v->arch.regs.rip;
  unsigned n = fetch_page(v, m, code_linear(m, rip), bytes, sizeof(bytes));
  if (!n)
    return false;
  if (insn_decode(bytes, n, x86_code_bits(m), out))
    return true;
  if (out->length > n && n < sizeof(bytes)) {
    unsigned more = fetch_page(v, m, code_linear(m, rip + n), bytes + n, sizeof(bytes) - n);
    if (!more)
      return false;
    if (insn_decode(bytes, n + more, x86_code_bits(m), out))
      return true;
  }
  return refuse_form(v);
}

bool x86_fetch(struct vcpu *v, struct insn *out) {
  struct x86_mode m;
  vendor->get_mode(v, &m);
  return fetch_mode(v, &m, out);
}

/* The length if the instruction has the form without prefixes and is easily reached, else 0. */
static unsigned plain_length(struct vcpu *v, const struct x86_mode *m, enum insn_op op) {
  if (unlikely(op >= ARRAY_SIZE(plain_form)))
    return 0;
  int64_t bytes = walk_fetch(m, code_linear(m, v->arch.regs.rip));
  if (bytes < 0 || ((uint32_t)bytes & plain_form[op].mask) != plain_form[op].bytes)
    return 0;
  return plain_form[op].length;
}

static bool same_op(enum insn_op found, enum insn_op op) {
  return found == op || (op == INSN_VMMCALL && found == INSN_VMCALL);
}

static void step_trap(struct vcpu *v) {
  vendor->set(v, CREG_DR6, vendor->get(v, CREG_DR6) | DR6_BS);
  x86_inject(v, VECTOR_DB, false, 0);
}

void x86_advance(struct vcpu *v, uint64_t next_rip) {
  struct x86_regs *r = &v->arch.regs;
  /* Only an instruction that ends at the top of the segment needs to be cut. */
  if (unlikely((next_rip ^ r->rip) >> 16)) {
    struct x86_mode m;
    vendor->get_mode(v, &m);
    unsigned bits = x86_code_bits(&m);
    if (bits != 64)
      next_rip &= BIT(bits) - 1;
  }
  r->rip = next_rip;
  vendor->set(v, CREG_INTERRUPT_SHADOW, 0);
  if (unlikely(r->rflags & (RFLAGS_TF | RFLAGS_RF))) {
    r->rflags &= ~RFLAGS_RF;
    if (r->rflags & RFLAGS_TF)
      step_trap(v);
  }
}

static unsigned full_length(struct vcpu *v, const struct x86_mode *m, enum insn_op op) {
  struct insn i;
  if (!fetch_mode(v, m, &i))
    return 0;
  return same_op(i.op, op) ? i.length : refuse_form(v);
}

uint64_t x86_next_rip(struct vcpu *v, enum insn_op op) {
  if (v->arch.next_rip)
    return v->arch.next_rip;
  struct x86_mode m;
  vendor->get_mode(v, &m);
  unsigned length = plain_length(v, &m, op);
  if (unlikely(!length))
    length = full_length(v, &m, op);
  return length ? v->arch.regs.rip + length : 0;
}

bool x86_skip(struct vcpu *v, enum insn_op op) {
  uint64_t next_rip = x86_next_rip(v, op);
  if (unlikely(!next_rip))
    return false;
  x86_advance(v, next_rip);
  return true;
}
