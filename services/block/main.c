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
#include <stdlib.h>
#include <string.h>

// --- Ending on purpose: `end=N` on the command line, for tests. Each life ends where it would tell
// of answers for the Nth time.

static struct backend_ops ops;
static void (*really_notify)(uint32_t port);
static unsigned long left;

static void notify(uint32_t port) {
  if (!--left)
    panic("block: ends, as it was told");
  really_notify(port);
}

static const struct backend_ops *ops_of(int argc, char **argv) {
  ops = *glue_ops(block_event);
  really_notify = ops.notify;
  for (int i = 1; i < argc; i++)
    if (!strncmp(argv[i], "end=", 4)) {
      left = strtoul(argv[i] + 4, NULL, 10);
      ops.notify = notify;
    }
  return &ops;
}

// --- Start ------------------------------------------------------------------------

static void *range(uint64_t page, size_t pages) {
  page_map(page * PAGE_SIZE, pages);
  return (void *)(page * PAGE_SIZE);
}

int main(int argc, char **argv) {
  struct disks_memory memory = {.alloc = page_alloc, .range = range};
  // It stays where it is for good, and is ours to write: each life of the domain gets it anew.
  memory.module = (uint8_t *)(uintptr_t)domain_module(&memory.module_size);
  disks_init(&memory);
  printf("block: %zu KiB of memory, a module of %zu KiB\n", page_free_count() * (PAGE_SIZE / 1024),
         memory.module_size / 1024);
  if (block_start(ops_of(argc, argv), disks_open))
    event_loop();
  puts("block: no store answers");
  return 1; // a crash: what follows is the system file's on_crash
}
