// SPDX-License-Identifier: Apache-2.0
// The disks' devices: what is offered in the store, the queues of a connected front end, and the
// turn that each queue gets. What a request says is request.c's.
#include "block.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A queue gives way to the others after so many segments (a request counts as one more).
enum { TURN = 512, PARAMS = 256 };

struct block_queue {
  unsigned device; // index on the bus
  uint32_t port;
  struct ring ring;
};

struct block_device {
  struct block_disk disk;
  unsigned queues;           // connected ones
  bool narrow;               // a 32-bit front end's layout
  struct block_pages *pages; // of one whose grants are persistent; NULL: none
  struct block_queue queue[BLOCK_QUEUES];
};

static struct bus bus;
static struct block_device devices[BUS_DEVICES];
static block_open *open_disk;

// --- Serving --------------------------------------------------------------------

// Static for its size alone; it must not cross a page, since segments are copied into it.
static struct block_order order __attribute__((aligned(BACKEND_PAGE)));
_Static_assert(sizeof(struct block_order) <= BACKEND_PAGE, "block_order");

static unsigned serve(struct block_queue *q, union block_slot *slot) {
  const struct block_device *dev = &devices[q->device];
  uint16_t domid = bus.devices[q->device].domid;
  if (dev->narrow)
    block_widen(slot);
  int16_t status = block_decode(bus.ops, domid, slot, &order);
  if (status == BLKIF_RSP_OKAY)
    status = block_run(bus.ops, domid, dev->pages, &dev->disk, &order);
  struct blkif_response answer = {.id = order.id, .operation = order.operation, .status = status};
  ring_response_put(&q->ring, &answer, offsetof(struct blkif_response, pad2));
  return 1 + (status == BLKIF_RSP_OKAY ? order.segments : 0);
}

static void queue_fired(uint32_t port, void *owner) {
  struct block_queue *q = owner;
  union block_slot slot;
  unsigned work = 0;
  int got = 1;
  bool notify = false;
  // An answer takes the place of a request: each is counted at once, or the next life of the
  // service would read it as one.
  while (work < TURN && (got = ring_request_get(&q->ring, slot.bytes, q->ring.entry_size)) > 0) {
    work += serve(q, &slot);
    notify |= ring_response_push(&q->ring);
  }
  if (notify)
    bus.ops->notify(port);
  if (got < 0)
    bus_fail(&bus, q->device, "more requests than the ring holds");
  else if (got > 0 || ring_request_more(&q->ring))
    bus.ops->again(port);
}

// --- The bus --------------------------------------------------------------------

static bool read_text(struct bus *b, const char *folder, const char *key, char *text, size_t size) {
  char path[BUS_PATH];
  snprintf(path, sizeof(path), "%.80s/%s", folder, key);
  return b->ops->read(path, text, size);
}

static bool find_disk(struct bus *b, unsigned index) {
  const struct bus_device *d = &b->devices[index];
  struct block_disk *disk = &devices[index].disk;
  char params[PARAMS], mode[4];
  if (!read_text(b, d->back, "params", params, sizeof(params)))
    params[0] = '\0';
  if (!open_disk(d->domid, d->id, params, disk))
    return false;
  // What we cannot read we do not take for leave to write.
  disk->read_only |= !read_text(b, d->back, "mode", mode, sizeof(mode)) || strcmp(mode, "w");
  return true;
}

static bool offer(struct bus *b, unsigned index) {
  const struct bus_device *d = &b->devices[index];
  return find_disk(b, index) && bus_write_number(b, d->back, "feature-flush-cache", 1) &&
         bus_write_number(b, d->back, "feature-max-indirect-segments", BLOCK_SEGMENTS) &&
         bus_write_number(b, d->back, "feature-persistent", 1) &&
         bus_write_number(b, d->back, "multi-queue-max-queues", BLOCK_QUEUES);
}

static bool resumes(struct bus *b, unsigned index) {
  return find_disk(b, index) && devices[index].disk.lasting;
}

static bool read_protocol(struct bus *b, unsigned index) {
  char protocol[16];
  devices[index].narrow = false;
  if (!read_text(b, b->devices[index].front, "protocol", protocol, sizeof(protocol)))
    return true; // as ours
  devices[index].narrow = !strcmp(protocol, XEN_IO_PROTO_ABI_X86_32);
  return devices[index].narrow || !strcmp(protocol, XEN_IO_PROTO_ABI_X86_64);
}

static bool connect_queue(struct bus *b, unsigned index, unsigned queues, unsigned number) {
  const struct bus_device *d = &b->devices[index];
  struct block_queue *q = &devices[index].queue[number];
  char folder[BUS_PATH];
  uint64_t ref, port;
  bus_queue_folder(d, queues, number, folder);
  if (!bus_read_number(b, folder, "ring-ref", UINT32_MAX, &ref) ||
      !bus_read_number(b, folder, "event-channel", UINT32_MAX, &port))
    return false;
  void *page = b->ops->map(d->domid, (uint32_t)ref);
  if (!page)
    return false;
  uint32_t size = devices[index].narrow ? BLKIF_SLOT_SIZE_X32 : BLKIF_SLOT_SIZE_X64;
  q->device = index;
  if (ring_back_init(&q->ring, page, BACKEND_PAGE, size) < 0 ||
      !b->ops->bind(d->domid, (uint32_t)port, queue_fired, q, &q->port)) {
    b->ops->unmap(page);
    return false;
  }
  // A former life of ours may have answered without saying so.
  b->ops->notify(q->port);
  return true;
}

static void disconnect(struct bus *b, unsigned index) {
  struct block_device *dev = &devices[index];
  for (; dev->queues; dev->queues--) {
    struct block_queue *q = &dev->queue[dev->queues - 1];
    b->ops->unbind(q->port);
    b->ops->unmap(q->ring.page);
  }
  block_pages_free(dev->pages);
  dev->pages = NULL;
}

// Without memory for them its pages are copied, as another front end's.
static struct block_pages *keep_pages(struct bus *b, const struct bus_device *d) {
  uint64_t persistent;
  bool asks = bus_read_number(b, d->front, "feature-persistent", 1, &persistent) && persistent;
  return asks ? block_pages_new(b->ops, d->domid) : NULL;
}

static bool write_properties(struct bus *b, unsigned index) {
  const struct bus_device *d = &b->devices[index];
  const struct block_disk *disk = &devices[index].disk;
  return bus_write_number(b, d->back, "sectors", disk->sectors) &&
         bus_write_number(b, d->back, "sector-size", BLOCK_SECTOR) &&
         bus_write_number(b, d->back, "info", disk->read_only ? VDISK_READONLY : 0);
}

static bool connect(struct bus *b, unsigned index) {
  const struct bus_device *d = &b->devices[index];
  struct block_device *dev = &devices[index];
  unsigned queues = bus_queues(b, d, BLOCK_QUEUES);
  if (!queues || !read_protocol(b, index) || !write_properties(b, index))
    return false;
  dev->pages = keep_pages(b, d);
  for (dev->queues = 0; dev->queues < queues; dev->queues++)
    if (!connect_queue(b, index, queues, dev->queues)) {
      disconnect(b, index);
      return false;
    }
  return true;
}

static bool is_alive(struct bus *b, unsigned index) {
  const struct block_device *dev = &devices[index];
  for (unsigned i = 0; i < dev->queues; i++)
    if (!b->ops->is_bound(dev->queue[i].port))
      return false;
  return true;
}

bool block_start(const struct backend_ops *ops, block_open *open) {
  static const struct bus_driver driver = {
      .type = "vbd",
      .resumes = resumes,
      .offer = offer,
      .connect = connect,
      .is_alive = is_alive,
      .disconnect = disconnect,
  };
  // What a life before had mapped is gone: there is one where tests start us again.
  for (struct block_device *dev = devices; dev < devices + BUS_DEVICES; dev++) {
    free(dev->pages);
    dev->pages = NULL;
  }
  open_disk = open;
  return bus_start(&bus, &driver, ops);
}

void block_event(const char *path, const char *token) {
  bus_event(&bus, path, token);
}
