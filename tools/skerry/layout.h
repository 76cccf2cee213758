/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything lies in a guest's physical address space when it starts.
 */
#ifndef SKERRY_LAYOUT_H
#define SKERRY_LAYOUT_H

#include "../../abi/manifest/manifest.h"
#include "acpi.h"

#define LAYOUT_MAX_SHARED  32u
#define LAYOUT_MAX_REGIONS (4u + LAYOUT_MAX_SHARED)

struct layout_input {
  uint64_t memory;       /* bytes of RAM, whole pages */
  uint64_t kernel_end;   /* first byte after the kernel in memory */
  uint64_t ramdisk_size; /* bytes; 0: no ramdisk */
  const char *command_line;
  unsigned vcpus;
  const struct manifest_region
      *shared; /* ranges that it shares: RESERVED, backed where it owns them */
  unsigned shared_count;
  struct acpi_range kept; /* the one of these that outlives the domain; of size 0: none */
};

enum layout_status {
  LAYOUT_OK,
  LAYOUT_KERNEL_TOO_LARGE, /* it ends after the RAM below the hole */
  LAYOUT_REST_TOO_LARGE,   /* ramdisk or tables do */
};

struct layout {
  struct manifest_region regions[LAYOUT_MAX_REGIONS];
  unsigned region_count;
  uint64_t low_end;       /* end of the RAM below the hole */
  uint64_t ramdisk;       /* guest-physical; 0: none */
  uint64_t start_info;    /* guest-physical */
  uint64_t end;           /* first byte after the start_info block */
  uint64_t pages;         /* that must be backed */
  struct buf start_block; /* start_info, module list, memory map, command line; owned */
  struct buf acpi;        /* to be loaded at GUEST_ACPI_BASE; owned */
};

/* Fills *l; layout_free it in every case. With KERNEL_TOO_LARGE and
 * REST_TOO_LARGE low_end and end tell how much too large. */
enum layout_status layout_build(const struct layout_input *in, struct layout *l);
void layout_free(struct layout *l);

#endif
