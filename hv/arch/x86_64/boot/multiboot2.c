/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Multiboot 2 loader hands over, tag by tag. Multiboot2 Specification
 * 2.0, 3.6.
 */
#include <asm/layout.h>
#include <lib/lib.h>
#include "boot.h"

enum {
  TAG_END = 0,
  TAG_COMMAND_LINE = 1,
  TAG_MODULE = 3,
  TAG_MEMORY = 6,
  TAG_RSDP1 = 14,
  TAG_RSDP2
};

struct tag {
  uint32_t type, size; /* with this header, without the padding to 8 bytes */
};
struct tag_module {
  struct tag tag;
  uint32_t start, end;
};
struct tag_memory {
  struct tag tag;
  uint32_t entry_size, entry_version;
};
struct memory_entry {
  uint64_t start, length;
  uint32_t type, reserved; /* type 1: usable */
};

static __boot void tag_memory(const struct tag_memory *t) {
  if (t->entry_size < sizeof(struct memory_entry))
    return;
  uint64_t at = (uint64_t)(t + 1), end = (uint64_t)t + t->tag.size;
  for (; at + t->entry_size <= end; at += t->entry_size) {
    const struct memory_entry *m = (const void *)at;
    memory_add(m->start, m->length, m->type == 1);
  }
}

static __boot void tag_module(const struct tag_module *t) {
  if (boot_info.module_end)
    return; /* the first one is the image */
  boot_info.module_start = t->start;
  boot_info.module_end = t->end;
}

/* Into memory of ours: the loader's may be handed out before anybody looks. */
static __boot void rsdp_keep(const struct tag *t) {
  static __boot_data __aligned(8) uint8_t copy[36];
  memcpy(copy, t + 1, MIN(t->size - sizeof(*t), sizeof(copy)));
  boot_info.rsdp = (uint64_t)copy - TEXT_BASE;
}

static __boot void tag_parse(const struct tag *t) {
  switch (t->type) {
  case TAG_COMMAND_LINE:
    memcpy(boot_info.command_line, t + 1,
           MIN(t->size - sizeof(*t), sizeof(boot_info.command_line) - 1));
    break;
  case TAG_MODULE:
    tag_module((const void *)t);
    break;
  case TAG_MEMORY:
    tag_memory((const void *)t);
    break;
  case TAG_RSDP1:
    if (boot_info.rsdp)
      break;
    /* fall through */
  case TAG_RSDP2:
    rsdp_keep(t);
    break;
  }
}

__boot const char *multiboot2_parse(uint32_t info) {
  uint64_t at = info + 8, end = info + (uint64_t) * (const uint32_t *)boot_phys(info);
  while (at + sizeof(struct tag) <= end) {
    const struct tag *t = boot_phys(at);
    if (t->type == TAG_END || t->size < sizeof(*t) || at + t->size > end)
      break;
    tag_parse(t);
    at = ALIGN_UP(at + t->size, 8);
  }
  return boot_info.ram_count ? NULL : "no-memory-map: the boot loader gave none";
}
