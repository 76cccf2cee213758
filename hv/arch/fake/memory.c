/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake machine's memory: pages of a file, so that one page can appear at
 * several addresses, as it does in an arena and a window.
 */
#define _GNU_SOURCE
#include <asm/fake.h>
#include <lib/lib.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARENA_ADDRESS  0x520000000000ul
#define WINDOW_ADDRESS 0x530000000000ul
#define HEAP_TABLE     512u /* heap pages that a host table maps */

char *const arch_arena_heap_start = (char *)ARENA_ADDRESS + PAGE_SIZE;
char *const arch_arena_heap_end = (char *)ARENA_ADDRESS + PAGE_SIZE * (1 + FAKE_HEAP_PAGES);

static int file = -1;
static char *memory; /* all pages, in the file's order */
static uint64_t frames;
static uint32_t *place; /* frame number - FAKE_FIRST_FRAME -> page of the file */
static struct frame *records;
static struct domain_stub *shown; /* whose arena stands at ARENA_ADDRESS */
static unsigned windows;
static void *owned[64]; /* what arch_arena_create has allocated */
static unsigned owned_count;
unsigned fake_map_fail_in;
void (*fake_window_opens)(void);

static void shuffle(void) {
  for (uint32_t i = 0; i < frames; i++)
    place[i] = i;
  for (uint32_t i = (uint32_t)frames - 1; i > 0; i--) {
    uint32_t j = (uint32_t)(rand() % (int)(i + 1)), t = place[i];

    place[i] = place[j];
    place[j] = t;
  }
}

static void forget(void) {
  if (file < 0)
    return;
  munmap(memory, frames * PAGE_SIZE);
  close(file);
  while (owned_count)
    free(owned[--owned_count]);
  free(place);
  free(records);
}

static void reserve(uint64_t address, uint64_t pages) {
  void *p = mmap((void *)address, pages * PAGE_SIZE, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

  assert(p == (void *)address);
}

void fake_memory_init(uint64_t count) {
  uint64_t table = FAKE_FIRST_FRAME + count + 7;

  forget();
  frames = count;
  file = memfd_create("machine", 0);
  assert(file >= 0 && ftruncate(file, (off_t)(count * PAGE_SIZE)) == 0);
  memory = mmap(NULL, count * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  place = malloc(count * sizeof(*place));
  records = calloc(table, sizeof(*records));
  assert(memory != MAP_FAILED && place && records);
  memset(memory, FAKE_POISON, count * PAGE_SIZE);
  shuffle();
  reserve(ARENA_ADDRESS, 1 + FAKE_HEAP_PAGES);
  reserve(WINDOW_ADDRESS, ARCH_WINDOWS);
  shown = NULL;
  windows = 0;
  fake_map_fail_in = 0;
  fake_window_opens = NULL;
  frame_init(records, table);
  frame_add_free(MFN(FAKE_FIRST_FRAME), MFN(FAKE_FIRST_FRAME + count));
}

static uint64_t page_of(mfn_t mfn) {
  assert(mfn.v >= FAKE_FIRST_FRAME && mfn.v < FAKE_FIRST_FRAME + frames);
  return place[mfn.v - FAKE_FIRST_FRAME];
}

void *fake_page(mfn_t mfn) {
  return memory + page_of(mfn) * PAGE_SIZE;
}

static void show(void *va, mfn_t mfn, int rights) {
  void *p =
      mmap(va, PAGE_SIZE, rights, MAP_SHARED | MAP_FIXED, file, (off_t)(page_of(mfn) * PAGE_SIZE));

  assert(p == va);
}

/* --- arenas -------------------------------------------------------------------------- */

static char *heap_va(uint32_t slot) {
  return arch_arena_heap_start + slot * PAGE_SIZE;
}

void fake_arena_show(struct domain_stub *d) {
  if (d == shown)
    return;
  reserve(ARENA_ADDRESS, 1 + FAKE_HEAP_PAGES);
  shown = d;
  if (!d)
    return;
  show((void *)ARENA_ADDRESS, d->arch.first, PROT_READ | PROT_WRITE);
  for (uint32_t i = 0; i < FAKE_HEAP_PAGES; i++)
    if (mfn_valid(d->arch.heap[i]))
      show(heap_va(i), d->arch.heap[i], PROT_READ | PROT_WRITE);
}

static void *own(void *p) {
  assert(p && owned_count < ARRAY_SIZE(owned));
  owned[owned_count++] = p;
  return p;
}

enum status arch_arena_create(struct domain_stub *d) {
  d->arch = (struct arch_domain_stub){.root = MFN_INVALID};
  d->arch.first = frame_alloc(0, d->domid, FRAME_ARENA);
  d->arch.heap = own(malloc(FAKE_HEAP_PAGES * sizeof(mfn_t)));
  d->arch.heap_tables = own(calloc(FAKE_HEAP_PAGES / HEAP_TABLE, 1));
  for (uint32_t i = 0; i < FAKE_HEAP_PAGES; i++)
    d->arch.heap[i] = MFN_INVALID;
  return mfn_valid(d->arch.first) ? STATUS_OK : STATUS_NO_MEMORY;
}

void fake_p2m_forget(struct domain_stub *d);

static void arena_link(struct domain_stub *d) {
  struct cpu *c = arch_this_cpu();

  uint64_t generation = flush_link(c, d);
  if (d->arch.seen[c->id] != generation)
    fake_p2m_forget(d);
  d->arch.seen[c->id] = generation;
  flush_ack(c, generation);
  fake_arena_show(d);
}

static void arena_unlink(void) {
  fake_arena_show(NULL);
  flush_unlink(arch_this_cpu());
}

void arch_arena_switch(struct domain_stub *d) {
  const struct domain_stub *linked = arch_this_cpu()->linked;

  assert(!windows);
  if (linked == d)
    return;
  if (linked)
    arena_unlink();
  if (d)
    arena_link(d);
}

static enum status heap_table_make(struct domain_stub *d, uint32_t slot) {
  if (d->arch.heap_tables[slot / HEAP_TABLE])
    return STATUS_OK;
  if (!mfn_valid(frame_alloc(0, d->domid, FRAME_ARENA)))
    return STATUS_NO_MEMORY;
  d->arch.heap_tables[slot / HEAP_TABLE] = 1;
  return STATUS_OK;
}

static uint32_t slot_of(const void *va) {
  uint64_t offset = (uint64_t)((const char *)va - arch_arena_heap_start);

  assert(IS_ALIGNED(offset, PAGE_SIZE) && offset < FAKE_HEAP_PAGES * PAGE_SIZE);
  return (uint32_t)(offset / PAGE_SIZE);
}

enum status arch_arena_map(void *va, mfn_t mfn) {
  struct domain_stub *d = arch_this_cpu()->linked;
  uint32_t slot = slot_of(va);

  assert(d && !mfn_valid(d->arch.heap[slot]));
  if (fake_map_fail_in && --fake_map_fail_in == 0)
    return STATUS_NO_MEMORY;
  if (heap_table_make(d, slot) != STATUS_OK)
    return STATUS_NO_MEMORY;
  d->arch.heap[slot] = mfn;
  show(va, mfn, PROT_READ | PROT_WRITE);
  return STATUS_OK;
}

void arch_arena_unmap(void *va) {
  struct domain_stub *d = arch_this_cpu()->linked;
  uint32_t slot = slot_of(va);

  assert(d && mfn_valid(d->arch.heap[slot]));
  d->arch.heap[slot] = MFN_INVALID;
  reserve((uint64_t)va, 1);
}

struct domain *domain_current(void) {
  assert(arch_this_cpu()->linked && shown == arch_this_cpu()->linked);
  return (struct domain *)ARENA_ADDRESS;
}

/* --- windows ---------------------------------------------------------------------------- */

void *arch_window_open(mfn_t mfn, bool writable) {
  char *va = (char *)WINDOW_ADDRESS + windows * PAGE_SIZE;

  assert(windows < ARCH_WINDOWS);
  if (fake_window_opens)
    fake_window_opens();
  show(va, mfn, writable ? PROT_READ | PROT_WRITE : PROT_READ);
  windows++;
  arch_this_cpu()->windows++;
  return va;
}

void arch_window_close(void *window) {
  windows--;
  assert(window == (char *)WINDOW_ADDRESS + windows * PAGE_SIZE);
  reserve((uint64_t)window, 1);
}

void arch_window_copy(void *to, const void *from, size_t n) {
  memcpy(to, from, n);
}

void arch_scrub(mfn_t mfn, unsigned order) {
  for (uint64_t i = 0; i < BIT(order); i++)
    memset(fake_page(MFN(mfn.v + i)), 0, PAGE_SIZE);
}
