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

static void test_addresses(void **state) {
  (void)state;
  uint64_t v;
  assert_true(value_address("0xF0000000", &v) && v == 0xF0000000);
  assert_true(value_address("0xffffffffffffffff", &v) && v == UINT64_MAX);
  static const char *const bad[] = {"", "0x", "0xg", "F000", "0X1", "0x-1", "0x10000000000000000"};
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_false(value_address(bad[i], &v));
}

static void test_macs(void **state) {
  (void)state;
  static const uint8_t good[] = {0x00, 0x16, 0x3E, 0xAB, 0xCD, 0xEF};
  uint8_t mac[6];
  assert_true(value_mac("00:16:3e:ab:CD:ef", mac));
  assert_memory_equal(mac, good, 6);
  static const char *const bad[] = {"",
                                    "00:16:3e:ab:cd",
                                    "00:16:3e:ab:cd:e",
                                    "00:16:3e:ab:cd:ef:01",
                                    "00-16-3e-ab-cd-ef",
                                    "00:16:3e:ab:cd:eg",
                                    "ff:ff:ff:ff:ff:ff",
                                    "01:00:5e:00:00:01",
                                    "00:00:00:00:00:00"};
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_false(value_mac(bad[i], mac));
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
      cmocka_unit_test(test_counts),    cmocka_unit_test(test_sizes), cmocka_unit_test(test_times),
      cmocka_unit_test(test_addresses), cmocka_unit_test(test_macs),  cmocka_unit_test(test_names),
      cmocka_unit_test(test_size_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
