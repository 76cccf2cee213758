/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit counts: which lines of a console are counts, and how they are written.
 */
#include "test.h"

#include <string.h>

#include "../../../tools/skerry/stat.h"

#define CONSOLE                                                                                    \
  "skerry: 1 CPUs, TSC at 1000001 kHz\r\n"                                                         \
  "skerry: exits: a 0 cpuid 5\r\n"                                                                 \
  "[a] skerry: exits: a 0 cpuid 99\r\n"                                                            \
  "skerry: exits: b 1 hlt 18446744073709551615\n"                                                  \
  "skerry: exits: a 0 cpuid 7\r\n"                                                                 \
  "skerry: exits: a x cpuid 8\r\n"                                                                 \
  "skerry: exits: a 0 cpuid 8 9\r\n"                                                               \
  "skerry: exits: end\r\n"                                                                         \
  "skerry: exits: a 0 cpuid 6"

static const char *prometheus(const char *console, struct buf *out) {
  struct stat_counts c = stat_read(console);
  stat_prometheus(&c, out);
  stat_free(&c);
  return buf_text(out);
}

static void test_last_count_holds(void **state) {
  (void)state;
  struct buf out = {0};
  assert_string_equal(
      prometheus(CONSOLE, &out),
      "# HELP skerry_exits_total How often a vCPU has left its guest.\n"
      "# TYPE skerry_exits_total counter\n"
      "skerry_exits_total{domain=\"a\",vcpu=\"0\",reason=\"cpuid\"} 7\n"
      "skerry_exits_total{domain=\"b\",vcpu=\"1\",reason=\"hlt\"} 18446744073709551615\n");
  buf_free(&out);
}

static void test_nothing(void **state) {
  (void)state;
  struct stat_counts c = stat_read("no counts\nat all");
  assert_int_equal(c.list.size, 0);
  stat_free(&c);
}

static void test_table(void **state) {
  (void)state;
  struct stat_counts c = stat_read("skerry: exits: a 0 cpuid 5\nskerry: exits: a 1 hlt 6\n");
  struct buf out = {0};
  stat_text(&c, &out);
  assert_string_equal(buf_text(&out), "DOMAIN           VCPU REASON            EXITS\n"
                                      "a                   0 cpuid                 5\n"
                                      "a                   1 hlt                   6\n"
                                      "all                                        11\n");
  buf_free(&out);
  stat_free(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_last_count_holds),
      cmocka_unit_test(test_nothing),
      cmocka_unit_test(test_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
