/* SPDX-License-Identifier: Apache-2.0 */
/* How many lines of the log a domain can cause. */
#include "world.h"
#include <lib/atomic.h>
#include <stdio.h>
#include <threads.h>

#define AT_ONCE 200u
#define SECOND  1000000000ull

uint64_t time_now(void);

static unsigned world_run;

/* The accounts outlive a test, so each begins long after the last. */
static int setup(void **unused) {
  fake_init(64, 3, 1);
  world_domains(2, 1);
  fake_time = ++world_run * 1000000 * SECOND;
  for (unsigned i = 0; i < domain_count; i++)
    (void)log_limit_take(&domains[i], 0);
  world_log_clear();
  return 0;
}

/* How many of n lines come through. */
static unsigned lines(unsigned domain, unsigned n) {
  unsigned printed = 0;

  while (n--)
    printed += log_limit_take(&domains[domain], 1);
  return printed;
}

static void test_at_once(void **unused) {
  assert_int_equal(lines(0, 10 * AT_ONCE), AT_ONCE);
  assert_string_equal(world_log, "");
  assert_int_equal(lines(1, 10 * AT_ONCE), AT_ONCE); /* each domain has its own */
}

/* Two a second, of which one says what was kept back; a quiet time gives all of them again. */
static void test_later(void **unused) {
  assert_int_equal(lines(0, AT_ONCE + 7), AT_ONCE);
  fake_time += SECOND;
  assert_int_equal(lines(0, 100), 1);
  assert_string_equal(world_log, "domain d1: 7 lines more of this domain were not printed\n");
  world_log_clear();
  fake_time += 1000 * SECOND;
  assert_int_equal(lines(0, 10 * AT_ONCE), AT_ONCE - 1);
  assert_string_equal(world_log, "domain d1: 99 lines more of this domain were not printed\n");
}

/* A second's worth in the long run, whatever the pace. */
static void test_rate(void **unused) {
  unsigned printed = 0;

  for (unsigned i = 0; i < 100000; i++) {
    fake_time += SECOND / 100;
    printed += log_limit_take(&domains[0], 1 + rnd(3));
  }
  unsigned said = 0;
  for (const char *s = world_log; *s; s++)
    said += *s == '\n';
  assert_in_range(printed + said, 900, AT_ONCE + 2 * 1000);
}

/* A report of many lines comes whole or not at all, and single lines go on. */
static void test_reports(void **unused) {
  assert_true(log_limit_take(&domains[0], AT_ONCE - 3));
  assert_false(log_limit_take(&domains[0], 32));
  assert_true(log_limit_take(&domains[0], 1));
  assert_string_equal(world_log, "domain d1: 32 lines more of this domain were not printed\n");
  assert_int_equal(lines(0, 5), 1);
}

static void test_long_report(void **unused) {
  assert_true(log_limit_take(&domains[0], 5 * AT_ONCE));
  assert_int_equal(lines(0, 10), 0);
  fake_time += AT_ONCE * SECOND / 2 - 1;
  assert_false(log_limit_take(&domains[0], 5 * AT_ONCE));
  fake_time += 1;
  assert_true(log_limit_take(&domains[0], 5 * AT_ONCE));
}

static void test_last_words(void **unused) {
  assert_int_equal(lines(0, AT_ONCE + 1), AT_ONCE);
  assert_true(log_limit_take(&domains[0], 0));
  assert_string_equal(world_log, "domain d1: 1 lines more of this domain were not printed\n");
}

static int hammer(void *arg) {
  atomic_add((unsigned *)arg, lines(0, 1000));
  return 0;
}

/* Several vCPUs at once get no more than one. */
static void test_threads(void **unused) {
  unsigned printed = 0;
  thrd_t t[3];

  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(thrd_create(&t[i], hammer, &printed), thrd_success);
  for (unsigned i = 0; i < 3; i++)
    thrd_join(t[i], NULL);
  assert_int_equal(printed, AT_ONCE);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_at_once, setup),
                                     cmocka_unit_test_setup(test_later, setup),
                                     cmocka_unit_test_setup(test_rate, setup),
                                     cmocka_unit_test_setup(test_reports, setup),
                                     cmocka_unit_test_setup(test_long_report, setup),
                                     cmocka_unit_test_setup(test_last_words, setup),
                                     cmocka_unit_test_setup(test_threads, setup)};

  return cmocka_run_group_tests_name("core_log_limit", tests, NULL, NULL);
}
