/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's own page tables, walked as its CPU would: all paging modes, all
 * rights, accessed and dirty bits. It reads the tables in the arena, where they
 * stand at ARENA_GUEST + G. AMD APM vol. 2, chapter 5; Intel SDM vol. 3,
 * chapter 4. Protection keys and five levels are hidden from guests.
 */
#include <asm/cpu_ops.h>
#include <asm/vendor.h>
#include <lib/lib.h>
#include "walk.h"

#define PAGE_2M        0x200000ull
#define LARGE_RESERVED 0x1fe000ull /* of a 2 MiB leaf; bit 12 is PAT */

#define CPUID_PAGE1G   BIT(26)

#define WALK_TRIES     16 /* a sibling may change an entry under our hands this often */

enum walk_end walk_fault_with(struct walk *w, uint32_t error) {
  w->error = error;
  return WALK_FAULT;
}

enum walk_end walk_unbacked(struct walk *w, uint64_t entry_gpa) {
  w->gpa = entry_gpa;
  w->marking = false;
  return WALK_UNBACKED;
}

bool walk_mark(struct walk *w, uint64_t entry_gpa, uint64_t old, uint64_t bits, bool wide) {
  bool done = wide ? user_cas64(entry_gpa, old, old | bits)
                   : user_cas32(entry_gpa, (uint32_t)old, (uint32_t)(old | bits));
  w->gpa = entry_gpa;
  w->marking = true;
  return done;
}

static bool supervisor_allowed(const struct walk *w, uint64_t rights) {
  const struct x86_mode *m = w->mode;
  if (rights & PTE_U) {
    if (w->access & WALK_FETCH)
      return !(m->cr4 & CR4_SMEP);
    if ((m->cr4 & CR4_SMAP) && (!w->ac || (w->access & WALK_IMPLICIT)))
      return false;
  }
  return !(w->access & WALK_WRITE) || (rights & PTE_W) || !(m->cr0 & CR0_WP);
}

bool walk_allowed(const struct walk *w, uint64_t rights, uint64_t no_execute) {
  if ((w->access & WALK_FETCH) && (no_execute & PTE_NX))
    return false;
  if (!(w->access & WALK_USER))
    return supervisor_allowed(w, rights);
  if (!(rights & PTE_U))
    return false;
  return !(w->access & WALK_WRITE) || (rights & PTE_W);
}

/* The leaf's rights, marks and address. `offset` are the address bits below the leaf's size. */
enum walk_end walk_finish(struct walk *w, uint64_t entry_gpa, uint64_t e, uint64_t rights,
                          uint64_t no_execute, uint64_t offset_mask, bool wide) {
  if (!walk_allowed(w, rights, no_execute))
    return walk_fault_with(w, PF_P);
  uint64_t bits = w->access & WALK_WRITE ? PTE_A | PTE_D : PTE_A;
  if (unlikely(~e & bits) && !walk_mark(w, entry_gpa, e, bits, wide))
    return WALK_AGAIN;
  w->gpa = (e & PTE_ADDR & ~offset_mask) | (w->linear & offset_mask);
  return WALK_DONE;
}

/* A leaf above the last level: bits below its size are reserved, but for PAT in bit 12. */
static bool large_leaf_legal(unsigned level, uint64_t e, uint64_t offset_mask) {
  if (level == 3 || (e & offset_mask & PTE_ADDR & ~BIT(12)))
    return false;
  return level == 1 || (cpuid_policy(0x80000001, 3) & CPUID_PAGE1G);
}

/* Tables with 8-byte entries, from `level` (3 is the top of four) to the leaf. */
enum walk_end walk_wide(struct walk *w, uint64_t table, unsigned level) {
  uint64_t rights = PTE_U | PTE_W, no_execute = 0;
  for (unsigned shift = PAGE_SHIFT + 9 * level;; shift -= 9, level--) {
    uint64_t e, entry_gpa = table + ((w->linear >> shift) & 511) * 8;
    if (unlikely(!user_load64(entry_gpa, &e)))
      return walk_unbacked(w, entry_gpa);
    if (!(e & PTE_P))
      return walk_fault_with(w, 0);
    if (unlikely(e & w->reserved))
      return walk_fault_with(w, PF_P | PF_RSVD);
    rights &= e;
    no_execute |= e;
    if (level == 0 || (e & PTE_LARGE)) {
      uint64_t offset = BIT(shift) - 1;
      if (level && !large_leaf_legal(level, e, offset))
        return walk_fault_with(w, PF_P | PF_RSVD);
      return walk_finish(w, entry_gpa, e, rights, no_execute, offset, true);
    }
    if (unlikely(!(e & PTE_A)) && !walk_mark(w, entry_gpa, e, PTE_A, true))
      return WALK_AGAIN;
    table = e & PTE_ADDR;
  }
}

static bool canonical(uint64_t linear) {
  return (uint64_t)((int64_t)(linear << 16) >> 16) == linear;
}

static enum walk_end walk_once(struct walk *w) {
  const struct x86_mode *m = w->mode;
  if (likely(m->efer & EFER_LMA))
    return canonical(w->linear) ? walk_wide(w, m->cr3 & PTE_ADDR & ~w->reserved, 3)
                                : walk_fault_with(w, UINT32_MAX);
  w->linear = (uint32_t)w->linear;
  if (!(m->cr0 & CR0_PG)) {
    w->gpa = w->linear;
    return WALK_DONE;
  }
  return walk_32(w);
}

/* APM vol. 2, 8.4.2; the instruction bit is there only where it can tell something. */
static uint32_t error_code(const struct walk *w) {
  const struct x86_mode *m = w->mode;
  bool nx = (m->efer & EFER_NXE) && (m->cr4 & CR4_PAE);
  bool fetch = (w->access & WALK_FETCH) && (nx || (m->cr4 & CR4_SMEP));
  return w->error | (w->access & WALK_WRITE ? PF_W : 0) | (w->access & WALK_USER ? PF_U : 0) |
         (fetch ? PF_I : 0);
}

/* After a walk that did not reach its end: true if another try may. Another CPU was faster, or the
 * table cannot be reached, or not written (yet). */
static bool walk_retry(struct vcpu *v, struct walk *w, enum walk_end end, unsigned tries) {
  return (end == WALK_UNBACKED || end == WALK_AGAIN) && tries < WALK_TRIES &&
         guest_resolve(v, w->gpa, w->marking);
}

/* --- what every exit and nearly every copy makes: long mode, small and 2 MiB pages ---------- */

struct fetch {
  uint64_t linear, address_mask;
  uint64_t entry;    /* the last one; at first CR3 */
  uint64_t all, any; /* the entries' bits, together and one by one */
};

/* What was read is looked at once, at the end: until then a table's address is cut so that it stays
 * in the arena wherever a bad entry leads. */
static __attribute__((always_inline)) inline bool fetch_step(struct fetch *f, unsigned shift) {
  uint64_t entry_gpa = (f->entry & f->address_mask) + ((f->linear >> shift) & 511) * 8;
  if (unlikely(!user_load64(entry_gpa, &f->entry)))
    return false;
  f->all &= f->entry;
  f->any |= f->entry;
  return true;
}

/* All entries together must have of `mask` the bits `value`, and the last one those of `leaf`. */
static __attribute__((always_inline)) inline bool fetch_walk(const struct x86_mode *m,
                                                             uint64_t linear, uint64_t mask,
                                                             uint64_t value, uint64_t leaf,
                                                             uint64_t *gpa) {
  struct fetch f = {
      .linear = linear, .address_mask = cpuid_address_mask, .entry = m->cr3, .all = ~0ull};
  uint64_t offset_mask = PAGE_2M - 1;
  if (!fetch_step(&f, 39) || !fetch_step(&f, 30) || (f.any & PTE_LARGE) || !fetch_step(&f, 21))
    return false;
  if (!(f.entry & PTE_LARGE)) {
    offset_mask = PAGE_SIZE - 1;
    if (!fetch_step(&f, 12))
      return false;
  } else if (f.entry & LARGE_RESERVED) {
    return false;
  }
  *gpa = (f.entry & f.address_mask & ~offset_mask) | (linear & offset_mask);
  return (f.all & mask) == value && !(~f.entry & leaf) && !(f.any & cpuid_reserved_address);
}

bool walk_code(const struct x86_mode *m, uint64_t linear, uint64_t *gpa) {
  if (!(m->efer & EFER_LMA))
    return false;
  user_open();
  bool done = fetch_walk(m, linear, PTE_P, PTE_P, 0, gpa);
  user_close();
  return done;
}

/* A supervisor's data where there is no mark to set: with SMAP, in pages of its own. */
static bool walk_data(const struct x86_mode *m, uint64_t linear, unsigned access, uint64_t *gpa) {
  uint64_t bits = access & WALK_WRITE ? PTE_P | PTE_A | PTE_W : PTE_P | PTE_A;
  uint64_t mask = m->cr4 & CR4_SMAP ? bits | PTE_U : bits;
  if ((access & (WALK_USER | WALK_FETCH)) || (~m->efer & (EFER_LMA | EFER_NXE)) ||
      !canonical(linear))
    return false;
  user_open();
  bool done = fetch_walk(m, linear, mask, bits, access & WALK_WRITE ? PTE_D : 0, gpa);
  user_close();
  return done;
}

bool walk_mode(struct vcpu *v, const struct x86_mode *m, uint64_t linear, unsigned access,
               uint64_t *gpa, struct walk_fault *out) {
  if (likely(walk_data(m, linear, access, gpa)))
    return true;
  struct walk w = {
      .mode = m,
      .linear = linear,
      .access = access,
      .ac = v->arch.regs.rflags & RFLAGS_AC,
      .reserved = cpuid_reserved_address | (m->efer & EFER_NXE ? 0 : PTE_NX),
  };
  enum walk_end end;
  unsigned tries = 0;
  do {
    user_open();
    end = walk_once(&w);
    user_close();
  } while (unlikely(walk_retry(v, &w, end, ++tries)));
  if (likely(end == WALK_DONE)) {
    *gpa = w.gpa;
    return true;
  }
  /* Tables that lead out of memory: what is not there is not present. */
  if (end != WALK_FAULT)
    w.error = 0;
  out->error = w.error == UINT32_MAX ? w.error : error_code(&w);
  return false;
}
