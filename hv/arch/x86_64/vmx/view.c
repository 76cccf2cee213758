/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena's view of guest memory beside EPT. The last level of EPT has, for
 * the leaves that we make, the format of an ordinary page table, and so have its
 * 2 MiB leaves. Not so the levels above: there a CPU that walks them as ordinary
 * ones sets the accessed bit, which EPT reserves (SDM vol. 3, 28.3.2). So levels
 * 3 and 2 are the view's own, filled when an access in the arena fails:
 *
 *        the host's slot                         the EPT pointer
 *              |                                       |
 *        view, level 3 --> view, level 2         EPT, level 4, 3, 2
 *                            |  copies of  <--------   |
 *                            |  2 MiB leaves           |
 *                            +------> EPT, level 1 <---+
 *
 * A change of the map is seen at once below level 2. One above takes its copy
 * out of the view: both changes and filling hold the p2m lock, so that what is
 * in view is in the map. What CPUs have cached of either goes in the flush.
 */
#include <arch/arch.h>
#include <asm/layout.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include "../mm/region.h"
#include "vmx.h"

#define ENTRIES 512u
#define VIEW_2M (PAGE_SIZE << FRAME_ORDER_2M)
#define VIEW_1G (1ul << 30)

/* Level 0 is the last: the entry's number on the way to `gpa`. */
static unsigned index_at(uint64_t gpa, unsigned level) {
  return (gpa >> (PAGE_SHIFT + 9 * level)) % ENTRIES;
}

static uint64_t *table_of(uint64_t entry) {
  return arena_page_of(maddr_to_mfn(MADDR(entry & PTE_ADDR)));
}

/* --- pages of the view --------------------------------------------------------------------- */

/* Under the p2m lock. A page stays the view's for good. */
static uint64_t *page_take(struct domain *d) {
  uint64_t *page = d->arch.view_spare;
  if (!page)
    return p2m_table_alloc(d);
  d->arch.view_spare = (void *)page[0];
  memset(page, 0, PAGE_SIZE);
  return page;
}

/* Another CPU may still have it in its slots until the flush: as an entry the link, an even
 * address, is not present. */
static void page_give(struct domain *d, uint64_t *page) {
  atomic_store(&page[0], (uint64_t)d->arch.view_spare);
  d->arch.view_spare = page;
}

/* The table behind *entry, made if it is not there. */
static uint64_t *table_ensure(struct domain *d, uint64_t *entry) {
  if (*entry)
    return table_of(*entry);
  uint64_t *page = page_take(d);
  if (page)
    atomic_store(entry, mfn_to_maddr(arena_page_mfn(page)).v | PTE_TABLE | PTE_U);
  return page;
}

/* --- filling --------------------------------------------------------------------------------- */

/* The view's level-2 entry for the 2 MiB around `gpa`; 0: nothing is mapped there. */
static uint64_t entry_for(struct domain *d, uint64_t gpa) {
  uint64_t *table = d->p2m.root;
  for (unsigned level = ARCH_P2M_LEVELS - 1;; level--) {
    uint64_t e = atomic_read(&table[index_at(gpa, level)]);
    bool leaf = e & PTE_LARGE;
    if (!(e & PTE_P) || level == 1)
      return !(e & PTE_P) || leaf ? e : e | PTE_A;
    if (leaf) /* of 1 GiB: its part */
      return e + ALIGN_DOWN(gpa % VIEW_1G, VIEW_2M);
    table = table_of(e);
  }
}

static bool fill(struct domain *d, uint64_t gpa) {
  uint64_t *slot = &d->stub->arch.guest_pdpt[gpa >> SLOT_BITS], top = *slot;
  uint64_t *level3 = table_ensure(d, &top);
  if (!level3)
    return false;
  atomic_store(slot, top & PTE_ADDR);
  uint64_t *level2 = table_ensure(d, &level3[index_at(gpa, 2)]);
  if (!level2)
    return false;
  atomic_store(&level2[index_at(gpa, 1)], entry_for(d, gpa));
  return true;
}

bool vmx_view_fill(struct domain *d, uint64_t gpa) {
  struct p2m_locked p = p2m_lock(d);
  bool done = fill(d, gpa);
  p2m_unlock(p);
  mm_guest_slots_link(d->stub);
  return done;
}

/* --- forgetting ---------------------------------------------------------------------------------
 */

static void table_clear(uint64_t *table) {
  for (unsigned i = 0; i < ENTRIES; i++)
    atomic_write(&table[i], 0);
}

/* A slot that the root has no tables for any more gives its pages back. */
static void slot_forget(struct domain *d, unsigned index) {
  uint64_t *slot = &d->stub->arch.guest_pdpt[index];
  if (((uint64_t *)d->p2m.root)[index])
    return;
  uint64_t *level3 = table_of(*slot);
  atomic_store(slot, 0);
  for (unsigned i = 0; i < ENTRIES; i++)
    if (level3[i] & PTE_P)
      page_give(d, table_of(level3[i]));
  page_give(d, level3);
}

void vmx_view_changed(struct domain *d, uint64_t gpa, unsigned level) {
  uint64_t index = gpa >> SLOT_BITS;
  uint64_t top = index < GUEST_SLOTS ? d->stub->arch.guest_pdpt[index] : 0;
  if (!top)
    return;
  if (level == ARCH_P2M_LEVELS - 1)
    return slot_forget(d, (unsigned)index);
  uint64_t level2 = table_of(top)[index_at(gpa, 2)];
  if (!(level2 & PTE_P))
    return;
  if (level == 2)
    table_clear(table_of(level2));
  else
    atomic_store(&table_of(level2)[index_at(gpa, 1)], 0);
}
