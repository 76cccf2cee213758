/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the domain was started with: PVH's start info, module list and memory map
 * (xen/arch-x86/hvm/start_info.h). The builder of the domain wrote it; it is believed.
 */
#include <abi/xen/memory.h>
#include <libos/domain.h>
#include <libos/hypercall.h>
#include <libos/page.h>

#include "internal.h"

#define START_INFO_MAGIC 0x336ec578u
#define MAP_RAM          1u
#define SHARED_LIMIT     (1ull << 39) /* reserved above: holes of Xen's machine, no shared ranges */

struct hvm_start_info {
  uint32_t magic, version, flags, modules;
  uint64_t module_list, command_line, rsdp;
  uint64_t map; /* from version 1 on */
  uint32_t map_entries, reserved;
};

struct hvm_module {
  uint64_t address, size, command_line, reserved;
};

struct hvm_map_entry {
  uint64_t address, size;
  uint32_t type, reserved;
};

struct start_info_kept start_info = {.command_line = ""};

static void reserve(uint64_t address, uint64_t size) {
  struct ram *r = &start_info.reserved[start_info.reserveds++];
  r->start = address & ~PAGE_MASK;
  r->end = (address + size + PAGE_MASK) & ~PAGE_MASK;
}

static void add(uint64_t address, uint64_t size, uint32_t type) {
  if (type == MAP_RAM || address + size <= SHARED_LIMIT)
    start_info.map_end = MAX(start_info.map_end, address + size);
  if (type != MAP_RAM)
    return;
  uint64_t start = MAX((address + PAGE_MASK) & ~PAGE_MASK, (uintptr_t)image_start);
  uint64_t end = MIN((address + size) & ~PAGE_MASK, RAM_LIMIT);
  if (start < end && start_info.rams < COUNT(start_info.ram))
    start_info.ram[start_info.rams++] = (struct ram){start, end};
}

static void read_map(const struct hvm_map_entry *e, unsigned entries) {
  for (unsigned i = 0; i < entries; i++)
    add(e[i].address, e[i].size, e[i].type);
}

/* The same map, asked for: Xen's boot domain finds none in its start info. */
static void ask_map(void) {
  static struct xen_e820_entry e[64];
  struct xen_memory_map arg = {.nr_entries = COUNT(e), .buffer = (uintptr_t)e};
  if (hypercall3(__HYPERVISOR_memory_op, XENMEM_memory_map, (uintptr_t)&arg, 0))
    panic("no memory map");
  for (unsigned i = 0; i < arg.nr_entries; i++)
    add(e[i].addr, e[i].size, e[i].type);
}

static size_t text_size(const char *text) {
  size_t size = 1;
  while (text[size - 1])
    size++;
  return size;
}

void start_info_read(uintptr_t address) {
  const struct hvm_start_info *s = (const void *)address;
  if (s->magic != START_INFO_MAGIC)
    panic("no start info at 0x%lx", address);
  if (s->version >= 1 && s->map_entries)
    read_map((const void *)s->map, s->map_entries);
  else
    ask_map();
  reserve((uintptr_t)image_start, image_end - image_start);
  if (s->command_line) {
    start_info.command_line = (const char *)s->command_line;
    reserve(s->command_line, text_size(start_info.command_line));
  }
  if (s->modules) {
    const struct hvm_module *m = (const void *)s->module_list;
    start_info.module = (const void *)m->address;
    start_info.module_size = m->size;
    reserve(m->address, m->size);
  }
}

const char *domain_command_line(void) {
  return start_info.command_line;
}

const void *domain_module(size_t *size) {
  *size = start_info.module_size;
  return start_info.module;
}

uint64_t domain_memory(void) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < start_info.rams; i++)
    sum += start_info.ram[i].end - start_info.ram[i].start;
  return sum;
}
