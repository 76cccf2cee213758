// SPDX-License-Identifier: Apache-2.0
// What the words of a system file's `source` make a disk of.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <services/block/disks.h>

enum { ROOM = 64 };

static uint8_t room[ROOM * BACKEND_PAGE];
static size_t taken;
static uint8_t module_bytes[3 * BLOCK_SECTOR + 100];

static void *alloc(size_t pages) {
  if (pages > ROOM - taken)
    return NULL;
  taken += pages;
  return room + (taken - pages) * BACKEND_PAGE;
}

static void *range(uint64_t page, size_t pages) {
  return page + pages <= ROOM ? room + page * BACKEND_PAGE : NULL;
}

static int setup(void **state) {
  taken = 0;
  disks_init(&(struct disks_memory){alloc, range, module_bytes, sizeof(module_bytes)});
  return 0;
}

static void makes_memory_into_disks(void **state) {
  struct block_disk one, two, again;
  assert_true(disks_open(1, 51712, "ram:100KiB", &one));
  assert_int_equal(one.sectors, 200);
  assert_false(one.read_only);
  assert_true(disks_open(1, 51728, "ram:8KiB", &two));
  assert_true(two.bytes >= one.bytes + 200 * BLOCK_SECTOR);
  assert_true(disks_open(1, 51712, "ram:100KiB", &again));
  assert_ptr_equal(again.bytes, one.bytes);
  assert_int_equal(taken, 27);
  assert_true(disks_open(2, 51712, "ram:8KiB", &again)); // another domain's
  assert_ptr_not_equal(again.bytes, one.bytes);
}

static void gives_the_module_to_one(void **state) {
  struct block_disk disk;
  assert_true(disks_open(1, 51712, "module", &disk));
  assert_ptr_equal(disk.bytes, module_bytes);
  assert_int_equal(disk.sectors, 3);
  assert_false(disks_open(2, 51712, "module", &disk));
  assert_true(disks_open(1, 51712, "module", &disk));
  disks_init(&(struct disks_memory){alloc, range, NULL, 0});
  assert_false(disks_open(1, 51712, "module", &disk));
}

static void gives_a_range_to_one(void **state) {
  struct block_disk disk, other;
  assert_true(disks_open(1, 51712, "range:8+2", &disk));
  assert_ptr_equal(disk.bytes, room + 8 * BACKEND_PAGE);
  assert_int_equal(disk.sectors, 16);
  assert_true(disk.lasting);
  assert_false(disks_open(2, 51712, "range:8+2", &other));
  assert_true(disks_open(2, 51712, "range:10+1", &other));
  assert_true(disks_open(1, 51712, "range:8+2", &disk));
  assert_true(disks_open(3, 51712, "ram:4KiB", &other));
  assert_false(other.lasting);
}

static void refuses_other_words(void **state) {
  const char *bad[] = {"",        "ram",      "ram:",      "ram:0KiB",  "ram:12",
                       "ram:KiB", "ram:1kiB", "ram:1KiBs", "ram:-1KiB", "ram:1 KiB",
                       "ram:1MB", "modules",  "/dev/sda",  "ram:1GiB",  "ram:99999999999GiB",
                       "range:",  "range:1",  "range:1+",  "range:+1",  "range:1+0",
                       "range:x", "range:1-1"};
  struct block_disk disk;
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_false(disks_open(1, i, bad[i], &disk));
  assert_int_equal(taken, 0);
  for (unsigned i = 0; i < BUS_DEVICES; i++) // and keeps no place for them
    assert_true(disks_open(1, i, "ram:4KiB", &disk));
  assert_false(disks_open(1, BUS_DEVICES, "ram:4KiB", &disk));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(makes_memory_into_disks, setup),
      cmocka_unit_test_setup(gives_the_module_to_one, setup),
      cmocka_unit_test_setup(gives_a_range_to_one, setup),
      cmocka_unit_test_setup(refuses_other_words, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
