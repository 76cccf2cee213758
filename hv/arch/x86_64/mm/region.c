/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page-table editor for root mode's own regions. Nested tables are
 * edited by core/p2m.c.
 */
#include <asm/layout.h>
#include <lib/lib.h>
#include "region.h"

uint64_t *region_pde(uint64_t va) {
  return region_pte((uint64_t)region_pte(va));
}
static uint64_t *region_pdpte(uint64_t va) {
  return region_pte((uint64_t)region_pde(va));
}

static enum status table_ensure(uint64_t *entry, struct region_payer p) {
  if (*entry & PTE_P)
    return STATUS_OK;
  mfn_t m = mm_frame(p);
  if (!mfn_valid(m))
    return STATUS_NO_MEMORY;
  *(volatile uint64_t *)entry = mfn_to_maddr(m).v | PTE_TABLE;
  return STATUS_OK;
}

enum status region_prepare(uint64_t va, struct region_payer p) {
  enum status s = table_ensure(region_pdpte(va), p);
  return s ? s : table_ensure(region_pde(va), p);
}

enum status region_map(uint64_t va, uint64_t maddr, uint64_t flags, struct region_payer p) {
  enum status s = region_prepare(va, p);
  if (s)
    return s;
  uint64_t *pte = region_pte(va);
  assert(!(*pte & PTE_P));
  *(volatile uint64_t *)pte = maddr | flags;
  return STATUS_OK;
}

enum status region_map_new(uint64_t va, unsigned frames, struct region_payer p) {
  for (unsigned i = 0; i < frames; i++) {
    mfn_t m = mm_frame(p);
    if (!mfn_valid(m))
      return STATUS_NO_MEMORY;
    enum status s = region_map(va + i * PAGE_SIZE, mfn_to_maddr(m).v, PTE_RW, p);
    if (s)
      return s;
  }
  return STATUS_OK;
}

uint64_t region_unmap(uint64_t va) {
  uint64_t *pte = region_pte(va), old = *pte;
  *(volatile uint64_t *)pte = 0;
  tlb_flush_page(va);
  return old;
}
