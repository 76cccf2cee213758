/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena: the part of the address space that belongs to one domain. At one
 * time a CPU has at most one linked. Every arena has the same layout at the
 * same virtual addresses, so that the linked domain's structures are found at
 * constant addresses:
 *
 *   ARENA_BASE   struct domain               (domain.h)
 *   + ...        heap pages, given out by arena_page_alloc
 *   + ...        vCPU stacks, each between unmapped guard pages
 *   ARENA_GUEST  guest memory, G at ARENA_GUEST + G (arch; see guest.h)
 *
 * All functions work on the linked arena.
 */
#ifndef ARENA_H
#define ARENA_H

#include <frame.h>
#include <lib/lock.h>

/* Bookkeeping, in struct domain; zero is an empty arena. The lock comes before `frame` in the lock
 * order: page tables of the arena are allocated under it. */
struct arena {
  struct spinlock lock;
  uint32_t free;   /* first free slot (page of address space), 0: none */
  uint32_t next;   /* first slot that was never used */
  uint32_t stacks; /* that were given out */
  uint32_t pages;  /* in use, pins included */
};

/* One zeroed page of the linked domain, charged to it, mapped read-write in its
 * arena until arena_page_free; NULL when frames or the arena are exhausted.
 * `kind` is ARENA, PTABLE or SHARED. Takes the arena's lock. */
void *arena_page_alloc(enum frame_kind kind);
void arena_page_free(void *page);
/* The frame behind a page that arena_page_alloc gave. */
mfn_t arena_page_mfn(const void *page);
/* The page in the arena behind a frame of kind ARENA, PTABLE or SHARED. */
void *arena_page_of(mfn_t mfn);

/* Map one frame of guest memory of the linked domain a second time, in the heap
 * part, with a reference held (registered vCPU info areas). */
void *arena_pin(mfn_t mfn);
void arena_unpin(void *page);

/* A stack of ARENA_STACK_SIZE bytes with guard pages; returns its top. NULL when exhausted. */
#define ARENA_STACK_SIZE (2 * PAGE_SIZE)
void *arena_stack_alloc(void);

#endif
