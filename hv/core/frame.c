/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame allocator: a buddy system whose only memory is the frame records.
 * A free block is described by its first frame's record alone: those of the
 * frames inside keep what they held last. What tells a frame in use is `refs`.
 */
#include <arch/arch.h>
#include <lib/atomic.h>
#include <lib/lib.h>

#define LIST_END UINT32_MAX

static struct frame *table;
static uint64_t table_frames;
static struct spinlock lock; /* guards the lists and the records of free blocks */
static uint32_t free_list[FRAME_ORDER_MAX + 1];
static uint64_t free_frames;

struct frame *frame_of(mfn_t mfn) {
  return mfn.v < table_frames ? &table[mfn.v] : NULL;
}

void frame_init(struct frame *records, uint64_t frames) {
  assert(frames < LIST_END);
  table = records;
  table_frames = frames;
  free_frames = 0;
  for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++)
    free_list[order] = LIST_END;
}

static void list_insert(uint32_t index, unsigned order) {
  uint32_t next = free_list[order];

  table[index] = (struct frame){.owner = OWNER_HV,
                                .kind = FRAME_FREE,
                                .order = (uint8_t)order,
                                .next = next,
                                .prev = LIST_END};
  if (next != LIST_END)
    table[next].prev = index;
  free_list[order] = index;
}

static void list_remove(uint32_t index, unsigned order) {
  struct frame *f = &table[index];

  if (f->next != LIST_END)
    table[f->next].prev = f->prev;
  if (f->prev != LIST_END)
    table[f->prev].next = f->next;
  else
    free_list[order] = f->next;
}

/* A buddy of the same order is either the head of a free block, or in use: it cannot lie inside a
 * larger free block, which would hold `index` too. So its own record tells. */
static bool mergeable(uint64_t buddy, unsigned order) {
  return buddy < table_frames && table[buddy].kind == FRAME_FREE && table[buddy].order == order;
}

/* Give a block back, merged with its free buddies. The lock is held. */
static void block_release(uint64_t index, unsigned order) {
  free_frames += BIT(order);
  while (order < FRAME_ORDER_MAX && mergeable(index ^ BIT(order), order)) {
    uint64_t buddy = index ^ BIT(order);

    list_remove((uint32_t)buddy, order);
    index &= ~BIT(order);
    order++;
  }
  list_insert((uint32_t)index, order);
}

/* Take a block out, or LIST_END. The lock is held. Its head no longer counts as free, so that
 * nobody merges with it while its records are being written. */
static uint32_t block_take(unsigned order) {
  unsigned from = order;

  while (free_list[from] == LIST_END)
    if (++from > FRAME_ORDER_MAX)
      return LIST_END;

  uint32_t index = free_list[from];
  list_remove(index, from);
  while (from > order) {
    from--;
    list_insert(index + (uint32_t)BIT(from), from);
  }
  table[index].kind = FRAME_ABSENT;
  free_frames -= BIT(order);
  return index;
}

void frame_add_free(mfn_t first, mfn_t last) {
  uint64_t at = first.v;

  assert(first.v <= last.v && last.v <= table_frames);
  spin_lock(&lock);
  while (at < last.v) {
    unsigned order = at ? (unsigned)__builtin_ctzll(at) : FRAME_ORDER_MAX;

    order = MIN(order, FRAME_ORDER_MAX);
    while (at + BIT(order) > last.v)
      order--;
    block_release(at, order);
    at += BIT(order);
  }
  spin_unlock(&lock);
}

/* A domain of 1 GiB has 262,144 records to write, so this is two plain stores each: the compiler
 * would put a struct together anew every time. */
static void records_write(uint64_t index, uint64_t count, uint16_t owner, enum frame_kind kind) {
  const struct frame record = {.owner = owner, .kind = (uint8_t)kind, .refs = 1};
  uint64_t words[2];

  __builtin_memcpy(words, &record, sizeof(record));
#pragma GCC unroll 8
  for (struct frame *f = &table[index], *end = f + count; f < end; f++)
    __builtin_memcpy(f, words, sizeof(*f));
}

void frame_reserve(mfn_t first, uint64_t count, enum frame_kind kind) {
  assert(kind > FRAME_FREE && first.v + count <= table_frames);
  records_write(first.v, count, OWNER_HV, kind);
}

mfn_t frame_alloc(unsigned order, uint16_t owner, enum frame_kind kind) {
  assert(order <= FRAME_ORDER_MAX && kind > FRAME_FREE);
  spin_lock(&lock);
  uint32_t index = block_take(order);
  spin_unlock(&lock);
  if (index == LIST_END)
    return MFN_INVALID;
  /* Nobody else can name these frames until their count is 1. */
  arch_scrub(MFN(index), order);
  records_write(index, BIT(order), owner, kind);
  return MFN(index);
}

/* Drop one reference; true if it was the last. */
static bool drop(uint64_t index) {
  uint32_t before = atomic_sub(&table[index].refs, 1);

  if (unlikely(before == 0))
    panic("frame %lx freed twice (kind %u, owner %u)", (unsigned long)index, table[index].kind,
          table[index].owner);
  return before == 1;
}

static void release_locked(uint64_t index, unsigned order) {
  spin_lock(&lock);
  block_release(index, order);
  spin_unlock(&lock);
}

/* Frames [index, index + done) had their last reference dropped and could not go as one block. */
static void release_singly(uint64_t index, uint64_t done) {
  for (uint64_t i = index; i < index + done; i++)
    release_locked(i, 0);
}

void frame_free(mfn_t mfn, unsigned order) {
  uint64_t run = 0; /* frames just before `i` that are to be released */

  assert(order <= FRAME_ORDER_MAX && IS_ALIGNED(mfn.v, BIT(order)) &&
         mfn.v + BIT(order) <= table_frames);
  for (uint64_t i = mfn.v; i < mfn.v + BIT(order); i++) {
    if (drop(i)) {
      run++;
      continue;
    }
    release_singly(i - run, run);
    run = 0;
  }
  if (run == BIT(order))
    release_locked(mfn.v, order);
  else
    release_singly(mfn.v + BIT(order) - run, run);
}

/* Lock-free: a frame whose count is not 0 cannot become another's, so the owner is looked at under
 * the reference, which is given back if it was the wrong one. */
enum status frame_get(mfn_t mfn, uint16_t owner) {
  struct frame *f = frame_of(mfn);
  uint32_t refs = f ? atomic_load(&f->refs) : 0;

  do {
    if (refs == 0)
      return STATUS_NOT_FOUND;
    if (refs == UINT32_MAX)
      return STATUS_BUSY;
  } while (!atomic_cas(&f->refs, &refs, refs + 1));
  if (f->owner == owner)
    return STATUS_OK;
  frame_put(mfn);
  return STATUS_NOT_FOUND;
}

void frame_put(mfn_t mfn) {
  assert(mfn.v < table_frames);
  if (drop(mfn.v))
    release_locked(mfn.v, 0);
}

uint64_t frame_count_free(void) {
  return atomic_read(&free_frames);
}

uint64_t frame_table_size(void) {
  return table_frames;
}
