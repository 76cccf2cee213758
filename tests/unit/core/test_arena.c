/* SPDX-License-Identifier: Apache-2.0 */
/* The arena's heap: what is mapped where, exhaustion of each resource, pins, stacks. */
#include "world.h"
#include <string.h>
#include <arena.h>

static struct domain *d;

static void setup(uint64_t frames) {
  fake_init(frames, 2, 1);
  world_domains(2, 1);
  d = world_arena(&domains[0]);
}

static bool page_zeroed(const char *page) {
  return page[0] == 0 && !memcmp(page, page + 1, PAGE_SIZE - 1);
}

static void test_page_is_the_frame(void **unused) {
  setup(64);
  char *page = arena_page_alloc(FRAME_PTABLE);

  assert_non_null(page);
  assert_true(page_zeroed(page));
  mfn_t mfn = arena_page_mfn(page);
  assert_int_equal(frame_of(mfn)->kind, FRAME_PTABLE);
  assert_int_equal(frame_of(mfn)->owner, 1);
  assert_ptr_equal(arena_page_of(mfn), page);
  strcpy(page, "hello");
  assert_string_equal(fake_page(mfn), "hello");
  arena_page_free(page);
  assert_int_equal(frame_of(mfn)->refs, 0);
}

#define PAGES 2500u /* three chunks */
static char *page[PAGES];

static void check_page(unsigned i) {
  if (page[i])
    assert_int_equal(*(unsigned *)page[i], i);
}

static void step(unsigned i) {
  check_page(i);
  if (page[i]) {
    arena_page_free(page[i]);
    page[i] = NULL;
    return;
  }
  page[i] = arena_page_alloc(i % 2 ? FRAME_ARENA : FRAME_SHARED);
  assert_non_null(page[i]);
  assert_true(page_zeroed(page[i]));
  *(unsigned *)page[i] = i;
}

static void test_random(void **unused) {
  setup(4096);
  for (unsigned n = 0; n < 20000; n++)
    step(rnd(PAGES));
  for (unsigned i = 0; i < PAGES; i++)
    if (page[i])
      step(i);
  assert_int_equal(d->arena.pages, 0);
  /* Address space is used again: what stays are the chunks' tables and the host's. */
  assert_true(frame_count_kind(FRAME_ARENA) < 16);
}

static void test_frames_exhausted(void **unused) {
  unsigned n = 0;

  setup(100);
  while ((page[n] = arena_page_alloc(FRAME_ARENA)))
    n++;
  assert_int_equal(frame_count_free(), 0);
  assert_int_equal(d->arena.pages, n);
  assert_null(arena_page_alloc(FRAME_SHARED));
  arena_page_free(page[--n]);
  assert_int_equal(frame_count_free(), 1);
  assert_non_null(page[n] = arena_page_alloc(FRAME_SHARED));
}

static void test_address_space_exhausted(void **unused) {
  uint64_t n = 0;

  setup(FAKE_HEAP_PAGES + 64);
  assert_non_null(arena_stack_alloc());
  while (arena_page_alloc(FRAME_ARENA))
    n++;
  /* All but the chunks' tables, the stack with its guard, and a page to keep away from it. */
  assert_in_range(n, FAKE_HEAP_PAGES - FAKE_HEAP_PAGES / 1024 - 5, FAKE_HEAP_PAGES);
  assert_null(arena_stack_alloc());
}

/* Whichever mapping fails, nothing is lost. */
static void test_mapping_fails(void **unused) {
  setup(256);
  arena_page_free(arena_page_alloc(FRAME_ARENA));
  uint32_t next = d->arena.next;
  for (unsigned in = 1; in < 4; in++) {
    uint64_t before = frame_count_free();

    fake_map_fail_in = in;
    char *p = arena_page_alloc(FRAME_ARENA);
    if (p)
      arena_page_free(p);
    else if (in == 1)
      assert_int_equal(frame_count_free(), before);
    fake_map_fail_in = 0;
    assert_int_equal(d->arena.pages, 0);
    p = arena_page_alloc(FRAME_ARENA);
    assert_non_null(p);
    arena_page_free(p);
    assert_int_equal(d->arena.next, next);
  }
}

static void test_first_mapping_fails(void **unused) {
  setup(64);
  uint64_t before = frame_count_free();

  fake_map_fail_in = 1; /* that of the chunk's table */
  assert_null(arena_page_alloc(FRAME_ARENA));
  assert_int_equal(frame_count_free(), before);
  assert_non_null(arena_page_alloc(FRAME_ARENA));
}

/* A page that somebody else still refers to is no longer the arena's. */
static void test_freed_page_is_forgotten(void **unused) {
  setup(64);
  char *p = arena_page_alloc(FRAME_SHARED);
  mfn_t mfn = arena_page_mfn(p);

  assert_int_equal(frame_get(mfn, 1), STATUS_OK);
  arena_page_free(p);
  assert_null(arena_page_of(mfn));
  frame_put(mfn);
}

static void test_pin_holds_a_reference(void **unused) {
  setup(64);
  mfn_t ram = frame_alloc(0, 1, FRAME_RAM), other = frame_alloc(0, 2, FRAME_RAM);
  char *a = arena_pin(ram), *b = arena_pin(ram);

  assert_null(arena_pin(other));
  assert_true(a && b && a != b);
  strcpy(a, "seen twice");
  assert_string_equal(b, "seen twice");
  assert_int_equal(frame_of(ram)->refs, 3);
  frame_free(ram, 0);
  arena_unpin(a);
  assert_int_equal(frame_of(ram)->refs, 1);
  assert_string_equal(b, "seen twice");
  arena_unpin(b);
  assert_int_equal(frame_of(ram)->refs, 0);
  assert_int_equal(frame_get(ram, 1), STATUS_NOT_FOUND);
}

static void test_pin_fails_whole(void **unused) {
  setup(64);
  mfn_t ram = frame_alloc(0, 1, FRAME_RAM);

  fake_map_fail_in = 1;
  assert_null(arena_pin(ram));
  assert_int_equal(frame_of(ram)->refs, 1);
}

static bool mapped(const char *va) {
  return mfn_valid(d->stub->arch.heap[(va - arch_arena_heap_start) / (long)PAGE_SIZE]);
}

static void test_stacks_have_guards(void **unused) {
  char *last = NULL;

  setup(128);
  for (unsigned i = 0; i < 5; i++) {
    char *top = arena_stack_alloc();

    assert_non_null(top);
    for (unsigned p = 1; p <= ARENA_STACK_SIZE / PAGE_SIZE; p++)
      assert_true(mapped(top - p * PAGE_SIZE));
    assert_false(mapped(top - ARENA_STACK_SIZE - PAGE_SIZE));
    assert_true(!last || top == last - ARENA_STACK_SIZE - PAGE_SIZE);
    assert_true(page_zeroed(top - PAGE_SIZE));
    last = top;
  }
}

static void test_arenas_are_apart(void **unused) {
  setup(128);
  char *mine = arena_page_alloc(FRAME_ARENA);

  strcpy(mine, "mine");
  struct domain *other = world_arena(&domains[1]);
  char *theirs = arena_page_alloc(FRAME_ARENA);
  assert_ptr_equal(other, d);
  assert_ptr_equal(theirs, mine);
  assert_true(page_zeroed(theirs));
  arch_arena_switch(NULL);
  arch_arena_switch(&domains[0]);
  assert_string_equal(mine, "mine");
}

static void test_broken_callers_panic(void **unused) {
  setup(64);
  char *p = arena_page_alloc(FRAME_ARENA);

  assert_true(PANICS((void)!arena_page_alloc(FRAME_RAM)));
  arena_page_free(p);
  assert_true(PANICS(arena_page_free(p)));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_page_is_the_frame),
                                     cmocka_unit_test(test_random),
                                     cmocka_unit_test(test_frames_exhausted),
                                     cmocka_unit_test(test_address_space_exhausted),
                                     cmocka_unit_test(test_mapping_fails),
                                     cmocka_unit_test(test_first_mapping_fails),
                                     cmocka_unit_test(test_freed_page_is_forgotten),
                                     cmocka_unit_test(test_pin_holds_a_reference),
                                     cmocka_unit_test(test_pin_fails_whole),
                                     cmocka_unit_test(test_stacks_have_guards),
                                     cmocka_unit_test(test_arenas_are_apart),
                                     cmocka_unit_test(test_broken_callers_panic)};

  return cmocka_run_group_tests_name("core_arena", tests, NULL, NULL);
}
