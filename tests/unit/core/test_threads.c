/* SPDX-License-Identifier: Apache-2.0 */
/* Frames and timers under real concurrency: three host threads, each a CPU. */
#include "world.h"
#include <frame.h>
#include <lib/atomic.h>
#include <threads.h>
#include <timer.h>

#define THREADS 3u
#define ROUNDS  30000u

static unsigned problems;

static void yield(void) {
  thrd_yield();
}

static void run(int (*body)(void *)) {
  thrd_t t[THREADS];

  problems = 0;
  for (uintptr_t i = 0; i < THREADS; i++)
    assert_int_equal(thrd_create(&t[i], body, (void *)i), thrd_success);
  for (unsigned i = 0; i < THREADS; i++)
    thrd_join(t[i], NULL);
  assert_int_equal(problems, 0);
}

static void expect(bool holds) {
  if (!holds)
    atomic_add(&problems, 1);
}

/* A generator of each thread's own. */
static uint32_t next(uint32_t *seed, uint32_t n) {
  *seed = *seed * 1664525 + 1013904223;
  return (*seed >> 10) % n;
}

/* --- frames --------------------------------------------------------------------------------- */

#define FRAMES 96u
static uint8_t holder[FRAMES]; /* 1 + the thread that holds the frame */

/* Mark the frames as held by this thread, or free again; nobody else may have them. */
static void mark(mfn_t mfn, unsigned order, uint8_t from, uint8_t to) {
  for (uint64_t i = 0; i < BIT(order); i++)
    expect(atomic_swap(&holder[mfn.v + i - FAKE_FIRST_FRAME], to) == from);
}

static int use_frames(void *arg) {
  uint8_t me = (uint8_t)(1 + (uintptr_t)arg);
  uint32_t seed = me;

  for (unsigned i = 0; i < ROUNDS; i++) {
    unsigned order = next(&seed, 5);
    mfn_t mfn = frame_alloc(order, me, FRAME_RAM),
          any = MFN(FAKE_FIRST_FRAME + next(&seed, FRAMES));

    if (!mfn_valid(mfn))
      continue;
    mark(mfn, order, 0, me);
    expect(frame_get(mfn, me) == STATUS_OK);
    frame_put(mfn);
    if (frame_get(any, 1) == STATUS_OK)
      frame_put(any);
    mark(mfn, order, me, 0);
    frame_free(mfn, order);
  }
  return 0;
}

/* A reference that is taken while the owner gives the frame up holds that frame alone back, for a
 * moment; so a block may come back in pieces, and in the end all is whole. */
static void test_frames(void **unused) {
  fake_init(FRAMES, THREADS, 1);
  fake_waiting = yield;
  run(use_frames);
  assert_int_equal(frame_count_free(), FRAMES);
  assert_true(mfn_valid(frame_alloc(6, 1, FRAME_RAM)));
  assert_true(mfn_valid(frame_alloc(5, 1, FRAME_RAM)));
}

/* --- timers ---------------------------------------------------------------------------------- */

#define TIMERS 5u
static struct timer timer[TIMERS];
static unsigned fired;

static void count(struct timer *t) {
  atomic_add(&fired, 1);
}

static int use_timers(void *arg) {
  uint32_t seed = (uint32_t)(uintptr_t)arg;

  fake_cpu_set((unsigned)(uintptr_t)arg);
  for (unsigned i = 0; i < ROUNDS; i++) {
    struct timer *t = &timer[next(&seed, TIMERS)];

    switch (next(&seed, 4)) {
    case 0:
    case 1:
      timer_set(t, next(&seed, 2000));
      break;
    case 2:
      timer_stop(t);
      break;
    default:
      timer_interrupt();
    }
  }
  return 0;
}

static void test_timers(void **unused) {
  fake_init(64, THREADS, 1);
  fake_waiting = yield;
  fired = 0;
  for (unsigned i = 0; i < TIMERS; i++)
    timer_init(&timer[i], count);
  run(use_timers);
  assert_true(fired > 0);
  for (unsigned i = 0; i < TIMERS; i++)
    timer_stop(&timer[i]);
  for (unsigned i = 0; i < THREADS; i++)
    assert_null(cpus[i].timers.heap.root);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_frames), cmocka_unit_test(test_timers)};

  return cmocka_run_group_tests_name("core_threads", tests, NULL, NULL);
}
