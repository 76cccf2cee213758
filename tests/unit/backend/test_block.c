// SPDX-License-Identifier: Apache-2.0
// The disks' back end against front ends that behave, that lie, that die and that come again.
#include "world.h"
#include <services/block/block.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENT = 3, OTHER = 4, DISK = 51712, SECTORS = 4096, QUEUES_TESTED = 2 };

#define BACK  "backend/vbd/3/51712"
#define FRONT "/local/domain/3/device/vbd/51712"

static uint8_t disk_bytes[2][SECTORS * BLOCK_SECTOR] __attribute__((aligned(BACKEND_PAGE)));

struct front {
  uint16_t domid;
  char home[64], back[64];
  bool narrow;
  unsigned queues;
  struct front_ring ring[QUEUES_TESTED];
  uint32_t port[QUEUES_TESTED];
};

static struct front front, other;

static bool lasting; // does a disk outlive the service?

static bool open_disk(uint16_t domid, uint32_t id, const char *params, struct block_disk *disk) {
  *disk = (struct block_disk){disk_bytes[domid == OTHER], SECTORS, false, lasting};
  return id == DISK && !strcmp(params, "ram");
}

// --- The front end -----------------------------------------------------------------

static void toolstack_adds(struct front *f, uint16_t domid) {
  *f = (struct front){.domid = domid, .queues = 1};
  snprintf(f->home, sizeof(f->home), "/local/domain/%u/device/vbd/%u", domid, DISK);
  snprintf(f->back, sizeof(f->back), "backend/vbd/%u/%u", domid, DISK);
  char path[80];
  snprintf(path, sizeof(path), "%s/frontend", f->back);
  store_put_number(f->home, "state", 1);
  store_put_number(f->back, "frontend-id", domid);
  store_put(path, f->home);
  snprintf(path, sizeof(path), "%s/params", f->back);
  store_put(path, "ram");
  snprintf(path, sizeof(path), "%s/mode", f->back);
  store_put(path, "w");
  store_put_number(f->back, "state", 1);
}

static void front_keys(struct front *f) {
  char folder[80];
  for (unsigned i = 0; i < f->queues; i++) {
    front_ring_init(&f->ring[i], f->domid, f->narrow ? BLKIF_SLOT_SIZE_X32 : BLKIF_SLOT_SIZE_X64);
    f->port[i] = port_alloc(f->domid);
    snprintf(folder, sizeof(folder), f->queues == 1 ? "%s" : "%s/queue-%u", f->home, i);
    store_put_number(folder, "ring-ref", f->ring[i].ref);
    store_put_number(folder, "event-channel", f->port[i]);
  }
  if (f->queues > 1)
    store_put_number(f->home, "multi-queue-num-queues", f->queues);
}

static void front_state(struct front *f, unsigned state) {
  store_put_number(f->home, "state", state);
  world_run();
}

static unsigned back_state(const struct front *f) {
  char path[80];
  snprintf(path, sizeof(path), "%s/state", f->back);
  return (unsigned)atoi(store_get(path));
}

static void front_connect(struct front *f) {
  front_keys(f);
  front_state(f, XenbusStateInitialised);
  assert_int_equal(back_state(f), XenbusStateConnected);
  front_state(f, XenbusStateConnected);
}

static void put(struct front *f, unsigned queue, const union block_slot *slot) {
  union block_slot narrow = *slot;
  if (f->narrow)
    memmove(narrow.bytes + 4, narrow.bytes + 8, BLKIF_SLOT_SIZE_X32 - 4);
  front_put(&f->ring[queue], &narrow, f->ring[queue].size);
}

static struct blkif_response get(struct front *f, unsigned queue) {
  struct blkif_response r = {0};
  assert_true(front_get(&f->ring[queue], &r, 12));
  return r;
}

static void kick(struct front *f, unsigned queue) {
  front_push(&f->ring[queue]);
  port_send(f->port[queue]);
}

// Sends one request and expects one answer with that status.
static void expect(const union block_slot *slot, int status) {
  struct blkif_response r;
  put(&front, 0, slot);
  kick(&front, 0);
  world_run();
  r = get(&front, 0);
  assert_int_equal(r.status, status);
  assert_true(r.id == slot->request.id);
  assert_false(front_get(&front.ring[0], &r, 12));
  assert_int_equal(back_state(&front), XenbusStateConnected);
}

static union block_slot make_request(uint8_t operation, uint64_t sector, uint32_t gref,
                                     uint8_t first, uint8_t last) {
  static uint64_t id = 0x1122334455667788;
  return (union block_slot){.request = {.operation = operation,
                                        .nr_segments = 1,
                                        .id = id++,
                                        .sector_number = sector,
                                        .seg = {{gref, first, last, 0xdead}}}};
}

static int setup(void **state) {
  world_reset(block_event);
  memset(disk_bytes, 0, sizeof(disk_bytes));
  lasting = false;
  toolstack_adds(&front, CLIENT);
  assert_true(block_start(&world_ops, open_disk));
  world_run();
  return 0;
}

static int setup_connected(void **state) {
  setup(state);
  front_connect(&front);
  return 0;
}

static int teardown(void **state) {
  world_reset(NULL);
  return 0;
}

// --- Meeting ------------------------------------------------------------------------

static void offers_and_connects(void **state) {
  assert_int_equal(back_state(&front), XenbusStateInitWait);
  assert_string_equal(store_get(BACK "/feature-flush-cache"), "1");
  assert_string_equal(store_get(BACK "/feature-max-indirect-segments"), "256");
  assert_string_equal(store_get(BACK "/multi-queue-max-queues"), "4");
  front_connect(&front);
  assert_string_equal(store_get(BACK "/sectors"), "4096");
  assert_string_equal(store_get(BACK "/sector-size"), "512");
  assert_string_equal(store_get(BACK "/info"), "0");
  assert_int_equal(grants_mapped(), 1);
  assert_int_equal(ports_bound(), 1);
}

static void a_device_may_be_added_later(void **state) {
  toolstack_adds(&other, OTHER);
  world_run();
  front_connect(&other);
  front_connect(&front);
  unsigned watches = watches_held();
  store_remove("backend/vbd/4/51712");
  world_run();
  assert_int_equal(ports_bound(), 1);
  assert_int_equal(grants_mapped(), 1);
  assert_int_equal(watches_held(), watches - 1);
  toolstack_adds(&other, OTHER);
  world_run();
  front_connect(&other);
}

static void closes_and_meets_again(void **state) {
  front_state(&front, XenbusStateClosing);
  assert_int_equal(back_state(&front), XenbusStateClosing);
  front_state(&front, XenbusStateClosed);
  assert_int_equal(back_state(&front), XenbusStateClosed);
  assert_int_equal(grants_mapped() + ports_bound(), 0);
  front_state(&front, XenbusStateInitialising);
  assert_int_equal(back_state(&front), XenbusStateInitWait);
  front_connect(&front);
}

static void a_front_end_that_died_comes_again(void **state) {
  world_kill_domain(CLIENT);
  store_fire("@releaseDomain");
  world_run();
  assert_int_equal(grants_mapped() + ports_bound(), 0);
  toolstack_adds(&front, CLIENT);
  world_run();
  assert_int_equal(back_state(&front), XenbusStateInitWait);
  front_connect(&front);
}

// The front end's folder is seen gone first, and Closed is written where nothing is any more: a
// device without its other nodes is not taken for one that is there.
static void a_device_that_went_leaves_no_ghost(void **state) {
  unsigned watches = watches_held();
  world_kill_domain(CLIENT);
  store_remove(FRONT);
  store_remove(BACK);
  world_run();
  assert_int_equal(watches_held(), watches - 1);   // it was given up,
  assert_true(store_was_listed(BACK "/frontend")); // and the store was told so
  toolstack_adds(&front, CLIENT);
  world_run();
  assert_int_equal(back_state(&front), XenbusStateInitWait);
  front_connect(&front);
}

// All of it happened before we looked.
static void a_death_that_nobody_saw(void **state) {
  world_kill_domain(CLIENT);
  store_put_number(FRONT, "state", XenbusStateInitialising);
  front_keys(&front);
  front_state(&front, XenbusStateInitialised);
  assert_int_equal(back_state(&front), XenbusStateConnected);
  assert_int_equal(grants_mapped(), 1);
  expect(&(union block_slot){.request = {.operation = BLKIF_OP_FLUSH_DISKCACHE}}, BLKIF_RSP_OKAY);
}

static void start_again(void) {
  world_kill_back_end();
  assert_true(block_start(&world_ops, open_disk));
  world_run();
}

// The disk is not what the front end knows: better none than another one.
static void what_is_lost_is_not_resumed(void **state) {
  union block_slot r = {.request = {.operation = BLKIF_OP_FLUSH_DISKCACHE}};
  expect(&r, BLKIF_RSP_OKAY);
  put(&front, 0, &r);
  kick(&front, 0);
  start_again();
  assert_int_equal(back_state(&front), XenbusStateClosing);
  assert_int_equal(grants_mapped() + ports_bound(), 0);
  assert_false(front_get(&front.ring[0], &r, 12));
  front_state(&front, XenbusStateClosed);
  front_state(&front, XenbusStateInitialising);
  front_connect(&front);
}

// What the former life had not answered this one does; one answer was not told of.
static void what_lasts_is_resumed(void **state) {
  union block_slot r = {.request = {.operation = BLKIF_OP_FLUSH_DISKCACHE, .id = 1}};
  lasting = true;
  expect(&r, BLKIF_RSP_OKAY);
  unsigned told = port_received(front.port[0]);
  put(&front, 0, &r);
  kick(&front, 0);
  start_again();
  assert_int_equal(back_state(&front), XenbusStateConnected);
  assert_true(port_received(front.port[0]) > told);
  assert_true(get(&front, 0).id == 1);
  expect(&r, BLKIF_RSP_OKAY);
}

// One that was still waiting has lost nothing.
static void one_that_waits_is_connected_after_a_restart(void **state) {
  front_keys(&front);
  store_put_number(FRONT, "state", XenbusStateInitialised);
  start_again();
  assert_int_equal(back_state(&front), XenbusStateConnected);
}

// --- Bad nodes -------------------------------------------------------------------------

static void refused(void) {
  front_state(&front, XenbusStateInitialised);
  assert_int_equal(back_state(&front), XenbusStateClosing);
  assert_int_equal(grants_mapped() + ports_bound(), 0);
}

static void put_front(const char *key, const char *value) {
  char path[80];
  snprintf(path, sizeof(path), "%s/%s", FRONT, key);
  store_put(path, value);
}

static void wrong_nodes_are_refused(void **state) {
  static const struct {
    const char *key, *value;
  } bad[] = {
      {"ring-ref", "9x"},
      {"ring-ref", ""},
      {"ring-ref", "-8"},
      {"ring-ref", " 8"},
      {"ring-ref", "4294967296"},
      {"ring-ref", "18446744073709551624"},
      {"ring-ref", "1000000"},
      {"event-channel", "63"},
      {"event-channel", "4294967295"},
      {"event-channel", "1e1"},
      {"protocol", "arm-abi"},
      {"protocol", "x86_64-abi, more than that"},
      {"multi-queue-num-queues", "0"},
      {"multi-queue-num-queues", "5"},
      {"multi-queue-num-queues", "2"},
      {"multi-queue-num-queues", "many"},
  };
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    setup(state);
    front_keys(&front);
    put_front(bad[i].key, bad[i].value);
    if (!strcmp(bad[i].key, "protocol") && strlen(bad[i].value) > 15)
      continue; // does not fit: as if it were not there
    refused();
  }
}

static void nonsense_in_a_new_ring_is_refused(void **state) {
  front_keys(&front);
  front.ring[0].page->req_prod = 100;
  front.ring[0].page->rsp_prod = 67;
  refused();
}

static void two_queues_on_one_port_are_refused(void **state) {
  front.queues = 2;
  front_keys(&front);
  store_put_number(FRONT "/queue-1", "event-channel", front.port[0]);
  refused();
  front_state(&front, XenbusStateInitialising);
  front_connect(&front); // and may try again
}

static void a_device_without_a_disk_is_closed(void **state) {
  store_put(BACK "/params", "something else");
  front_state(&front, XenbusStateClosed);
  front_state(&front, XenbusStateInitialising);
  assert_int_equal(back_state(&front), XenbusStateClosing);
}

static void a_front_end_elsewhere_is_no_device(void **state) {
  store_put(BACK "/frontend", "/local/domain/33/device/vbd/51712");
  store_put("backend/vbd/5/51712/frontend", "/local/domain/3/device/vbd/51712");
  store_put("backend/vbd/5/51712/frontend-id", "5");
  store_put("backend/vbd/5/51712/state", "1");
  world_run();
  assert_string_equal(store_get("backend/vbd/5/51712/state"), "1");
}

// --- Requests ----------------------------------------------------------------------------

static void fill(void *page, unsigned seed) {
  for (unsigned i = 0; i < BACKEND_PAGE; i++)
    ((uint8_t *)page)[i] = (uint8_t)(i * 31 + i / 256 + seed);
}

// A write and a read back at a sector where the page lies across two of the disk's.
static void round_trip(uint64_t sector, uint8_t first, uint8_t last) {
  void *from, *to;
  uint32_t from_ref = grant_page(CLIENT, false, &from), to_ref = grant_page(CLIENT, true, &to);
  fill(from, (unsigned)sector);
  union block_slot w = make_request(BLKIF_OP_WRITE, sector, from_ref, first, last);
  union block_slot r = make_request(BLKIF_OP_READ, sector, to_ref, first, last);
  size_t bytes = (last - first + 1u) * BLOCK_SECTOR, offset = first * BLOCK_SECTOR;
  expect(&w, BLKIF_RSP_OKAY);
  assert_memory_equal(disk_bytes[0] + sector * BLOCK_SECTOR, (uint8_t *)from + offset, bytes);
  expect(&r, BLKIF_RSP_OKAY);
  assert_memory_equal((uint8_t *)to + offset, (uint8_t *)from + offset, bytes);
  if (offset)
    assert_int_equal(((uint8_t *)to)[offset - 1], 0);
}

static void writes_and_reads(void **state) {
  round_trip(0, 0, 7);
  round_trip(3, 0, 7);
  round_trip(17, 2, 5);
  round_trip(SECTORS - 1, 7, 7);
  round_trip(SECTORS - 8, 0, 7);
}

static void serves_32_bit_front_ends(void **state) {
  front.narrow = true;
  put_front("protocol", "x86_32-abi");
  front_connect(&front);
  assert_int_equal(front.ring[0].entries, 32);
  for (unsigned i = 0; i < 20; i++) // more than the ring holds
    round_trip(8 * i + 1, 0, 7);
}

static void moves_eleven_segments(void **state) {
  union block_slot w = make_request(BLKIF_OP_WRITE, 5, 0, 0, 7);
  w.request.nr_segments = BLKIF_MAX_SEGMENTS_PER_REQUEST;
  void *page[BLKIF_MAX_SEGMENTS_PER_REQUEST];
  for (unsigned i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++) {
    w.request.seg[i] = (struct blkif_request_segment){grant_page(CLIENT, false, &page[i]), 0, 7, 0};
    fill(page[i], i);
  }
  expect(&w, BLKIF_RSP_OKAY);
  for (unsigned i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
    assert_memory_equal(disk_bytes[0] + 5 * BLOCK_SECTOR + i * BACKEND_PAGE, page[i], BACKEND_PAGE);
}

static union block_slot make_indirect(uint8_t operation, unsigned segments, uint32_t list,
                                      struct blkif_request_segment *s, uint32_t data) {
  for (unsigned i = 0; i < segments && i < BACKEND_PAGE / sizeof(*s); i++)
    s[i] = (struct blkif_request_segment){data, 0, 7, 0xffff};
  union block_slot r = make_request(BLKIF_OP_INDIRECT, 1, list, 0, 0);
  r.indirect.indirect_op = operation;
  r.indirect.nr_segments = (uint16_t)segments;
  memset(r.indirect.indirect_grefs, 0xff, sizeof(r.indirect.indirect_grefs));
  r.indirect.indirect_grefs[0] = list;
  return r;
}

static void indirect_requests(void **state) {
  void *list, *data;
  uint32_t list_ref = grant_page(CLIENT, false, &list), ref = grant_page(CLIENT, true, &data);
  fill(data, 9);
  union block_slot w = make_indirect(BLKIF_OP_WRITE, 256, list_ref, list, ref);
  put(&front, 0, &w);
  kick(&front, 0);
  world_run();
  struct blkif_response r = get(&front, 0);
  assert_int_equal(r.status, BLKIF_RSP_OKAY);
  assert_int_equal(r.operation, BLKIF_OP_WRITE); // what Linux's front end compares
  for (unsigned i = 0; i < 256; i++)
    assert_memory_equal(disk_bytes[0] + BLOCK_SECTOR + i * BACKEND_PAGE, data, BACKEND_PAGE);
  memset(data, 0, BACKEND_PAGE);
  w = make_indirect(BLKIF_OP_READ, 1, list_ref, list, ref);
  expect(&w, BLKIF_RSP_OKAY);
  assert_memory_equal(disk_bytes[0] + BLOCK_SECTOR, data, BACKEND_PAGE);
}

static void bad_indirect_requests(void **state) {
  void *list, *data;
  uint32_t list_ref = grant_page(CLIENT, false, &list), ref = grant_page(CLIENT, true, &data);
  static const unsigned counts[] = {0, 257, 512, 65535};
  for (unsigned i = 0; i < 4; i++) {
    union block_slot r = make_indirect(BLKIF_OP_WRITE, counts[i], list_ref, list, ref);
    expect(&r, BLKIF_RSP_ERROR);
  }
  static const uint8_t inner[] = {BLKIF_OP_INDIRECT, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_DISCARD,
                                  99};
  for (unsigned i = 0; i < 4; i++) {
    union block_slot r = make_indirect(inner[i], 1, list_ref, list, ref);
    expect(&r, BLKIF_RSP_EOPNOTSUPP);
  }
  union block_slot r = make_indirect(BLKIF_OP_WRITE, 1, 999, list, ref);
  expect(&r, BLKIF_RSP_ERROR);
  assert_int_equal(world_copies, 1); // the list that is not there
}

static void flushes_and_what_is_not_offered(void **state) {
  union block_slot r = make_request(BLKIF_OP_FLUSH_DISKCACHE, 0, 0, 0, 0);
  r.request.nr_segments = 0;
  expect(&r, BLKIF_RSP_OKAY);
  void *page;
  r = make_request(BLKIF_OP_FLUSH_DISKCACHE, 2, grant_page(CLIENT, false, &page), 0, 0);
  fill(page, 1);
  expect(&r, BLKIF_RSP_OKAY); // writes first
  assert_memory_equal(disk_bytes[0] + 2 * BLOCK_SECTOR, page, BLOCK_SECTOR);
  static const uint8_t none[] = {BLKIF_OP_WRITE_BARRIER, 4, BLKIF_OP_DISCARD, 7, 255};
  for (unsigned i = 0; i < sizeof(none); i++) {
    r = make_request(none[i], 0, 0, 0, 0);
    expect(&r, BLKIF_RSP_EOPNOTSUPP);
  }
}

static void nothing_beyond_the_disk(void **state) {
  void *page;
  uint32_t ref = grant_page(CLIENT, true, &page);
  static const struct {
    uint64_t sector;
    uint8_t first, last, segments;
  } bad[] = {
      {SECTORS, 0, 0, 1},
      {SECTORS - 1, 0, 1, 1},
      {SECTORS - 7, 0, 7, 1},
      {UINT64_MAX, 0, 0, 1},
      {UINT64_MAX - 3, 0, 7, 1},
      {UINT64_MAX / 512 + 1, 0, 7, 1},
      {0, 1, 0, 1},
      {0, 0, 8, 1},
      {0, 7, 8, 1},
      {0, 255, 255, 1},
      {0, 0, 255, 1},
      {0, 0, 7, 0},
      {0, 0, 7, 12},
      {0, 0, 7, 255},
  };
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    for (unsigned op = BLKIF_OP_READ; op <= BLKIF_OP_WRITE; op++) {
      union block_slot r = make_request((uint8_t)op, bad[i].sector, ref, bad[i].first, bad[i].last);
      r.request.nr_segments = bad[i].segments;
      expect(&r, BLKIF_RSP_ERROR);
    }
  assert_int_equal(world_copies, 0);
}

static void bad_grants_fail_their_request_alone(void **state) {
  void *page, *fixed;
  uint32_t ref = grant_page(CLIENT, true, &page), fixed_ref = grant_page(CLIENT, false, &fixed);
  uint32_t foreign = grant_page(OTHER, true, &fixed), gone = grant_page(CLIENT, true, &fixed);
  grant_revoke(gone);
  const uint32_t bad[] = {foreign, gone, 0, 0xffffffff};
  for (unsigned i = 0; i < 4; i++) {
    union block_slot r = make_request(BLKIF_OP_WRITE, 0, bad[i], 0, 7);
    expect(&r, BLKIF_RSP_ERROR);
  }
  union block_slot r = make_request(BLKIF_OP_READ, 0, fixed_ref, 0, 7);
  expect(&r, BLKIF_RSP_ERROR);
  r = make_request(BLKIF_OP_READ, 0, ref, 0, 7);
  expect(&r, BLKIF_RSP_OKAY);
}

// --- Persistent grants -------------------------------------------------------------------

static int setup_persistent(void **state) {
  setup(state);
  store_put_number(FRONT, "feature-persistent", 1);
  front_connect(&front);
  return 0;
}

// A page is mapped when it first comes, and never copied by the hypervisor; what was moved is the
// same.
static void persistent_pages_stay_mapped(void **state) {
  uint8_t *page;
  uint32_t ref = grant_page(CLIENT, true, (void **)&page);
  assert_string_equal(store_get(BACK "/feature-persistent"), "1");
  world_copies = 0;
  for (unsigned turn = 1; turn < 4; turn++) {
    memset(page, (int)turn, BACKEND_PAGE);
    union block_slot write = make_request(BLKIF_OP_WRITE, 9, ref, 2, 5);
    union block_slot read = make_request(BLKIF_OP_READ, 10, ref, 7, 7);
    expect(&write, BLKIF_RSP_OKAY);
    assert_memory_equal(disk_bytes[0] + 9 * BLOCK_SECTOR, page, 4 * BLOCK_SECTOR);
    memset(disk_bytes[0] + 10 * BLOCK_SECTOR, 0x40 + (int)turn, BLOCK_SECTOR);
    expect(&read, BLKIF_RSP_OKAY);
    assert_int_equal(page[7 * BLOCK_SECTOR - 1], turn);
    assert_int_equal(page[7 * BLOCK_SECTOR], 0x40 + turn);
    assert_int_equal(page[8 * BLOCK_SECTOR - 1], 0x40 + turn);
    assert_int_equal(grants_mapped(), 2);
  }
  assert_int_equal(world_copies, 0);
  front_state(&front, XenbusStateClosed);
  assert_int_equal(grants_mapped(), 0);
}

// Its domain dies: nothing of it stays mapped.
static void persistent_pages_go_with_their_domain(void **state) {
  void *page;
  union block_slot r = make_request(BLKIF_OP_READ, 0, grant_page(CLIENT, true, &page), 0, 7);
  expect(&r, BLKIF_RSP_OKAY);
  assert_int_equal(grants_mapped(), 2);
  world_kill_domain(CLIENT);
  store_fire("@releaseDomain");
  world_run();
  assert_int_equal(grants_mapped(), 0);
}

// What cannot be mapped for writing may still be read from, by a copy; what is not granted fails.
static void what_cannot_be_mapped_is_copied(void **state) {
  void *page;
  uint32_t ref = grant_page(CLIENT, false, &page);
  union block_slot write = make_request(BLKIF_OP_WRITE, 0, ref, 0, 7);
  union block_slot read = make_request(BLKIF_OP_READ, 0, ref, 0, 7);
  union block_slot nothing = make_request(BLKIF_OP_READ, 0, 0xfff0, 0, 7);
  memset(page, 0x5a, BACKEND_PAGE);
  expect(&write, BLKIF_RSP_OKAY);
  assert_memory_equal(disk_bytes[0], page, BACKEND_PAGE);
  expect(&read, BLKIF_RSP_ERROR);
  expect(&nothing, BLKIF_RSP_ERROR);
  assert_int_equal(grants_mapped(), 1);
}

static unsigned maps;

static void *count_map(uint16_t domid, uint32_t gref) {
  static uint8_t page[1];
  maps++;
  return page;
}

static void count_unmap(void *page) {
  maps--;
}

// References that all want the same place: each has its own, up to the limit.
static void mapped_pages_have_a_limit(void **state) {
  static const struct backend_ops counting = {.map = count_map, .unmap = count_unmap};
  struct block_pages *p = block_pages_new(&counting, CLIENT);
  maps = 0;
  for (uint32_t i = 0; i < BLOCK_PAGES; i++)
    assert_non_null(block_page(p, i << 16));
  assert_null(block_page(p, 1));
  assert_non_null(block_page(p, 5 << 16));
  assert_int_equal(maps, BLOCK_PAGES);
  block_pages_free(p);
  assert_int_equal(maps, 0);
}

static void a_read_only_disk_is_not_written(void **state) {
  store_put(BACK "/mode", "r");
  front_state(&front, XenbusStateClosed);
  front_state(&front, XenbusStateInitialising);
  front_connect(&front);
  assert_string_equal(store_get(BACK "/info"), "4");
  void *page;
  uint32_t ref = grant_page(CLIENT, true, &page);
  memset(page, 1, BACKEND_PAGE);
  union block_slot w = make_request(BLKIF_OP_WRITE, 0, ref, 0, 7);
  expect(&w, BLKIF_RSP_ERROR);
  w = make_request(BLKIF_OP_FLUSH_DISKCACHE, 0, ref, 0, 7);
  expect(&w, BLKIF_RSP_ERROR);
  assert_int_equal(disk_bytes[0][0], 0);
  w = make_request(BLKIF_OP_READ, 0, ref, 0, 7);
  expect(&w, BLKIF_RSP_OKAY);
}

// --- Lies and races -----------------------------------------------------------------------

static struct blkif_request_segment *racing_list;

// The moment at which a front end changes what we have checked, or are about to check.
static void change_everything(void) {
  memset(front.ring[0].page->entry, 0xff, BACKEND_PAGE - sizeof(struct ring_page));
  if (racing_list && world_copies) // behind the copy of the list itself
    memset(racing_list, 0xff, BACKEND_PAGE);
}

static void a_request_changed_after_the_check(void **state) {
  void *list, *data;
  uint32_t list_ref = grant_page(CLIENT, false, &list), ref = grant_page(CLIENT, true, &data);
  racing_list = list;
  fill(data, 3);
  world_before_copy = change_everything;
  union block_slot w = make_indirect(BLKIF_OP_WRITE, 200, list_ref, list, ref);
  expect(&w, BLKIF_RSP_OKAY);
  for (unsigned i = 0; i < 200; i++)
    assert_memory_equal(disk_bytes[0] + BLOCK_SECTOR + i * BACKEND_PAGE, data, BACKEND_PAGE);
  racing_list = NULL;
}

static void lying_indices_end_the_connection(void **state) {
  toolstack_adds(&other, OTHER);
  world_run();
  front_connect(&other);
  front.ring[0].page->req_prod = 33;
  port_send(front.port[0]);
  world_run();
  assert_int_equal(back_state(&front), XenbusStateClosing);
  assert_int_equal(ports_bound(), 1);
  assert_int_equal(grants_mapped(), 1);
  put(&other, 0, &(union block_slot){.request = {.operation = BLKIF_OP_FLUSH_DISKCACHE}});
  kick(&other, 0);
  world_run();
  assert_int_equal(get(&other, 0).status, BLKIF_RSP_OKAY);
  front.ring[0].page->req_prod = 0;
  front_state(&front, XenbusStateConnected); // insisting is no use
  assert_int_equal(back_state(&front), XenbusStateClosing);
  front_state(&front, XenbusStateInitialising);
  front_connect(&front);
}

static void scribbling_over_our_indices_changes_nothing(void **state) {
  front.ring[0].page->rsp_prod = 0x80000000;
  front.ring[0].received = 0;
  put(&front, 0, &(union block_slot){.request = {.operation = BLKIF_OP_FLUSH_DISKCACHE, .id = 7}});
  kick(&front, 0);
  world_run();
  assert_int_equal(front.ring[0].page->rsp_prod, 1);
  assert_true(get(&front, 0).id == 7);
}

static void a_full_queue_gives_way(void **state) {
  void *list, *data;
  uint32_t list_ref = grant_page(CLIENT, false, &list), ref = grant_page(CLIENT, true, &data);
  union block_slot w = make_indirect(BLKIF_OP_WRITE, 256, list_ref, list, ref);
  for (unsigned i = 0; i < 32; i++)
    put(&front, 0, &w);
  kick(&front, 0);
  world_turn();
  assert_in_range(front.ring[0].page->rsp_prod, 1, 4);
  world_run();
  assert_int_equal(front.ring[0].page->rsp_prod, 32);
}

static void serves_two_queues(void **state) {
  front.queues = 2;
  front_connect(&front);
  assert_int_equal(grants_mapped(), 2);
  for (unsigned i = 0; i < 2; i++) {
    put(&front, i,
        &(union block_slot){.request = {.operation = BLKIF_OP_FLUSH_DISKCACHE, .id = i}});
    kick(&front, i);
  }
  world_run();
  for (unsigned i = 0; i < 2; i++)
    assert_true(get(&front, i).id == i);
  front_state(&front, XenbusStateClosed);
  assert_int_equal(grants_mapped() + ports_bound(), 0);
}

// Any bytes at all in the ring, and any index: no copy leaves the disk (the sanitizer watches), the
// other front end is served.
static void random_requests(void **state) {
  void *page;
  uint32_t ref = grant_page(CLIENT, true, &page);
  srand(7);
  for (unsigned round = 0; round < 20000; round++) {
    union block_slot r;
    for (unsigned i = 0; i < sizeof(r.bytes); i++)
      r.bytes[i] = rand() % 3 ? 0 : (uint8_t)rand();
    r.request.operation %= 8;
    for (unsigned i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
      r.request.seg[i].gref = rand() % 2 ? ref : r.request.seg[i].gref;
    if (rand() % 2)
      r.request.sector_number %= SECTORS;
    put(&front, 0, &r);
    kick(&front, 0);
    world_run();
    assert_true(get(&front, 0).id == r.request.id);
  }
}

int main(void) {
#define FRESH(test)      cmocka_unit_test_setup_teardown(test, setup, teardown)
#define CONNECTED(test)  cmocka_unit_test_setup_teardown(test, setup_connected, teardown)
#define PERSISTENT(test) cmocka_unit_test_setup_teardown(test, setup_persistent, teardown)
  const struct CMUnitTest tests[] = {
      FRESH(offers_and_connects),
      PERSISTENT(persistent_pages_stay_mapped),
      PERSISTENT(persistent_pages_go_with_their_domain),
      PERSISTENT(what_cannot_be_mapped_is_copied),
      FRESH(mapped_pages_have_a_limit),
      FRESH(a_device_may_be_added_later),
      CONNECTED(closes_and_meets_again),
      CONNECTED(a_front_end_that_died_comes_again),
      CONNECTED(a_death_that_nobody_saw),
      CONNECTED(a_device_that_went_leaves_no_ghost),
      CONNECTED(what_is_lost_is_not_resumed),
      CONNECTED(what_lasts_is_resumed),
      FRESH(one_that_waits_is_connected_after_a_restart),
      FRESH(wrong_nodes_are_refused),
      FRESH(nonsense_in_a_new_ring_is_refused),
      FRESH(two_queues_on_one_port_are_refused),
      CONNECTED(a_device_without_a_disk_is_closed),
      FRESH(a_front_end_elsewhere_is_no_device),
      CONNECTED(writes_and_reads),
      FRESH(serves_32_bit_front_ends),
      CONNECTED(moves_eleven_segments),
      CONNECTED(indirect_requests),
      CONNECTED(bad_indirect_requests),
      CONNECTED(flushes_and_what_is_not_offered),
      CONNECTED(nothing_beyond_the_disk),
      CONNECTED(bad_grants_fail_their_request_alone),
      CONNECTED(a_read_only_disk_is_not_written),
      CONNECTED(a_request_changed_after_the_check),
      CONNECTED(lying_indices_end_the_connection),
      CONNECTED(scribbling_over_our_indices_changes_nothing),
      CONNECTED(a_full_queue_gives_way),
      FRESH(serves_two_queues),
      CONNECTED(random_requests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
