/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, sizes, times and names: the forms that are taken, and near misses.
 */
#include "test.h"

#include <stdbool.h>

#include "../../../tools/skerry/value.h"

static void test_counts(void **state) {
  (void)state;
  uint64_t v;
  assert_true(value_count("0", &v) && v == 0);
  assert_true(value_count("18446744073709551615", &v) && v == UINT64_MAX);
  static const char *const bad[] = {
      "", "-1", "+1", "1.0", "0x1", " 1", "1 ", "one", "18446744073709551616"};
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_false(value_count(bad[i], &v));
}

static void test_sizes(void **state) {
  (void)state;
  uint64_t v;
  assert_true(value_size("512MiB", &v) && v == 512ull << 20);
  assert_true(value_size("6 GiB", &v) && v == 6ull << 30);
  assert_true(value_size("1TiB", &v) && v == 1ull << 40);
  static const char *const bad[] = {"",    "512",    "512MB", "512mib",      "1.5GiB",
                                    "GiB", "6  GiB", "-1GiB", "16777216TiB", "1GiB "};
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_false(value_size(bad[i], &v));
}

static void test_times(void **state) {
  (void)state;
  uint64_t v;
  assert_true(value_time("10ms", &v) && v == 10000);
  assert_true(value_time("250us", &v) && v == 250);
  assert_true(value_time("1 s", &v) && v == 1000000);
  assert_false(value_time("10", &v) || value_time("10ns", &v) || value_time("ms", &v));
}

static void test_names(void **state) {
  (void)state;
  assert_true(value_name("a") && value_name("Web-2.b_c"));
  assert_false(value_name(".a") || value_name("-a") || value_name("a b") || value_name("a/b"));
  assert_false(value_name("\xC3\xA4") || value_name("a]"));
}

static void test_size_text(void **state) {
  (void)state;
  assert_string_equal(value_size_text(0), "0 B");
  assert_string_equal(value_size_text(4096), "4 KiB");
  assert_string_equal(value_size_text(6ull << 30), "6 GiB");
  assert_string_equal(value_size_text((1ull << 30) + 1), "1073741825 B");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts), cmocka_unit_test(test_sizes),     cmocka_unit_test(test_times),
      cmocka_unit_test(test_names),  cmocka_unit_test(test_size_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
