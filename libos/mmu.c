/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The final page tables: RAM and the window one to one, nothing both writable and executable, no
 * page under the stack. Leaves are of 2 MiB where a whole one is RAM without parts of the image.
 */
#include <libos/domain.h>
#include <libos/hypercall.h>
#include <libos/page.h>

#include "internal.h"

#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITABLE (1ull << 1)
#define PTE_USED     (3ull << 5) /* accessed, dirty: nobody asks, so the CPU need not write them */
#define PTE_LARGE    (1ull << 7)
#define PTE_NX       (1ull << 63)
#define PTE_ADDRESS  0x000ffffffffff000ull

#define READ         (PTE_PRESENT | PTE_USED | PTE_NX)
#define WRITE        (READ | PTE_WRITABLE)
#define EXECUTE      (PTE_PRESENT | PTE_USED)
#define TABLE        (PTE_PRESENT | PTE_WRITABLE | PTE_USED)

#define LARGE        (2ull << 20)

static uint64_t *root;

static uint64_t *table_below(uint64_t *entry) {
  if (!*entry) {
    void *page = page_alloc(1);
    if (!page)
      panic("no memory for page tables");
    *entry = (uintptr_t)page | TABLE;
  }
  return (uint64_t *)(*entry & PTE_ADDRESS);
}

static uint64_t *entry_at(uint64_t address, unsigned level) {
  uint64_t *table = root;
  for (unsigned l = 3; l > level; l--)
    table = table_below(&table[address >> (12 + 9 * l) & 511]);
  return &table[address >> (12 + 9 * level) & 511];
}

static void map(uint64_t address, uint64_t flags) {
  *entry_at(address, 0) = address | flags;
  __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static void map_range(uint64_t start, uint64_t end, uint64_t flags) {
  uint64_t whole = ((uintptr_t)image_end + LARGE - 1) & ~(LARGE - 1);
  while (start < end) {
    bool large = start % LARGE == 0 && end - start >= LARGE && start >= whole;
    if (large)
      *entry_at(start, 1) = start | flags | PTE_LARGE;
    else
      map(start, flags);
    start += large ? LARGE : PAGE_SIZE;
  }
}

uint64_t mmu_window(void) {
  return (MAX(start_info.map_end, RAM_LIMIT) + WINDOW_SIZE - 1) & ~(WINDOW_SIZE - 1);
}

void page_map(uint64_t address, size_t count) {
  map_range(address, address + count * PAGE_SIZE, WRITE);
}

/* The tables at boot_tables are in use until CR3 is loaded, and free pages from then on. */
void mmu_init(void) {
  root = page_alloc(1);
  for (unsigned i = 0; i < start_info.rams; i++)
    map_range(start_info.ram[i].start, start_info.ram[i].end, WRITE);
  map_range((uintptr_t)image_start, (uintptr_t)image_rodata, EXECUTE);
  map_range((uintptr_t)image_rodata, (uintptr_t)image_data, READ);
  map((uintptr_t)hypercall_page, EXECUTE);
  *entry_at((uintptr_t)image_guard, 0) = 0;
  for (uint64_t at = mmu_window(), end = at + WINDOW_SIZE; at < end; at += LARGE)
    *entry_at(at, 1) = at | WRITE | PTE_LARGE;
  __asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
  page_free(boot_tables, (image_end - boot_tables) / PAGE_SIZE);
}
