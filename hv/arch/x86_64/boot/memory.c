/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader's memory map made usable: entries may come unsorted, overlap and
 * contradict each other; what any of them calls unusable is not used.
 */
#include <asm/platform.h>
#include <lib/lib.h>
#include "boot.h"

#define HOLES_MAX 128
#define LOW_LIMIT 0x9f000ull   /* firmware's data area may follow */
#define RAM_LIMIT (1ull << 44) /* frame numbers have 32 bits */

static __boot_data struct boot_region holes[HOLES_MAX];
static __boot_data unsigned hole_count, lost;

static __boot void ram_insert(uint64_t start, uint64_t end) {
  unsigned n = boot_info.ram_count;
  if (start >= end)
    return;
  if (n == BOOT_REGIONS_MAX) {
    lost++;
    return;
  }
  for (; n && boot_info.ram[n - 1].start > start; n--)
    boot_info.ram[n] = boot_info.ram[n - 1];
  boot_info.ram[n] = (struct boot_region){start, end};
  boot_info.ram_count++;
}

static __boot void ram_remove(unsigned i) {
  boot_info.ram_count--;
  for (; i < boot_info.ram_count; i++)
    boot_info.ram[i] = boot_info.ram[i + 1];
}

__boot void memory_add(uint64_t start, uint64_t size, bool usable) {
  uint64_t end = MIN(size, RAM_LIMIT) + MIN(start, RAM_LIMIT);
  if (start >= RAM_LIMIT || !size)
    return;
  if (usable)
    ram_insert(ALIGN_UP(start, PAGE_SIZE), ALIGN_DOWN(MIN(end, RAM_LIMIT), PAGE_SIZE));
  else if (hole_count < HOLES_MAX)
    holes[hole_count++] =
        (struct boot_region){ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE)};
  else
    lost++;
}

static __boot void ram_merge(void) {
  for (unsigned i = 1; i < boot_info.ram_count;) {
    struct boot_region *before = &boot_info.ram[i - 1], *r = &boot_info.ram[i];
    if (r->start > before->end) {
      i++;
      continue;
    }
    before->end = MAX(before->end, r->end);
    ram_remove(i);
  }
}

static __boot void ram_cut(uint64_t start, uint64_t end) {
  for (unsigned i = boot_info.ram_count; i-- > 0;) {
    struct boot_region r = boot_info.ram[i];
    if (end <= r.start || start >= r.end)
      continue;
    ram_remove(i);
    ram_insert(r.start, MIN(start, r.end));
    ram_insert(MAX(end, r.start), r.end);
  }
}

__boot void memory_finish(void) {
  ram_merge();
  for (unsigned i = 0; i < hole_count; i++)
    ram_cut(holes[i].start, holes[i].end);
  if (lost)
    log_printf("memory map: %u entries too many were ignored\n", lost);
  hole_count = lost = 0;
}

__boot uint64_t memory_take_low_page(void) {
  for (unsigned i = boot_info.ram_count; i-- > 0;) {
    struct boot_region r = boot_info.ram[i];
    uint64_t page = MIN(r.end, LOW_LIMIT) - PAGE_SIZE;
    if (r.start >= LOW_LIMIT || page < r.start || page == 0)
      continue;
    ram_cut(page, page + PAGE_SIZE);
    return page;
  }
  return 0;
}
