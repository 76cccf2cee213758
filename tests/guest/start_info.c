// SPDX-License-Identifier: Apache-2.0
// The PVH start structure and the memory map in it (xen/arch-x86/hvm/start_info.h).
/* guest: cmdline="one two=3"
   xen-differs=version,map.entries,map.low_ram,map.kernel_is_ram,map.size (version 0 for dom0) */
#include "rt/rt.h"

static const struct hvm_memmap_table_entry *map(void) {
  return (const void *)start_info->memmap_paddr;
}

static uint64_t ram_bytes(void) {
  uint64_t bytes = 0;
  for (unsigned i = 0; i < start_info->memmap_entries; i++)
    if (map()[i].type == XEN_HVM_MEMMAP_TYPE_RAM)
      bytes += map()[i].size;
  return bytes;
}

static int is_ram(uint64_t address) {
  for (unsigned i = 0; i < start_info->memmap_entries; i++)
    if (map()[i].type == XEN_HVM_MEMMAP_TYPE_RAM && address >= map()[i].addr &&
        address < map()[i].addr + map()[i].size)
      return 1;
  return 0;
}

static void memory_map(void) {
  CHECK("start_info.map.entries",
        start_info->memmap_entries > 0 && start_info->memmap_entries < 64);
  int sorted = 1, reserved = 0;
  for (unsigned i = 0; i < start_info->memmap_entries; i++) {
    reserved |= map()[i].reserved;
    if (i && map()[i].addr < map()[i - 1].addr + map()[i - 1].size)
      sorted = 0;
  }
  CHECK("start_info.map.sorted", sorted);
  check_eq("start_info.map.reserved", reserved, 0);
  CHECK("start_info.map.low_ram", is_ram(0) && is_ram(0x8000));
  CHECK("start_info.map.kernel_is_ram", is_ram(0x100000) && is_ram((uintptr_t)guest_end - 1));
  CHECK("start_info.map.apic_is_no_ram", !is_ram(0xfee00000));
  CHECK("start_info.map.size", ram_bytes() > 48UL << 20);
}

void test_main(void) {
  check_eq("start_info.magic", start_info->magic, XEN_HVM_START_MAGIC_VALUE);
  check_eq("start_info.version", start_info->version, 1);
  check_eq("start_info.reserved", start_info->reserved, 0);
  check_eq("start_info.modules", start_info->nr_modules, 0);
  CHECK("start_info.below_4g", (uintptr_t)start_info < 1UL << 32);
  CHECK("start_info.outside_kernel",
        (uintptr_t)start_info < 0x100000 || (uintptr_t)start_info >= (uintptr_t)guest_end);
  const char *line = (const char *)start_info->cmdline_paddr;
  CHECK("start_info.cmdline", line && !memcmp(line, "one two=3", 10));
  CHECK("start_info.rsdp",
        start_info->rsdp_paddr && !memcmp((const void *)start_info->rsdp_paddr, "RSD PTR ", 8));
  memory_map();
}
