/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disks' back end and the rings that it shares with the library of services: a front end that
 * writes what it likes into its ring, its indices and its nodes of the store, beside one that
 * behaves and whose disk keeps working.
 */
#include "../unit/backend/world.h"
#include <services/block/block.h>
#include <stdio.h>
#include <stdlib.h>
#include "fuzz.h"

enum { LIAR = 3, HONEST = 4, DISK = 51712, SECTORS = 64, STEPS_MAX = 48 };

static uint8_t disk[2][SECTORS * BLOCK_SECTOR] __attribute__((aligned(BACKEND_PAGE)));

struct front {
  char home[64], back[64];
  struct front_ring ring;
  uint32_t port;
};
static struct front liar, honest;
static uint32_t data_ref[4];

static bool open_disk(uint16_t domid, uint32_t id, const char *params, struct block_disk *d) {
  *d = (struct block_disk){disk[domid == HONEST], SECTORS, false, false};
  return id == DISK && !strcmp(params, "ram");
}

/* --- a front end ------------------------------------------------------------------------------ */

static void node(const char *folder, const char *key, const char *value) {
  char path[96];
  snprintf(path, sizeof(path), "%s/%s", folder, key);
  store_put(path, value);
}

static void connect(struct front *f, uint16_t domid, bool persistent) {
  snprintf(f->home, sizeof(f->home), "/local/domain/%u/device/vbd/%u", domid, DISK);
  snprintf(f->back, sizeof(f->back), "backend/vbd/%u/%u", domid, DISK);
  store_put_number(f->home, "state", XenbusStateInitialising);
  store_put_number(f->back, "frontend-id", domid);
  node(f->back, "frontend", f->home);
  node(f->back, "params", "ram");
  node(f->back, "mode", "w");
  store_put_number(f->back, "state", XenbusStateInitialising);
  world_run();
  front_ring_init(&f->ring, domid, BLKIF_SLOT_SIZE_X64);
  f->port = port_alloc(domid);
  store_put_number(f->home, "ring-ref", f->ring.ref);
  store_put_number(f->home, "event-channel", f->port);
  store_put_number(f->home, "feature-persistent", persistent);
  store_put_number(f->home, "state", XenbusStateInitialised);
  world_run();
  store_put_number(f->home, "state", XenbusStateConnected);
  world_run();
}

/* --- what the liar does ------------------------------------------------------------------------
 */

static void request(struct fuzz_input *in) {
  union block_slot slot;
  memset(&slot, 0, sizeof(slot));
  slot.request.operation = fuzz_u8(in) % 8;
  slot.request.nr_segments = fuzz_u8(in);
  slot.request.sector_number = fuzz_u8(in);
  for (unsigned i = 0; i < 4; i++) {
    slot.request.seg[i].gref = data_ref[fuzz_u8(in) % 4];
    slot.request.seg[i].first_sect = fuzz_u8(in);
    slot.request.seg[i].last_sect = fuzz_u8(in);
  }
  front_put(&liar.ring, &slot, liar.ring.size);
  front_push(&liar.ring);
}

static void slot_bytes(struct fuzz_input *in) {
  union block_slot slot;
  fuzz_take(in, &slot, sizeof(slot));
  front_put(&liar.ring, &slot, liar.ring.size);
  front_push(&liar.ring);
}

static void indexes(struct fuzz_input *in) {
  fuzz_take(in, (char *)liar.ring.page + fuzz_u8(in) % 16, 4);
}

static void state(struct fuzz_input *in) {
  store_put_number(liar.home, "state", fuzz_u8(in) % 8);
}

static void step(struct fuzz_input *in) {
  static void (*const steps[])(struct fuzz_input *) = {request, request, slot_bytes, indexes,
                                                       state};
  steps[fuzz_u8(in) % (sizeof(steps) / sizeof(*steps))](in);
  port_send(liar.port);
  world_run();
}

/* --- and the other -------------------------------------------------------------------------------
 */

static void honest_reads(void) {
  void *page;
  union block_slot slot;
  struct blkif_response r = {0};
  uint32_t ref = grant_page(HONEST, true, &page);
  memset(&slot, 0, sizeof(slot));
  slot.request.operation = BLKIF_OP_READ;
  slot.request.nr_segments = 1;
  slot.request.id = 77;
  slot.request.seg[0].gref = ref;
  slot.request.seg[0].last_sect = 7;
  front_put(&honest.ring, &slot, honest.ring.size);
  front_push(&honest.ring);
  port_send(honest.port);
  world_run();
  FUZZ_REQUIRE(front_get(&honest.ring, &r, 12) && r.id == 77 && r.status == BLKIF_RSP_OKAY);
  FUZZ_REQUIRE(!memcmp(page, disk[1], 8 * BLOCK_SECTOR));
}

void fuzz_one(struct fuzz_input *in) {
  void *page;
  world_reset(block_event);
  memset(disk[0], 0x11, sizeof(disk[0]));
  memset(disk[1], 0x77, sizeof(disk[1]));
  FUZZ_REQUIRE(block_start(&world_ops, open_disk));
  connect(&liar, LIAR, in->left & 1); /* by the input's size, which the corpus has both ways */
  connect(&honest, HONEST, false);
  for (unsigned i = 0; i < 3; i++)
    data_ref[i] = grant_page(LIAR, i > 0, &page);
  data_ref[3] = 0xffff;
  for (unsigned i = 0; i < STEPS_MAX && in->left; i++)
    step(in);
  honest_reads();
  world_reset(NULL);
}
