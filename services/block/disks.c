// SPDX-License-Identifier: Apache-2.0
// The table of disks. A disk lives as long as the service, whatever becomes of its front ends.
#include "disks.h"
#include <string.h>

struct owned_disk {
  bool used;
  uint16_t domid;
  uint32_t id;
  struct block_disk disk;
};

static struct disks_memory memory;
static struct owned_disk disks[BUS_DEVICES];

void disks_init(const struct disks_memory *m) {
  memory = *m;
  memset(disks, 0, sizeof(disks));
}

// "64MiB" in bytes; 0 for what is no size. The word of a system file for it.
static uint64_t parse_size(const char *text) {
  static const struct {
    char letter;
    unsigned shift;
  } units[] = {{'K', 10}, {'M', 20}, {'G', 30}};
  uint64_t value;
  for (unsigned i = 0; i < 3; i++) {
    const char *unit = strchr(text, units[i].letter);
    if (unit && !strcmp(unit + 1, "iB") &&
        bus_parse_number(text, units[i].letter, UINT32_MAX, &value))
      return value << units[i].shift;
  }
  return 0;
}

static bool make_ram(const char *size, struct block_disk *disk) {
  uint64_t bytes = parse_size(size);
  disk->sectors = bytes / BLOCK_SECTOR;
  disk->bytes = bytes ? memory.alloc((bytes + BACKEND_PAGE - 1) / BACKEND_PAGE) : NULL;
  return disk->bytes;
}

static bool take_module(struct block_disk *disk) {
  disk->bytes = memory.module;
  disk->sectors = memory.module_size / BLOCK_SECTOR;
  return memory.module;
}

static bool take_range(const char *text, struct block_disk *disk) {
  const char *pages = strchr(text, '+');
  uint64_t page, count;
  if (!pages || !bus_parse_number(text, '+', UINT32_MAX, &page) ||
      !bus_parse_number(pages + 1, '\0', UINT32_MAX, &count) || !count)
    return false;
  disk->bytes = memory.range(page, count);
  disk->sectors = count * (BACKEND_PAGE / BLOCK_SECTOR);
  disk->lasting = true;
  return true;
}

static bool is_taken(const uint8_t *bytes) {
  for (const struct owned_disk *d = disks; d < disks + BUS_DEVICES; d++)
    if (d->used && d->disk.bytes == bytes)
      return true;
  return false;
}

static bool make(const char *params, struct block_disk *disk) {
  if (!strcmp(params, "module"))
    return take_module(disk) && !is_taken(disk->bytes);
  if (!strncmp(params, "range:", 6))
    return take_range(params + 6, disk) && !is_taken(disk->bytes);
  return !strncmp(params, "ram:", 4) && make_ram(params + 4, disk);
}

static struct owned_disk *find(uint16_t domid, uint32_t id) {
  struct owned_disk *unused = NULL;
  for (struct owned_disk *d = disks; d < disks + BUS_DEVICES; d++) {
    if (d->used && d->domid == domid && d->id == id)
      return d;
    if (!d->used && !unused)
      unused = d;
  }
  return unused;
}

bool disks_open(uint16_t domid, uint32_t id, const char *params, struct block_disk *disk) {
  struct owned_disk *d = find(domid, id);
  struct block_disk made = {0};
  if (!d || (!d->used && !make(params, &made)))
    return false;
  if (!d->used)
    d->disk = made;
  d->used = true;
  d->domid = domid;
  d->id = id;
  *disk = d->disk;
  return true;
}
