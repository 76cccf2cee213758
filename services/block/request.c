// SPDX-License-Identifier: Apache-2.0
// One request of a disk's front end: read, checked whole, then carried out. The front end may have
// written anything into it; nothing is read twice from where it can write.
#include "block.h"
#include <string.h>

enum { SECTORS_PER_PAGE = BACKEND_PAGE / BLOCK_SECTOR, BATCH = 64 };

void block_widen(union block_slot *slot) {
  memmove(slot->bytes + 8, slot->bytes + 4, BLKIF_SLOT_SIZE_X32 - 4);
}

static int16_t fetch_segments(const struct backend_ops *ops, uint16_t domid,
                              const struct blkif_request_indirect *r, struct block_order *order) {
  if (!r->nr_segments || r->nr_segments > BLOCK_SEGMENTS)
    return BLKIF_RSP_ERROR;
  // 256 segments are 2 KiB: they never need more than the first of the pages.
  struct backend_copy copy = {
      .domid = domid,
      .gref = r->indirect_grefs[0],
      .length = (uint16_t)(r->nr_segments * sizeof(order->segment[0])),
      .own = order->segment,
  };
  ops->copy(&copy, 1);
  order->segments = r->nr_segments;
  return copy.failed ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

static int16_t decode_indirect(const struct backend_ops *ops, uint16_t domid,
                               const struct blkif_request_indirect *r, struct block_order *order) {
  order->operation = r->indirect_op;
  order->sector = r->sector_number;
  if (r->indirect_op != BLKIF_OP_READ && r->indirect_op != BLKIF_OP_WRITE)
    return BLKIF_RSP_EOPNOTSUPP;
  return fetch_segments(ops, domid, r, order);
}

int16_t block_decode(const struct backend_ops *ops, uint16_t domid, const union block_slot *slot,
                     struct block_order *order) {
  const struct blkif_request *r = &slot->request;
  order->operation = r->operation;
  order->id = r->id; // in the same place in all kinds of requests
  order->sector = r->sector_number;
  order->segments = r->nr_segments;
  switch (r->operation) {
  case BLKIF_OP_INDIRECT:
    return decode_indirect(ops, domid, &slot->indirect, order);
  case BLKIF_OP_READ:
  case BLKIF_OP_WRITE:
  case BLKIF_OP_FLUSH_DISKCACHE:
    if (r->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
      return BLKIF_RSP_ERROR;
    memcpy(order->segment, r->seg, r->nr_segments * sizeof(r->seg[0]));
    return BLKIF_RSP_OKAY;
  default:
    return BLKIF_RSP_EOPNOTSUPP;
  }
}

static unsigned sectors_of(const struct blkif_request_segment *s) {
  return s->last_sect - s->first_sect + 1u;
}

static bool fits(const struct block_disk *disk, const struct block_order *order) {
  uint64_t sectors = 0;
  for (unsigned i = 0; i < order->segments; i++) {
    const struct blkif_request_segment *s = &order->segment[i];
    if (s->first_sect > s->last_sect || s->last_sect >= SECTORS_PER_PAGE)
      return false;
    sectors += sectors_of(s);
  }
  return order->sector <= disk->sectors && sectors <= disk->sectors - order->sector;
}

// Copies that go to the hypervisor in one call.
struct batch {
  const struct backend_ops *ops;
  unsigned count;
  bool failed;
  struct backend_copy copies[BATCH];
};

static void batch_flush(struct batch *b) {
  if (b->count)
    b->ops->copy(b->copies, b->count);
  for (unsigned i = 0; i < b->count; i++)
    b->failed |= b->copies[i].failed;
  b->count = 0;
}

static void batch_add(struct batch *b, const struct backend_copy *copy) {
  if (b->count == BATCH)
    batch_flush(b);
  b->copies[b->count++] = *copy;
}

// A client's page may lie across two of the disk's, since a request starts at any sector.
static void add_segment(struct batch *b, struct backend_copy copy, unsigned length) {
  unsigned first = BACKEND_PAGE - (unsigned)((uintptr_t)copy.own % BACKEND_PAGE);
  copy.length = (uint16_t)(length < first ? length : first);
  batch_add(b, &copy);
  if (length <= first)
    return;
  copy.own = (uint8_t *)copy.own + first;
  copy.offset = (uint16_t)(copy.offset + first);
  copy.length = (uint16_t)(length - first);
  batch_add(b, &copy);
}

// Through the page, if it is mapped.
static bool move(struct block_pages *pages, const struct backend_copy *c, unsigned length) {
  uint8_t *page = pages ? block_page(pages, c->gref) : NULL;
  if (!page)
    return false;
  if (c->to_client)
    memcpy(page + c->offset, c->own, length);
  else
    memcpy(c->own, page + c->offset, length);
  return true;
}

static bool transfer(const struct backend_ops *ops, uint16_t domid, struct block_pages *pages,
                     uint8_t *at, const struct block_order *order) {
  struct batch b = {.ops = ops};
  for (unsigned i = 0; i < order->segments; i++) {
    const struct blkif_request_segment *s = &order->segment[i];
    unsigned length = sectors_of(s) * BLOCK_SECTOR;
    struct backend_copy copy = {
        .domid = domid,
        .to_client = order->operation == BLKIF_OP_READ,
        .gref = s->gref,
        .offset = (uint16_t)(s->first_sect * BLOCK_SECTOR),
        .own = at,
    };
    if (!move(pages, &copy, length))
      add_segment(&b, copy, length);
    at += length;
  }
  batch_flush(&b);
  return !b.failed;
}

int16_t block_run(const struct backend_ops *ops, uint16_t domid, struct block_pages *pages,
                  const struct block_disk *disk, const struct block_order *order) {
  // What was answered is in memory already, so a flush is done with its own data.
  bool flush = order->operation == BLKIF_OP_FLUSH_DISKCACHE;
  if (flush && !order->segments)
    return BLKIF_RSP_OKAY;
  if (!order->segments || (order->operation != BLKIF_OP_READ && disk->read_only) ||
      !fits(disk, order))
    return BLKIF_RSP_ERROR;
  bool done = transfer(ops, domid, pages, disk->bytes + order->sector * BLOCK_SECTOR, order);
  return done ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}
