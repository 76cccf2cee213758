// SPDX-License-Identifier: Apache-2.0
// The block service: disks in this domain's memory for the domains that have a `disk` channel to
// it. The system file's `source` says what a disk is made of: see disks.h.
#include "block.h"
#include "disks.h"
#include <libos/domain.h>
#include <libos/event.h>
#include <libos/page.h>
#include <services/backend/glue.h>
#include <stdio.h>

int main(void) {
  struct disks_memory memory = {.alloc = page_alloc};
  // It stays where it is for good, and is ours to write: each life of the domain gets it anew.
  memory.module = (uint8_t *)(uintptr_t)domain_module(&memory.module_size);
  disks_init(&memory);
  printf("block: %zu KiB of memory, a module of %zu KiB\n", page_free_count() * (PAGE_SIZE / 1024),
         memory.module_size / 1024);
  if (block_start(glue_ops(block_event), disks_open))
    event_loop();
  puts("block: no store answers");
  return 1; // a crash: what follows is the system file's on_crash
}
