/* SPDX-License-Identifier: Apache-2.0 */
/* The frame allocator: every order of freeing in small pools, long random runs against a model, and
 * that no frame is handed out unscrubbed. */
#include "world.h"
#include <frame.h>
#include <stdlib.h>

#define BASE FAKE_FIRST_FRAME

static bool zeroed(mfn_t mfn, unsigned order) {
  for (uint64_t i = 0; i < BIT(order); i++) {
    const char *page = fake_page(MFN(mfn.v + i));

    if (page[0] || page[1777] || memcmp(page, page + 1, PAGE_SIZE - 1))
      return false;
  }
  return true;
}

static void dirty(mfn_t mfn, unsigned order) {
  for (uint64_t i = 0; i < BIT(order); i++)
    memset(fake_page(MFN(mfn.v + i)), 0x5e, PAGE_SIZE);
}

static mfn_t take(unsigned order) {
  mfn_t mfn = frame_alloc(order, 1, FRAME_RAM);

  if (mfn_valid(mfn))
    assert_true(zeroed(mfn, order));
  return mfn;
}

/* --- small pools ------------------------------------------------------------------------ */

/* The pool [BASE, BASE + n) is whole again: the largest aligned blocks can all be had. */
static void check_whole(unsigned n) {
  assert_int_equal(frame_count_free(), n);
  for (unsigned left = n; left;) {
    unsigned order = 31 - (unsigned)__builtin_clz(left);

    assert_true(mfn_valid(frame_alloc(order, 1, FRAME_RAM)));
    left -= 1u << order;
  }
}

static void free_in_order(unsigned n, const unsigned *order) {
  fake_init(n, 1, 1);
  for (unsigned i = 0; i < n; i++)
    assert_true(mfn_valid(frame_alloc(0, 1, FRAME_RAM)));
  assert_false(mfn_valid(frame_alloc(0, 1, FRAME_RAM)));
  for (unsigned i = 0; i < n; i++)
    frame_free(MFN(BASE + order[i]), 0);
  check_whole(n);
}

static void permute(unsigned n, unsigned at, unsigned *order) {
  if (at == n) {
    free_in_order(n, order);
    return;
  }
  for (unsigned i = at; i < n; i++) {
    unsigned t = order[at];

    order[at] = order[i], order[i] = t;
    permute(n, at + 1, order);
    order[i] = order[at], order[at] = t;
  }
}

static void test_every_order_of_freeing(void **unused) {
  for (unsigned n = 1; n <= 6; n++)
    permute(n, 0, (unsigned[]){0, 1, 2, 3, 4, 5});
}

static void test_pool_of_any_bounds(void **unused) {
  struct frame *table = calloc(64, sizeof(*table));

  for (unsigned first = 0; first < 64; first++)
    for (unsigned last = first; last <= 64; last++) {
      memset(table, 0, 64 * sizeof(*table));
      frame_init(table, 64);
      frame_add_free(MFN(first), MFN(last));
      assert_int_equal(frame_count_free(), last - first);
      assert_int_equal(frame_count_kind(FRAME_ABSENT), 64 - (last - first));
      assert_int_equal(frame_count_kind(FRAME_FREE), last - first);
    }
  free(table);
}

static void test_adding_memory_is_cheap(void **unused) {
  const uint64_t frames = BIT(20) + 12345;
  struct frame *table = calloc(frames, sizeof(*table));
  unsigned touched = 0;

  frame_init(table, frames);
  frame_add_free(MFN(3), MFN(frames - 1));
  for (uint64_t i = 0; i < frames; i++)
    touched += table[i].kind != FRAME_ABSENT;
  assert_in_range(touched, 2, 40);
  assert_int_equal(frame_count_free(), frames - 4);
  free(table);
}

static void test_adjacent_ranges_merge(void **unused) {
  struct frame *table = calloc(1024, sizeof(*table));

  frame_init(table, 1024);
  for (unsigned i = 1024; i; i -= 32)
    frame_add_free(MFN(i - 32), MFN(i));
  assert_int_equal(table[0].order, 10);
  free(table);
}

/* --- against a model ----------------------------------------------------------------------- */

#define POOL 1500u
static uint32_t refs[POOL]; /* the model: 0 is free */
static struct {
  uint64_t at;
  unsigned order;
} block[400];
static unsigned blocks;
static uint64_t pinned[200];
static unsigned pins;

/* Is there an aligned block of free frames? Then, and only then, an allocation must succeed. */
static bool possible(unsigned order) {
  uint64_t size = BIT(order);

  for (uint64_t at = ALIGN_UP(BASE, size); at + size <= BASE + POOL; at += size) {
    uint64_t i = at;

    while (i < at + size && refs[i - BASE] == 0)
      i++;
    if (i == at + size)
      return true;
  }
  return false;
}

static void step_alloc(void) {
  unsigned order = rnd(3) ? rnd(4) : rnd(11);
  bool expected = possible(order);
  mfn_t mfn = take(order);

  assert_int_equal(mfn_valid(mfn), expected);
  if (!expected)
    return;
  assert_true(IS_ALIGNED(mfn.v, BIT(order)));
  dirty(mfn, order);
  block[blocks].at = mfn.v;
  block[blocks++].order = order;
  for (uint64_t i = mfn.v; i < mfn.v + BIT(order); i++) {
    assert_int_equal(refs[i - BASE]++, 0);
    assert_int_equal(frame_of(MFN(i))->owner, 1);
    assert_int_equal(frame_of(MFN(i))->kind, FRAME_RAM);
    assert_int_equal(frame_of(MFN(i))->refs, 1);
  }
}

static void step_free(void) {
  unsigned n = rnd(blocks);

  for (uint64_t i = 0; i < BIT(block[n].order); i++)
    refs[block[n].at + i - BASE]--;
  frame_free(MFN(block[n].at), block[n].order);
  block[n] = block[--blocks];
}

static void step_get(void) {
  uint64_t i = rnd(POOL);
  enum status expected = refs[i] ? STATUS_OK : STATUS_NOT_FOUND;

  assert_int_equal(frame_get(MFN(BASE + i), 2), STATUS_NOT_FOUND);
  assert_int_equal(frame_get(MFN(BASE + i), 1), expected);
  if (expected != STATUS_OK)
    return;
  refs[i]++;
  pinned[pins++] = i;
}

static void step_put(void) {
  unsigned n = rnd(pins);

  refs[pinned[n]]--;
  frame_put(MFN(BASE + pinned[n]));
  pinned[n] = pinned[--pins];
}

static void check_model(void) {
  uint64_t unused_frames = 0;

  for (unsigned i = 0; i < POOL; i++)
    unused_frames += refs[i] == 0;
  assert_int_equal(frame_count_free(), unused_frames);
  assert_int_equal(frame_count_kind(FRAME_RAM), POOL - unused_frames);
}

static void test_random_against_model(void **unused) {
  fake_init(POOL, 1, 1);
  for (unsigned step = 0; step < 100000; step++) {
    unsigned what = rnd(8);

    if (what < 3 && blocks < ARRAY_SIZE(block))
      step_alloc();
    else if (what < 6 && blocks)
      step_free();
    else if (what == 6 && pins < ARRAY_SIZE(pinned))
      step_get();
    else if (pins)
      step_put();
    if (step % 64 == 0)
      check_model();
  }
  while (pins)
    step_put();
  while (blocks)
    step_free();
  check_model();
}

/* --- references, scrubbing, refusals ---------------------------------------------------------- */

static void test_last_reference_frees(void **unused) {
  fake_init(16, 1, 1);
  mfn_t mfn = take(4);

  assert_int_equal(frame_get(MFN(mfn.v + 5), 1), STATUS_OK);
  assert_int_equal(frame_get(MFN(mfn.v + 5), 1), STATUS_OK);
  frame_free(mfn, 4);
  assert_int_equal(frame_count_free(), 15);
  frame_put(MFN(mfn.v + 5));
  assert_int_equal(frame_count_free(), 15);
  assert_int_equal(frame_get(MFN(mfn.v + 5), 1), STATUS_OK);
  frame_put(MFN(mfn.v + 5));
  frame_put(MFN(mfn.v + 5));
  assert_int_equal(frame_count_free(), 16);
  assert_true(mfn_valid(take(4)));
}

static void test_scrubbed_on_every_path(void **unused) {
  fake_init(8, 1, 1);
  mfn_t mfn = take(3); /* fresh memory is poison */

  dirty(mfn, 3);
  frame_free(mfn, 3);
  mfn = take(3); /* freed as a block */
  dirty(mfn, 3);
  for (unsigned i = 0; i < 8; i++)
    frame_free(MFN(mfn.v + i), 0);
  mfn = take(3); /* freed frame by frame */
  dirty(mfn, 3);
  assert_int_equal(frame_get(mfn, 1), STATUS_OK);
  frame_free(mfn, 3);
  dirty(mfn, 0);
  frame_put(mfn);
  assert_true(mfn_valid(take(3))); /* freed by the last reference */
}

static void test_absent_frames_are_nobodys(void **unused) {
  fake_init(16, 1, 1);
  assert_int_equal(frame_get(MFN(5), OWNER_HV), STATUS_NOT_FOUND);
  assert_int_equal(frame_get(MFN(BASE), OWNER_HV), STATUS_NOT_FOUND);
  assert_int_equal(frame_get(MFN(frame_table_size()), 1), STATUS_NOT_FOUND);
  assert_int_equal(frame_get(MFN_INVALID, 1), STATUS_NOT_FOUND);
  assert_null(frame_of(MFN(frame_table_size())));
}

static void test_reserved_frames_stay_out(void **unused) {
  struct frame *table = calloc(64, sizeof(*table));

  frame_init(table, 64);
  frame_reserve(MFN(16), 4, FRAME_PAYLOAD);
  frame_add_free(MFN(20), MFN(32));
  assert_int_equal(frame_count_kind(FRAME_PAYLOAD), 4);
  assert_int_equal(frame_get(MFN(17), OWNER_HV), STATUS_OK);
  frame_put(MFN(17));
  frame_free(MFN(16), 2); /* payloads are given back after boot; they merge */
  assert_int_equal(table[16].order, 4);
  assert_int_equal(frame_count_free(), 16);
  free(table);
}

static void test_broken_callers_panic(void **unused) {
  fake_init(64, 1, 1);
  mfn_t mfn = take(1);

  assert_true(PANICS(frame_free(MFN(mfn.v + 2), 0)));
  assert_true(PANICS(frame_free(MFN(mfn.v + 1), 1)));
  assert_true(PANICS(frame_put(MFN(3))));
  frame_free(mfn, 1);
  assert_true(PANICS(frame_free(mfn, 1)));
  assert_true(PANICS(frame_put(MFN(mfn.v + 1))));
  assert_true(PANICS((void)!frame_alloc(0, 1, FRAME_FREE).v));
  assert_true(PANICS((void)!frame_alloc(FRAME_ORDER_MAX + 1, 1, FRAME_RAM).v));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_order_of_freeing),
                                     cmocka_unit_test(test_pool_of_any_bounds),
                                     cmocka_unit_test(test_adding_memory_is_cheap),
                                     cmocka_unit_test(test_adjacent_ranges_merge),
                                     cmocka_unit_test(test_random_against_model),
                                     cmocka_unit_test(test_last_reference_frees),
                                     cmocka_unit_test(test_scrubbed_on_every_path),
                                     cmocka_unit_test(test_absent_frames_are_nobodys),
                                     cmocka_unit_test(test_reserved_frames_stay_out),
                                     cmocka_unit_test(test_broken_callers_panic)};

  return cmocka_run_group_tests_name("core_frame", tests, NULL, NULL);
}
