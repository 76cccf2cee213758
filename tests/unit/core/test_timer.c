/* SPDX-License-Identifier: Apache-2.0 */
/* Timers on several CPUs against a model that is a plain array. */
#include "world.h"
#include <timer.h>

#define TIMERS 60u
#define CPUS   4u

static struct timer timer[TIMERS];
static uint64_t expected[TIMERS]; /* UINT64_MAX: not queued */
static unsigned home[TIMERS];     /* CPU whose interrupt must run it */
static uint64_t fired_at[TIMERS];
static unsigned fired;

static void note(struct timer *t) {
  unsigned i = (unsigned)(t - timer);

  assert_int_not_equal(expected[i], UINT64_MAX);
  assert_true(fake_time >= expected[i]);
  assert_int_equal(arch_this_cpu()->id, home[i]);
  assert_false(timer_pending(t));
  for (unsigned n = 0; n < CPUS; n++)
    assert_false(spin_is_locked(&cpus[n].timers.lock));
  expected[i] = UINT64_MAX;
  fired_at[i] = fake_time;
  fired++;
}

static void setup(void) {
  fake_init(64, CPUS, 1);
  fired = 0;
  for (unsigned i = 0; i < TIMERS; i++) {
    timer_init(&timer[i], note);
    expected[i] = UINT64_MAX;
  }
}

static void set(unsigned i, uint64_t deadline) {
  home[i] = arch_this_cpu()->id;
  expected[i] = deadline;
  timer_set(&timer[i], deadline);
}

static void check(void) {
  for (unsigned i = 0; i < TIMERS; i++) {
    assert_int_equal(timer_pending(&timer[i]), expected[i] != UINT64_MAX);
    if (expected[i] == UINT64_MAX)
      continue;
    assert_true(expected[i] > fake_time);
    /* The hardware will interrupt in time. */
    assert_true(fake_deadline[home[i]] <= expected[i]);
  }
}

static void test_random(void **unused) {
  setup();
  for (unsigned step = 0; step < 100000; step++) {
    fake_cpu_set(rnd(CPUS));
    unsigned i = rnd(TIMERS), what = rnd(8);

    if (what < 4) {
      set(i, fake_time + 1 + rnd(1000));
    } else if (what < 6) {
      timer_stop(&timer[i]);
      expected[i] = UINT64_MAX;
    } else {
      fake_time_pass(fake_time + rnd(200));
    }
    check();
  }
  fake_time_pass(fake_time + 2000);
  check();
  assert_true(fired > 10000);
}

static void test_on_time_and_in_order(void **unused) {
  uint64_t start;

  setup();
  start = fake_time;
  for (unsigned i = 0; i < TIMERS; i++)
    set(i, start + 1 + (i * 37) % TIMERS);
  fake_time_pass(start + 1000);
  assert_int_equal(fired, TIMERS);
  for (unsigned i = 0; i < TIMERS; i++)
    assert_int_equal(fired_at[i], start + 1 + (i * 37) % TIMERS);
}

static void test_no_timer_no_interrupt(void **unused) {
  setup();
  set(0, fake_time + 10);
  fake_time_pass(fake_time + 10);
  assert_int_equal(fired, 1);
  assert_int_equal(fake_deadline[0], UINT64_MAX);
}

static void test_past_deadline_fires_at_once(void **unused) {
  setup();
  set(0, fake_time - 500);
  assert_int_equal(fired, 0); /* from the interrupt, not from timer_set */
  fake_time_pass(fake_time);
  assert_int_equal(fired, 1);
}

/* Moved to another CPU, a timer fires there alone. */
static void test_moves_between_cpus(void **unused) {
  setup();
  set(0, fake_time + 100);
  fake_cpu_set(2);
  set(0, fake_time + 50);
  fake_time_pass(fake_time + 500);
  assert_int_equal(fired, 1);
}

static unsigned again;

static void periodic(struct timer *t) {
  if (++again < 5)
    timer_set(t, t->node.key + 10);
}

/* A function may set its own timer, and stop another that is due at the same moment. */
static void test_sets_itself(void **unused) {
  struct timer t;

  setup();
  again = 0;
  timer_init(&t, periodic);
  timer_set(&t, fake_time + 10);
  fake_time_pass(fake_time + 35);
  assert_int_equal(again, 3);
  fake_time_pass(fake_time + 1000);
  assert_int_equal(again, 5);
}

static void stop_all(struct timer *t) {
  fired++;
  for (unsigned i = 0; i < TIMERS; i++)
    timer_stop(&timer[i]);
}

static void test_stops_its_neighbours(void **unused) {
  setup();
  for (unsigned i = 0; i < TIMERS; i++) {
    timer_init(&timer[i], stop_all);
    timer_set(&timer[i], fake_time + 10);
  }
  fake_time_pass(fake_time + 10);
  assert_int_equal(fired, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random),
      cmocka_unit_test(test_on_time_and_in_order),
      cmocka_unit_test(test_no_timer_no_interrupt),
      cmocka_unit_test(test_past_deadline_fires_at_once),
      cmocka_unit_test(test_moves_between_cpus),
      cmocka_unit_test(test_sets_itself),
      cmocka_unit_test(test_stops_its_neighbours),
  };

  return cmocka_run_group_tests_name("core_timer", tests, NULL, NULL);
}
