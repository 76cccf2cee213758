/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page allocator: a bitmap over all RAM below 4 GiB, searched from where the last search ended;
 * and the window, the same over a range without RAM. Nothing clever: services allocate at their
 * start and when a client comes or goes.
 */
#include <string.h>

#include <libos/domain.h>
#include <libos/page.h>

#include "internal.h"

/* A set bit: the page is taken, or is no RAM. */
struct pool {
  uint64_t *taken;
  uint64_t base; /* address of the first page */
  size_t pages, free, next;
};

static struct pool ram, window;
static uint64_t window_taken[WINDOW_SIZE / PAGE_SIZE / 64];

static bool pool_taken(const struct pool *p, size_t i) {
  return p->taken[i / 64] >> (i % 64) & 1;
}

static void pool_mark(struct pool *p, size_t first, size_t count, bool taken) {
  for (size_t i = first; i < first + count; i++) {
    p->free += pool_taken(p, i) - taken;
    p->taken[i / 64] = (p->taken[i / 64] & ~(1ull << (i % 64))) | (uint64_t)taken << (i % 64);
  }
}

/* The first of `count` free pages in [from, to), or `to`. */
static size_t pool_search(const struct pool *p, size_t from, size_t to, size_t count) {
  size_t run = 0;
  for (size_t i = from; i < to; i++) {
    run = pool_taken(p, i) ? 0 : run + 1;
    if (run == count)
      return i + 1 - count;
  }
  return to;
}

static void *pool_alloc(struct pool *p, size_t count) {
  if (!count || count > p->free)
    return NULL;
  size_t first = pool_search(p, p->next, p->pages, count);
  if (first == p->pages)
    first = pool_search(p, 0, p->pages, count);
  if (first == p->pages)
    return NULL;
  pool_mark(p, first, count, true);
  p->next = first + count;
  return (void *)(p->base + first * PAGE_SIZE);
}

static void pool_free(struct pool *p, const void *pages, size_t count) {
  size_t first = ((uintptr_t)pages - p->base) / PAGE_SIZE;
  if ((uintptr_t)pages % PAGE_SIZE || first > p->pages || count > p->pages - first)
    panic("page_free: %p is no page", pages);
  for (size_t i = first; i < first + count; i++)
    if (!pool_taken(p, i))
      panic("page_free: %p is free", (void *)(p->base + i * PAGE_SIZE));
  pool_mark(p, first, count, false);
}

/* Room for the bitmap itself: behind whatever is reserved. */
static uint64_t bitmap_place(uint64_t size) {
  uint64_t at = (uintptr_t)image_end;
  for (unsigned i = 0; i < start_info.reserveds; i++) {
    const struct ram *r = &start_info.reserved[i];
    if (at < r->end && r->start < at + size) {
      at = r->end;
      i = -1u; /* from the start again */
    }
  }
  return at;
}

static void ram_mark(const struct ram *r, bool taken) {
  uint64_t end = MIN(r->end / PAGE_SIZE, ram.pages), start = MIN(r->start / PAGE_SIZE, end);
  pool_mark(&ram, start, end - start, taken);
}

void page_init(void) {
  for (unsigned i = 0; i < start_info.rams; i++)
    ram.pages = MAX(ram.pages, start_info.ram[i].end / PAGE_SIZE);
  size_t bytes = ((ram.pages + 63) / 64 * 8 + PAGE_MASK) & ~PAGE_MASK;
  struct ram own = {.start = bitmap_place(bytes)};
  own.end = own.start + bytes;
  ram.taken = memset((void *)own.start, 0xff, bytes);
  for (unsigned i = 0; i < start_info.rams; i++)
    ram_mark(&start_info.ram[i], false);
  for (unsigned i = 0; i < start_info.reserveds; i++)
    ram_mark(&start_info.reserved[i], true);
  ram_mark(&own, true);
  window = (struct pool){window_taken, mmu_window(), WINDOW_SIZE / PAGE_SIZE,
                         WINDOW_SIZE / PAGE_SIZE, 0};
}

void *page_alloc(size_t count) {
  void *pages = pool_alloc(&ram, count);
  return pages ? memset(pages, 0, count * PAGE_SIZE) : NULL;
}

void page_free(void *pages, size_t count) {
  pool_free(&ram, pages, count);
}

size_t page_free_count(void) {
  return ram.free;
}

void *page_window_alloc(size_t count) {
  return pool_alloc(&window, count);
}

void page_window_free(void *pages, size_t count) {
  pool_free(&window, pages, count);
}
