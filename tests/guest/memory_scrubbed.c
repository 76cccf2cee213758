// SPDX-License-Identifier: Apache-2.0
// All RAM that the domain was not loaded into is zero at the start.
/* guest: xen=no (its boot domain's memory keeps what firmware left) */
#include "rt/rt.h"

static const struct hvm_memmap_table_entry *map(void) {
  return (const void *)start_info->memmap_paddr;
}

static uint64_t limit(uint64_t address) {
  return address < 1UL << 32 ? address : 1UL << 32;
}

// Counts pages with anything in them from `from` on.
static unsigned dirty_pages(uint64_t from, uint64_t end) {
  unsigned dirty = 0;
  for (uint64_t page = from; page + PAGE_SIZE <= end; page += PAGE_SIZE) {
    const uint64_t *words = (const uint64_t *)page;
    uint64_t any = 0;
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
      any |= words[i];
    dirty += !!any;
  }
  return dirty;
}

void test_main(void) {
  uint64_t after = ((uintptr_t)guest_end + 0xfff) & ~0xfffUL, pages = 0, dirty = 0;
  for (unsigned i = 0; i < start_info->memmap_entries; i++) {
    if (map()[i].type != XEN_HVM_MEMMAP_TYPE_RAM)
      continue;
    uint64_t from = map()[i].addr, end = limit(map()[i].addr + map()[i].size);
    from = from < 0x100000 || from >= after ? from : after;
    if (from < 0x100000 && end > 0x100000) {
      dirty += dirty_pages(from, 0x100000);
      from = after;
    }
    pages += from < end ? (end - from) / PAGE_SIZE : 0;
    dirty += dirty_pages(from, end);
  }
  printf("%lu pages, %lu of them not zero\n", pages, dirty);
  CHECK("memory_scrubbed.looked", pages > 48 << 8);
  // The start structure, command line and ACPI tables are all that may be there.
  CHECK("memory_scrubbed.zero", dirty <= 16);
}
