// SPDX-License-Identifier: Apache-2.0
// Grants between two domains: the back of a channel maps and copies what the front granted it, and
// never the other way; the front starts again while its page is mapped.
/* guest: system=serve.yaml timeout=120 xen=no (it has one domain) */
#include "rt/rt.h"

#define FRONT    1
#define BACK     2
#define A_MINUTE (60000 * MS)

// The granted page: [0] front is ready, [1] back has mapped it, [2] front's last word, [3] the life
// that back gave it, [5] written by back through the mapping, [6] by a copy.
#define READY    0x4ea0

static unsigned bits(unsigned ref) {
  return ((volatile grant_entry_v1_t *)grant_table())[ref].flags & (GTF_reading | GTF_writing);
}

static void front(void) {
  volatile uint64_t *page = page_alloc(), *other = page_alloc();
  grant_handle_t handle;
  other[0] = 0xb0;
  page[0] = READY;
  grant_allow(9, BACK, (uintptr_t)other / PAGE_SIZE, GTF_readonly);
  grant_allow(10, 7, (uintptr_t)other / PAGE_SIZE, 0);
  grant_allow(8, BACK, (uintptr_t)page / PAGE_SIZE, 0);
  CHECK("grant_pair.front.mapped", WAIT(page[1] == 1, A_MINUTE));
  check_eq("grant_pair.front.sees", page[5], 0x5555);
  check_eq("grant_pair.front.bits", bits(8), GTF_reading | GTF_writing);
  check_eq("grant_pair.front.refused", grant_map(BACK, 8, hole_alloc(), 0, &handle),
           GNTST_permission_denied);
  page[2] = page[3];
  if (page[3] == 1)
    shutdown(SHUTDOWN_reboot);
  CHECK("grant_pair.front.unmapped", WAIT(!bits(8), A_MINUTE));
  check_eq("grant_pair.front.copied", page[6], 0x6666);
}

// The front may not be there yet, or be away.
static volatile uint64_t *map_when_ready(uint64_t gfn, uint64_t life, grant_handle_t *handle) {
  volatile uint64_t *page = (void *)(gfn * PAGE_SIZE);
  uint64_t end = time_ns() + A_MINUTE;
  while (time_ns() < end) {
    if (grant_map(FRONT, 8, gfn, 0, handle)) {
      sched_op(SCHEDOP_yield, 0);
      continue;
    }
    if (page[0] == READY && (page[3] == 0 || page[3] == life))
      return page;
    grant_unmap(*handle, gfn);
  }
  return 0;
}

static void serve(volatile uint64_t *page, uint64_t life) {
  page[3] = life;
  page[5] = 0x5555;
  page[1] = 1;
  CHECK("grant_pair.back.answered", WAIT(page[2] == life, A_MINUTE));
}

static int copy_in(uint64_t value) {
  uint64_t *page = page_alloc();
  page[0] = value;
  struct gnttab_copy op = {.source = {.u.gmfn = (uintptr_t)page / PAGE_SIZE, .domid = DOMID_SELF},
                           .dest = {.u.ref = 8, .domid = FRONT, .offset = 6 * 8},
                           .len = 8,
                           .flags = GNTCOPY_dest_gref};
  int64_t error = grant_op(GNTTABOP_copy, &op, 1);
  return error ? (int)error : op.status;
}

// The store's ring, which is granted before the front runs.
static void ring(void) {
  uint64_t gfn = hole_alloc();
  grant_handle_t handle;
  check_eq("grant_pair.back.store_ring",
           grant_map(FRONT, GNTTAB_RESERVED_XENSTORE, gfn, 0, &handle), GNTST_okay);
  check_eq("grant_pair.back.store_ring_ends", grant_unmap(handle, gfn), GNTST_okay);
  check_eq("grant_pair.back.console_ring",
           grant_map(FRONT, GNTTAB_RESERVED_CONSOLE, gfn, 0, &handle), GNTST_general_error);
}

static void refused(void) {
  uint64_t gfn = hole_alloc();
  grant_handle_t handle;
  check_eq("grant_pair.back.write_read_only", grant_map(FRONT, 9, gfn, 0, &handle),
           GNTST_general_error);
  check_eq("grant_pair.back.read_only", grant_map(FRONT, 9, gfn, GNTMAP_readonly, &handle),
           GNTST_okay);
  check_eq("grant_pair.back.read", *(volatile uint64_t *)(gfn * PAGE_SIZE), 0xb0);
  check_eq("grant_pair.back.read_only_ends", grant_unmap(handle, gfn), GNTST_okay);
  check_eq("grant_pair.back.not_for_us", grant_map(FRONT, 10, gfn, 0, &handle),
           GNTST_general_error);
  check_eq("grant_pair.back.no_entry", grant_map(FRONT, 11, gfn, 0, &handle), GNTST_general_error);
  check_eq("grant_pair.back.beyond", grant_map(FRONT, 1 << 20, gfn, 0, &handle), GNTST_bad_gntref);
}

static void back(void) {
  uint64_t gfn[2] = {hole_alloc(), hole_alloc()};
  grant_handle_t handle[2];
  volatile uint64_t *page = map_when_ready(gfn[0], 1, &handle[0]), *again;
  CHECK("grant_pair.back.first", page);
  ring();
  refused();
  serve(page, 1);
  again = map_when_ready(gfn[1], 2, &handle[1]);
  CHECK("grant_pair.back.second", again && again[3] == 0);
  check_eq("grant_pair.back.old_page", page[5], 0x5555);
  check_eq("grant_pair.back.old_unmap", grant_unmap(handle[0], gfn[0]), GNTST_okay);
  serve(again, 2);
  check_eq("grant_pair.back.copy", copy_in(0x6666), GNTST_okay);
  check_eq("grant_pair.back.unmap", grant_unmap(handle[1], gfn[1]), GNTST_okay);
}

void test_main(void) {
  if (role("front"))
    front();
  else
    back();
}
