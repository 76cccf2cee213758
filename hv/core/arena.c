/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap part of the linked domain's arena, page by page. A slot is a page of
 * address space. Slots come in chunks of 1024, and the first page of a chunk
 * says of each slot which frame is there, or, of a free one, which slot is
 * free next:
 *
 *   heap_start                                              heap_end
 *   | chunk 0               | chunk 1 ...   ->    <-   stacks |
 *   | table | slot 1 | ...  | table | ...                     |
 *
 * Stacks are for good and grow down from the end, each above a guard page.
 */
#include <arch/arch.h>
#include <lib/lib.h>

#define CHUNK_SLOTS 1024u
#define STACK_PITCH (ARENA_STACK_SIZE + PAGE_SIZE)

static char *slot_page(uint32_t slot) {
  return arch_arena_heap_start + slot * PAGE_SIZE;
}

static uint32_t page_slot(const void *page) {
  return (uint32_t)(((const char *)page - arch_arena_heap_start) / PAGE_SIZE);
}

static uint32_t *slot_entry(uint32_t slot) {
  return (uint32_t *)slot_page(slot - slot % CHUNK_SLOTS) + slot % CHUNK_SLOTS;
}

static char *stacks_start(const struct arena *a) {
  return arch_arena_heap_end - a->stacks * STACK_PITCH;
}

/* Map a chunk's table at the first page of the chunk; `next` then points behind it. */
static enum status chunk_make(struct arena *a, uint16_t owner) {
  char *page = slot_page(a->next);
  mfn_t mfn = frame_alloc(0, owner, FRAME_ARENA);

  if (!mfn_valid(mfn))
    return STATUS_NO_MEMORY;
  if (arch_arena_map(page, mfn) != STATUS_OK) {
    frame_free(mfn, 0);
    return STATUS_NO_MEMORY;
  }
  frame_of(mfn)->arena_va = (uint64_t)page;
  *slot_entry(a->next) = (uint32_t)mfn.v;
  a->next++;
  return STATUS_OK;
}

/* A free slot, or 0, which is never one: slot 0 is the first chunk's table. */
static uint32_t slot_take(struct arena *a, uint16_t owner) {
  uint32_t slot = a->free;

  if (slot) {
    a->free = *slot_entry(slot);
    return slot;
  }
  if (slot_page(a->next) + 2 * PAGE_SIZE > stacks_start(a))
    return 0;
  if (a->next % CHUNK_SLOTS == 0 && chunk_make(a, owner) != STATUS_OK)
    return 0;
  return a->next++;
}

static void slot_give(struct arena *a, uint32_t slot) {
  *slot_entry(slot) = a->free;
  a->free = slot;
}

/* Map `mfn` at a slot of its own; NULL with nothing changed. */
static void *heap_map(struct domain *d, mfn_t mfn) {
  struct arena *a = &d->arena;
  void *page = NULL;

  spin_lock(&a->lock);
  uint32_t slot = slot_take(a, d->domid);
  if (slot && arch_arena_map(slot_page(slot), mfn) != STATUS_OK) {
    slot_give(a, slot);
    slot = 0;
  }
  if (slot) {
    *slot_entry(slot) = (uint32_t)mfn.v;
    page = slot_page(slot);
    a->pages++;
  }
  spin_unlock(&a->lock);
  return page;
}

static mfn_t heap_unmap(struct domain *d, void *page) {
  struct arena *a = &d->arena;
  uint32_t slot = page_slot(page);

  spin_lock(&a->lock);
  assert(slot % CHUNK_SLOTS && slot < a->next && IS_ALIGNED((uint64_t)page, PAGE_SIZE));
  mfn_t mfn = MFN(*slot_entry(slot));
  arch_arena_unmap(page);
  slot_give(a, slot);
  a->pages--;
  spin_unlock(&a->lock);
  return mfn;
}

void *arena_page_alloc(enum frame_kind kind) {
  struct domain *d = domain_current();

  assert(kind == FRAME_ARENA || kind == FRAME_PTABLE || kind == FRAME_SHARED);
  mfn_t mfn = frame_alloc(0, d->domid, kind);
  if (!mfn_valid(mfn))
    return NULL;
  void *page = heap_map(d, mfn);
  if (!page) {
    frame_free(mfn, 0);
    return NULL;
  }
  frame_of(mfn)->arena_va = (uint64_t)page;
  return page;
}

void arena_page_free(void *page) {
  struct frame *f = frame_of(arena_page_mfn(page));

  if (!f || f->arena_va != (uint64_t)page)
    panic("arena page %lx freed twice", (unsigned long)page);
  f->arena_va = 0;
  frame_free(heap_unmap(domain_current(), page), 0);
}

mfn_t arena_page_mfn(const void *page) {
  return MFN(*slot_entry(page_slot(page)));
}

void *arena_page_of(mfn_t mfn) {
  return (void *)frame_of(mfn)->arena_va;
}

void *arena_pin(mfn_t mfn) {
  struct domain *d = domain_current();

  if (frame_get(mfn, d->domid) != STATUS_OK)
    return NULL;
  void *page = heap_map(d, mfn);
  if (!page)
    frame_put(mfn);
  return page;
}

void arena_unpin(void *page) {
  frame_put(heap_unmap(domain_current(), page));
}

static enum status stack_map(struct domain *d, char *low) {
  for (unsigned i = 0; i < ARENA_STACK_SIZE / PAGE_SIZE; i++) {
    mfn_t mfn = frame_alloc(0, d->domid, FRAME_ARENA);

    if (!mfn_valid(mfn))
      return STATUS_NO_MEMORY;
    if (arch_arena_map(low + i * PAGE_SIZE, mfn) != STATUS_OK) {
      frame_free(mfn, 0);
      return STATUS_NO_MEMORY;
    }
    frame_of(mfn)->arena_va = (uint64_t)(low + i * PAGE_SIZE);
  }
  return STATUS_OK;
}

/* Boot fails as a whole when a stack cannot be had, so what was mapped of it stays. */
void *arena_stack_alloc(void) {
  struct domain *d = domain_current();
  struct arena *a = &d->arena;
  void *top = NULL;

  spin_lock(&a->lock);
  char *end = stacks_start(a);
  if (end - STACK_PITCH > slot_page(a->next)) {
    a->stacks++;
    if (stack_map(d, end - ARENA_STACK_SIZE) == STATUS_OK)
      top = end;
  }
  spin_unlock(&a->lock);
  return top;
}
