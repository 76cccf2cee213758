/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page allocator against a model, and where it puts its own bitmap.
 */
#include "test.h"

#include "../../../libos/page.c"

char image_end[PAGE_SIZE];
struct start_info_kept start_info;
static unsigned panics;
static jmp_buf after_panic;

uint64_t mmu_window(void) {
  return 0;
}

void panic(const char *format, ...) {
  (void)format;
  panics++;
  longjmp(after_panic, 1);
}

#define PAGES 200u
#define BASE  0x100000u

static uint64_t bits[(PAGES + 63) / 64];
static struct pool pool;
static uint8_t owner[PAGES];

static int setup(void **state) {
  (void)state;
  memset(bits, 0, sizeof(bits));
  memset(owner, 0, sizeof(owner));
  pool = (struct pool){bits, BASE, PAGES, PAGES, 0};
  return 0;
}

static size_t index_of(void *pages) {
  return ((uintptr_t)pages - BASE) / PAGE_SIZE;
}

/* Whether there is a run of so many free pages, by the model. */
static bool fits(size_t count) {
  size_t run = 0;
  for (size_t i = 0; i < PAGES && run < count; i++)
    run = owner[i] ? 0 : run + 1;
  return run >= count;
}

static void test_model(void **state) {
  (void)state;
  for (unsigned turn = 0; turn < 20000; turn++) {
    size_t count = 1 + random_below(20), start = random_below(PAGES), used = 0;
    if (random_below(2)) {
      bool possible = fits(count);
      void *pages = pool_alloc(&pool, count);
      assert_int_equal(!!pages, possible);
      for (size_t i = 0; pages && i < count; i++)
        assert_int_equal(owner[index_of(pages) + i]++, 0);
    } else if (owner[start]) {
      pool_free(&pool, (void *)(BASE + start * PAGE_SIZE), 1);
      owner[start] = 0;
    }
    for (size_t i = 0; i < PAGES; i++)
      used += owner[i];
    assert_int_equal(pool.free, PAGES - used);
  }
}

static void test_limits(void **state) {
  (void)state;
  assert_null(pool_alloc(&pool, 0));
  assert_null(pool_alloc(&pool, PAGES + 1));
  assert_null(pool_alloc(&pool, SIZE_MAX));
  void *all = pool_alloc(&pool, PAGES);
  assert_int_equal(index_of(all), 0);
  assert_null(pool_alloc(&pool, 1));
  pool_free(&pool, all, PAGES);
  assert_int_equal(pool.free, PAGES);
}

static void check_refused(uint64_t address, size_t count) {
  unsigned before = panics;
  if (!setjmp(after_panic))
    pool_free(&pool, (void *)address, count);
  assert_int_equal(panics, before + 1);
  assert_int_equal(pool.free, PAGES - 2);
}

static void test_wrong_free(void **state) {
  (void)state;
  pool_alloc(&pool, 2);
  check_refused(BASE, 3);             /* one of them is free */
  check_refused(BASE + 1, 1);         /* no page */
  check_refused(BASE - PAGE_SIZE, 1); /* before the pool */
  check_refused(BASE, SIZE_MAX);      /* beyond it */
  check_refused(BASE + 2 * PAGE_SIZE, 1);
}

static void test_bitmap_place(void **state) {
  (void)state;
  uint64_t end = (uintptr_t)image_end;
  start_info.reserveds = 0;
  assert_int_equal(bitmap_place(PAGE_SIZE), end);
  /* Listed against their order: the first is met again after the second has been passed. */
  start_info.reserved[0] = (struct ram){end + 2 * PAGE_SIZE, end + 3 * PAGE_SIZE};
  start_info.reserved[1] = (struct ram){end, end + PAGE_SIZE};
  start_info.reserveds = 2;
  assert_int_equal(bitmap_place(PAGE_SIZE), end + PAGE_SIZE);
  assert_int_equal(bitmap_place(2 * PAGE_SIZE), end + 3 * PAGE_SIZE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_model, setup),
      cmocka_unit_test_setup(test_limits, setup),
      cmocka_unit_test_setup(test_wrong_free, setup),
      cmocka_unit_test(test_bitmap_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
