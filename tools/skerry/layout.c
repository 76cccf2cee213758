/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's memory at its start. abi/guest_platform.h draws the whole address
 * space; this is what fills the RAM below the hole:
 *
 *             0 +-----------------------------+
 *               | free                        |
 *       p_paddr +-----------------------------+
 *               | kernel, bss included        |
 *               +-----------------------------+ kernel end, up to 2 MiB: a kernel
 *               | ramdisk                     |   that counts on a little room after
 *               +-----------------------------+   its end finds some
 *               | start_info, module list,    | up to a page
 *               | memory map, command line    |
 *               +-----------------------------+
 *               | free                        |
 *       low_end +-----------------------------+
 *
 * The start block lies in RAM that the memory map calls usable, as on Xen: a
 * kernel copies what it needs early. All of it is below 4 GiB (xen/arch-x86/hvm/
 * start_info.h).
 */
#include "layout.h"

#include <string.h>
#include <xen/xen.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "../../abi/guest_platform.h"
#include "acpi.h"

#define RAMDISK_ALIGN (2ull << 20)

static uint64_t align_up(uint64_t v, uint64_t align) {
  return (v + align - 1) & ~(align - 1);
}

/* Keeps the map sorted. Only what lies in the domain's own memory counts as its pages. */
static void add_region(struct layout *l, struct manifest_region region) {
  unsigned at = l->region_count++;
  for (; at && l->regions[at - 1].gpa > region.gpa; at--)
    l->regions[at] = l->regions[at - 1];
  l->regions[at] = region;
  l->pages += region.backed ? region.size / MANIFEST_PAGE : 0;
}

static void add_own(struct layout *l, uint64_t gpa, uint64_t size, uint32_t type) {
  add_region(l, (struct manifest_region){gpa, size, type, 1});
}

static void build_map(const struct layout_input *in, struct layout *l) {
  l->low_end = in->memory < GUEST_HOLE_START ? in->memory : GUEST_HOLE_START;
  add_own(l, 0, l->low_end, MANIFEST_REGION_RAM);
  add_own(l, GUEST_ACPI_BASE, align_up(l->acpi.size, MANIFEST_PAGE), MANIFEST_REGION_ACPI);
  add_own(l, GUEST_SPECIAL_BASE, GUEST_SPECIAL_PAGES * MANIFEST_PAGE, MANIFEST_REGION_RESERVED);
  if (in->memory > l->low_end)
    add_own(l, GUEST_HOLE_END, in->memory - l->low_end, MANIFEST_REGION_RAM);
  for (unsigned i = 0; i < in->shared_count; i++)
    add_region(l, in->shared[i]);
}

static void put_memory_map(const struct layout *l, struct buf *b) {
  for (unsigned i = 0; i < l->region_count; i++) {
    buf_u64(b, l->regions[i].gpa);
    buf_u64(b, l->regions[i].size);
    buf_u32(b, l->regions[i].type); /* the same numbers: see the asserts below */
    buf_u32(b, 0);
  }
}

static void build_start_block(const struct layout_input *in, struct layout *l) {
  struct buf *b = &l->start_block;
  uint64_t modules = l->start_info + sizeof(struct hvm_start_info);
  uint32_t count = in->ramdisk_size ? 1 : 0;
  uint64_t map = modules + count * sizeof(struct hvm_modlist_entry);
  uint64_t line = map + l->region_count * sizeof(struct hvm_memmap_table_entry);
  buf_u32(b, XEN_HVM_START_MAGIC_VALUE);
  buf_u32(b, 1); /* version */
  buf_u32(b, 0); /* flags: neither privileged nor the initial domain */
  buf_u32(b, count);
  buf_u64(b, count ? modules : 0);
  buf_u64(b, line);
  buf_u64(b, GUEST_ACPI_BASE); /* the RSDP comes first */
  buf_u64(b, map);
  buf_u32(b, l->region_count);
  buf_u32(b, 0);
  if (count) {
    buf_u64(b, l->ramdisk);
    buf_u64(b, in->ramdisk_size);
    buf_zero(b, 16); /* no command line of its own */
  }
  put_memory_map(l, b);
  buf_put(b, in->command_line, strlen(in->command_line) + 1);
}

enum layout_status layout_build(const struct layout_input *in, struct layout *l) {
  *l = (struct layout){0};
  acpi_build(&l->acpi, GUEST_ACPI_BASE, in->vcpus, &in->kept);
  build_map(in, l);
  l->end = in->kernel_end;
  if (l->end > l->low_end)
    return LAYOUT_KERNEL_TOO_LARGE;
  uint64_t free = align_up(in->kernel_end, in->ramdisk_size ? RAMDISK_ALIGN : MANIFEST_PAGE);
  l->ramdisk = in->ramdisk_size ? free : 0;
  l->start_info = align_up(free + in->ramdisk_size, MANIFEST_PAGE);
  build_start_block(in, l);
  l->end = l->start_info + l->start_block.size;
  return l->end > l->low_end ? LAYOUT_REST_TOO_LARGE : LAYOUT_OK;
}

void layout_free(struct layout *l) {
  buf_free(&l->start_block);
  buf_free(&l->acpi);
}

_Static_assert(MANIFEST_REGION_RAM == XEN_HVM_MEMMAP_TYPE_RAM, "RAM");
_Static_assert(MANIFEST_REGION_RESERVED == XEN_HVM_MEMMAP_TYPE_RESERVED, "RESERVED");
_Static_assert(MANIFEST_REGION_ACPI == XEN_HVM_MEMMAP_TYPE_ACPI, "ACPI");
_Static_assert(sizeof(struct hvm_start_info) == 56, "hvm_start_info");
_Static_assert(sizeof(struct hvm_modlist_entry) == 32, "hvm_modlist_entry");
_Static_assert(sizeof(struct hvm_memmap_table_entry) == 24, "hvm_memmap_table_entry");
