// SPDX-License-Identifier: Apache-2.0
// XENMEM_memory_map: the same map as the start structure's, as E820 entries of 20 bytes.
/* guest: xen-differs=count,same_as_start_info (no map in a boot domain's start structure) */
#include "rt/rt.h"

struct e820 {
  uint64_t addr, size;
  uint32_t type;
} __attribute__((packed));

static struct e820 entries[64];

static int64_t get(void *buffer, unsigned *count) {
  struct xen_memory_map map = {.nr_entries = *count};
  set_xen_guest_handle(map.buffer, buffer);
  int64_t error = memory_op(XENMEM_memory_map, &map);
  *count = map.nr_entries;
  return error;
}

void test_main(void) {
  unsigned count = ARRAY_LEN(entries), one = 1;
  check_eq("memory_map.get", get(entries, &count), 0);
  check_eq("memory_map.count", count, start_info->memmap_entries);
  const struct hvm_memmap_table_entry *start = (const void *)start_info->memmap_paddr;
  int same = 1;
  for (unsigned i = 0; i < count; i++)
    same &= entries[i].addr == start[i].addr && entries[i].size == start[i].size &&
            entries[i].type == start[i].type;
  CHECK("memory_map.same_as_start_info", same);
  entries[1].size = 77;
  check_eq("memory_map.short", get(entries, &one), 0);
  check_eq("memory_map.short.count", one, 1);
  check_eq("memory_map.short.untouched", entries[1].size, 77);
  check_eq("memory_map.wild_argument", memory_op(XENMEM_memory_map, UNMAPPED), -XEN_EFAULT);
  count = 64;
  check_eq("memory_map.wild_buffer", get(UNMAPPED, &count), -XEN_EFAULT);
}
