/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Multiboot 1 loader hands over: memory map, command line, the image as
 * its first module. Multiboot Specification 0.6.96, 3.3.
 */
#include <lib/lib.h>
#include "boot.h"

#define MB1_LOADER_MAGIC     0x2badb002u
#define MB2_LOADER_MAGIC     0x36d76289u

#define MB1_HAS_COMMAND_LINE BIT(2)
#define MB1_HAS_MODULES      BIT(3)
#define MB1_HAS_MEMORY_MAP   BIT(6)

struct mb1_info {
  uint32_t flags, mem_lower, mem_upper, boot_device, command_line;
  uint32_t module_count, modules, symbols[4], map_length, map;
};
struct mb1_module {
  uint32_t start, end, string, reserved;
};
struct mb1_memory {
  uint32_t size; /* of what follows */
  uint64_t start, length;
  uint32_t type; /* 1: usable */
} __packed;

struct boot_info boot_info;

static __boot void memory_map(const struct mb1_info *mb) {
  uint64_t at = mb->map, end = at + mb->map_length;
  while (at + sizeof(struct mb1_memory) <= end) {
    const struct mb1_memory *m = boot_phys(at);
    memory_add(m->start, m->length, m->type == 1);
    at += (uint64_t)m->size + 4;
  }
}

__boot const char *multiboot1_parse(uint32_t info) {
  const struct mb1_info *mb = boot_phys(info);
  if (mb->flags & MB1_HAS_COMMAND_LINE)
    snprintf(boot_info.command_line, sizeof(boot_info.command_line), "%s",
             (const char *)boot_phys(mb->command_line));
  if (!(mb->flags & MB1_HAS_MEMORY_MAP))
    return "no-memory-map: the boot loader gave none";
  memory_map(mb);
  if ((mb->flags & MB1_HAS_MODULES) && mb->module_count) {
    const struct mb1_module *m = boot_phys(mb->modules);
    boot_info.module_start = m->start;
    boot_info.module_end = m->end;
  }
  return NULL;
}

__boot const char *multiboot_parse(uint32_t magic, uint32_t info) {
  if (magic == MB1_LOADER_MAGIC)
    return multiboot1_parse(info);
  if (magic == MB2_LOADER_MAGIC)
    return multiboot2_parse(info);
  return "no-multiboot: not started by a Multiboot loader";
}
