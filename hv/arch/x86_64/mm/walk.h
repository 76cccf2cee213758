/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk of a guest's page tables under way, for the paging modes' files alone.
 */
#ifndef MM_WALK_H
#define MM_WALK_H

#include <asm/vendor.h>

/* Bits of the #PF error code. */
#define PF_P    1u
#define PF_W    2u
#define PF_U    4u
#define PF_RSVD 8u
#define PF_I    16u

enum walk_end { WALK_DONE, WALK_FAULT, WALK_UNBACKED, WALK_AGAIN };

struct walk {
  const struct x86_mode *mode;
  uint64_t linear;
  unsigned access;
  bool ac;
  uint64_t reserved; /* bits that no entry may have */
  uint64_t gpa;      /* the result; after WALK_UNBACKED the entry that cannot be reached */
  uint32_t error;    /* P and RSVD of the error code; the rest follows from the access */
  bool marking;      /* the unreachable entry was to be written */
};

/* The walk ends in a page fault; UINT32_MAX makes it a #GP. */
enum walk_end walk_fault_with(struct walk *w, uint32_t error);
/* It needs an entry that cannot be reached. */
enum walk_end walk_unbacked(struct walk *w, uint64_t entry_gpa);
/* Set accessed or dirty in an entry that is still what was read. */
bool walk_mark(struct walk *w, uint64_t entry_gpa, uint64_t old, uint64_t bits, bool wide);
/* May an access through entries whose U and W bits and together to `rights` be done? */
bool walk_allowed(const struct walk *w, uint64_t rights, uint64_t no_execute);
/* The leaf `e` allows the access or not. */
enum walk_end walk_finish(struct walk *w, uint64_t entry_gpa, uint64_t e, uint64_t rights,
                          uint64_t no_execute, uint64_t offset_mask, bool wide);
/* Through tables of 8-byte entries, from `level` (0: leaves of 4 KiB) down. */
enum walk_end walk_wide(struct walk *w, uint64_t table, unsigned level);
/* Paging outside of long mode: 2-level and PAE. */
enum walk_end walk_32(struct walk *w);

#endif
