// SPDX-License-Identifier: Apache-2.0
// Every way in which a frame comes to a domain: at its start, in place of a page that it gave back,
// as a page of its grant table, after somebody else had it mapped. All of it reads zero, although
// memory was full of a pattern before the machine started and every life leaves all of its own
// full.
/* guest: system=scrub.yaml machine=64 dirty=0x5a done=8 timeout=120 expect="restart 3" xen=no (its
 * boot domain's memory keeps what firmware left) bochs=no (its memory cannot be filled beforehand)
 */
#include "rt/rt.h"

#define BEFORE_BOOT 0x5a5a5a5a5a5a5a5aul
#define PATTERN     0x5c2bbed5c2bbed00ul // + the domain
#define FRONT       1
#define GRANT       8
#define BALLOON     0x800000ul // guest-physical, and so many pages
#define PAGES       256

static domid_t self;
static struct hvm_memmap_table_entry map[16]; // a copy: the original is overwritten

static int is_trace(uint64_t word) {
  return word == BEFORE_BOOT || (word & ~0xfful) == PATTERN;
}

static uint64_t own_end(void) {
  return ((uintptr_t)guest_end + PAGE_SIZE - 1) & -PAGE_SIZE;
}

// Calls for all RAM that the guest's image is not in. Returns the sum.
static uint64_t each_word(uint64_t (*what)(uint64_t *word)) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < ARRAY_LEN(map); i++) {
    uint64_t end = map[i].addr + map[i].size;
    if (map[i].type != XEN_HVM_MEMMAP_TYPE_RAM || end <= own_end())
      continue;
    uint64_t from = map[i].addr < own_end() ? own_end() : map[i].addr;
    for (uint64_t *word = (uint64_t *)from; word < (uint64_t *)end; word++)
      sum += what(word);
  }
  return sum;
}

static uint64_t count_trace(uint64_t *word) {
  return is_trace(*word);
}

static uint64_t mark(uint64_t *word) {
  *word = PATTERN + self;
  return 1;
}

static uint64_t dirty_words(uint64_t address, unsigned pages) {
  uint64_t *word = (uint64_t *)address, dirty = 0;
  for (unsigned i = 0; i < pages * PAGE_SIZE / 8; i++)
    dirty += word[i] != 0;
  return dirty;
}

static int64_t reservation(unsigned command, unsigned pages) {
  static xen_pfn_t gfn[PAGES];
  struct xen_memory_reservation arg = {.nr_extents = pages, .domid = DOMID_SELF};
  for (unsigned i = 0; i < pages; i++)
    gfn[i] = BALLOON / PAGE_SIZE + i;
  set_xen_guest_handle(arg.extent_start, gfn);
  return memory_op(command, &arg);
}

// The other one does the same, so that in between it may get what we gave.
static void ballooned(unsigned pages) {
  each_word(mark);
  check_eq("scrub.give_back", reservation(XENMEM_decrease_reservation, pages), pages);
  delay_ns(5 * MS);
  check_eq("scrub.take", reservation(XENMEM_populate_physmap, pages), pages);
  check_eq("scrub.ballooned", dirty_words(BALLOON, pages), 0);
}

static void grant_frames(void) {
  uint64_t second = hole_alloc();
  // The first entries are the rings that the domain was built with.
  grant_entry_v1_t *first = grant_table();
  check_eq("scrub.grant_frame", dirty_words((uintptr_t)first, 1) > 8 * 2, 0);
  check_eq("scrub.grow", physmap_add(XENMAPSPACE_grant_table, 1, second), 0);
  check_eq("scrub.second_frame", dirty_words(second * PAGE_SIZE, 1), 0);
  for (unsigned i = 0; i < 512; i++)
    ((uint64_t *)(second * PAGE_SIZE))[i] = PATTERN + self;
}

// The back keeps a page of the front until the front's next life, so that the last to hold it is
// not its owner; what comes in its place must be zero as well.
static void granted(void) {
  uint64_t *page = page_alloc(), hole = hole_alloc();
  grant_handle_t handle;
  for (unsigned i = 0; i < 512; i++)
    page[i] = PATTERN + self;
  if (self == FRONT) {
    grant_allow(GRANT, 2, (uintptr_t)page / PAGE_SIZE, 0);
    delay_ns(20 * MS);
    return;
  }
  if (!WAIT(grant_map(FRONT, GRANT, hole, 0, &handle) == GNTST_okay, 200 * MS))
    return;
  delay_ns(60 * MS);
  reservation(XENMEM_decrease_reservation, 2);
  check_eq("scrub.unmap", grant_unmap(handle, hole), GNTST_okay);
  reservation(XENMEM_populate_physmap, 2);
  check_eq("scrub.after_a_grant", dirty_words(BALLOON, 2), 0);
}

void test_main(void) {
  self = own_domid();
  for (unsigned i = 0; i < start_info->memmap_entries && i < ARRAY_LEN(map); i++)
    map[i] = ((const struct hvm_memmap_table_entry *)start_info->memmap_paddr)[i];
  check_eq("scrub.start", each_word(count_trace), 0);
  grant_frames();
  ballooned(PAGES);
  granted();
  ballooned(PAGES / 2);
  each_word(mark);
  printf("DONE 1 0\n");
  shutdown(SHUTDOWN_reboot);
}
