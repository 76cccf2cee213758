/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A region: one top-level slot whose level-3 table points to itself in its
 * last entry. See asm/layout.h for the picture. These work on whatever region
 * is linked at the slot that the address falls in.
 */
#ifndef MM_REGION_H
#define MM_REGION_H

#include <asm/bits.h>
#include <asm/layout.h>
#include <frame.h>

/* Accessed and dirty are preset, so that the CPU never writes to our tables. */
#define PTE_TABLE   (PTE_P | PTE_W | PTE_A)
#define PTE_RW      (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX)
#define PTE_RO      (PTE_P | PTE_A | PTE_NX)
#define PTE_RX      (PTE_P | PTE_A)
#define PTE_DEV     (PTE_RW | PTE_PCD | PTE_PWT)

#define REGION_SELF 511u

/* Who pays for tables that a mapping needs. */
struct region_payer {
  uint16_t owner;
  enum frame_kind kind;
};

/* Make the level-3 table of a new region; INVALID when no frame is left. */
mfn_t region_create(struct region_payer p);
/* Map one 4 KiB page. Nothing is there. NO_MEMORY when a table is missing. */
enum status region_map(uint64_t va, uint64_t maddr, uint64_t flags, struct region_payer p);
/* Make the tables down to the last level without mapping anything. */
enum status region_prepare(uint64_t va, struct region_payer p);
/* Map `frames` pages of new zeroed memory, writable. */
enum status region_map_new(uint64_t va, unsigned frames, struct region_payer p);
/* Unmap one page here; returns its entry (0: nothing was there). Other CPUs are the caller's
 * matter. */
uint64_t region_unmap(uint64_t va);
/* The level-1 entry's address; its tables must exist. With the level-3 table entered in itself, the
 * hardware's walk of the last GiB of a region stops one level early: there, tables appear as pages.
 */
static inline uint64_t *region_pte(uint64_t va) {
  uint64_t slot = ALIGN_DOWN(va, 1ull << SLOT_BITS);
  return (uint64_t *)(slot + ((uint64_t)REGION_SELF << 30) + ((va - slot) >> PAGE_SHIFT) * 8);
}
uint64_t *region_pde(uint64_t va);

/* A zeroed frame, from the early ranges before the allocator exists and later from it. */
mfn_t mm_frame(struct region_payer p);
/* Link a region's level-3 table at a slot of this CPU's top-level table, and take it out again
 * (with the flush that makes this true). */
void slot_link(unsigned slot, uint64_t table, uint64_t flags);
void slot_unlink(unsigned slot);

/* The parts that all CPUs have in common; machine addresses of level-3 tables. */
extern uint64_t text_table, shared_table;

static inline void tlb_flush_page(uint64_t va) {
  asm volatile("invlpg (%0)" ::"r"(va) : "memory");
}
static inline uint64_t read_cr3(void) {
  uint64_t v;
  asm volatile("mov %%cr3, %0" : "=r"(v));
  return v;
}
/* Drops all translations of this CPU that are not global. */
static inline void tlb_flush_local(void) {
  asm volatile("mov %0, %%cr3" ::"r"(read_cr3()) : "memory");
}

#endif
