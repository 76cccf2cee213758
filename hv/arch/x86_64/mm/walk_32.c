/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paging modes of 32-bit guests (APM vol. 2, 5.2). Long mode's is walk.c.
 */
#include <asm/cpu_ops.h>
#include "walk.h"

#define PAE_RESERVED 0x7ff0000000000000ull /* bits 62:52, free for use in long mode alone */

/* The four top entries have no rights; some machines set the accessed bit in
 * them although it is reserved (APM vol. 2, 5.2.3), so it is not looked at. */
static enum walk_end walk_pae(struct walk *w) {
  w->reserved |= PAE_RESERVED;
  uint64_t e, entry_gpa = (w->mode->cr3 & 0xffffffe0) + (w->linear >> 30) * 8;
  if (!user_load64(entry_gpa, &e))
    return walk_unbacked(w, entry_gpa);
  if (!(e & PTE_P))
    return walk_fault_with(w, 0);
  if (e & (w->reserved | PTE_NX | 0x1c6))
    return walk_fault_with(w, PF_P | PF_RSVD);
  return walk_wide(w, e & PTE_ADDR, 1);
}

/* A 4 MiB page's address has bits 39:32 in its bits 20:13 (PSE-36); bit 21 is reserved. */
static enum walk_end finish_4m(struct walk *w, uint64_t entry_gpa, uint32_t e) {
  uint64_t wide = (e & 0xffc00fffu) | (uint64_t)((e >> 13) & 0xff) << 32;
  if ((e & BIT(21)) || (wide & w->reserved))
    return walk_fault_with(w, PF_P | PF_RSVD);
  uint64_t bits = w->access & WALK_WRITE ? PTE_A | PTE_D : PTE_A;
  if (!walk_allowed(w, e, 0))
    return walk_fault_with(w, PF_P);
  if ((~e & bits) && !walk_mark(w, entry_gpa, e, bits, false))
    return WALK_AGAIN;
  w->gpa = (wide & PTE_ADDR) | (w->linear & 0x3fffff);
  return WALK_DONE;
}

static enum walk_end walk_2level(struct walk *w) {
  uint32_t top, e;
  uint64_t entry_gpa = (w->mode->cr3 & 0xfffff000) + (w->linear >> 22) * 4;
  if (!user_load32(entry_gpa, &top))
    return walk_unbacked(w, entry_gpa);
  if (!(top & PTE_P))
    return walk_fault_with(w, 0);
  if ((top & PTE_LARGE) && (w->mode->cr4 & CR4_PSE))
    return finish_4m(w, entry_gpa, top);
  if (!(top & PTE_A) && !walk_mark(w, entry_gpa, top, PTE_A, false))
    return WALK_AGAIN;
  entry_gpa = (top & 0xfffff000) + ((w->linear >> 12) & 1023) * 4;
  if (!user_load32(entry_gpa, &e))
    return walk_unbacked(w, entry_gpa);
  if (!(e & PTE_P))
    return walk_fault_with(w, 0);
  return walk_finish(w, entry_gpa, e, e & top, 0, PAGE_SIZE - 1, false);
}

enum walk_end walk_32(struct walk *w) {
  return w->mode->cr4 & CR4_PAE ? walk_pae(w) : walk_2level(w);
}
