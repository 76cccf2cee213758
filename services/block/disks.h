/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which memory is which disk: what the node `params` of a device says. Pure, but for the memory
 * that it is given.
 */
#ifndef SERVICES_BLOCK_DISKS_H
#define SERVICES_BLOCK_DISKS_H

#include "block.h"

/* What disks are made of. `alloc` returns pages side by side, zeroed, or NULL; `range` makes memory
 * accessible that the system file gives to this domain beside its own, and returns it; `module` is
 * page-aligned or NULL. */
struct disks_memory {
  void *(*alloc)(size_t pages);
  void *(*range)(uint64_t page, size_t pages);
  uint8_t *module;
  size_t module_size;
};

void disks_init(const struct disks_memory *memory);

/* "ram:64MiB": empty memory of that size. "module": the service's own module, as it was left.
 * "range:983040+4096": so many pages from that one on, which outlive the service; the compiler
 * makes it of "range:NAME". One device alone can have a module or range. Every later call for the
 * same device gives the same disk. */
block_open disks_open;

#endif
