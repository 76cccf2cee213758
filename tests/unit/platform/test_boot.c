/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory map that boot makes of the loader's, and the command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "boot.h"

struct boot_info boot_info;
static unsigned complaints;

void log_printf(const char *fmt, ...) {
  (void)fmt;
  complaints++;
}

static char map_text[512];

/* The map as text: "start-end start-end", in pages. */
static const char *map(void) {
  int n = 0;
  map_text[0] = 0;
  memory_finish();
  for (unsigned i = 0; i < boot_info.ram_count; i++)
    n += snprintf(map_text + n, sizeof(map_text) - (size_t)n, "%s%lx-%lx", i ? " " : "",
                  boot_info.ram[i].start >> 12, boot_info.ram[i].end >> 12);
  return map_text;
}

static void pages(uint64_t first, uint64_t end, bool usable) {
  memory_add(first << 12, (end - first) << 12, usable);
}

static int empty(void **state) {
  (void)state;
  memset(&boot_info, 0, sizeof(boot_info));
  complaints = 0;
  return 0;
}

static void sorts_and_merges(void **state) {
  (void)state;
  pages(0x200, 0x300, true);
  pages(0x100, 0x200, true);
  pages(0x120, 0x130, true);
  pages(0, 0x9f, true);
  assert_string_equal(map(), "0-9f 100-300");
}

static void holes_win(void **state) {
  (void)state;
  pages(0x100, 0x400, true);
  pages(0x180, 0x190, false);
  pages(0x80, 0x110, false);
  pages(0x3f0, 0x500, false);
  pages(0x200, 0x200, false); /* empty */
  assert_string_equal(map(), "110-180 190-3f0");
}

static void hole_over_all(void **state) {
  (void)state;
  pages(0x100, 0x200, true);
  pages(0x180, 0x300, true);
  pages(0x100, 0x300, false);
  assert_string_equal(map(), "");
}

static void partial_pages(void **state) {
  (void)state;
  memory_add(0x1001, 0x2fff, true); /* 1001-4000 */
  memory_add(0x2ff0, 0x20, false);  /* 2ff0-3010 takes 2 and 3 */
  memory_add(0x9fc00, 0x400, false);
  memory_add(0x8000, 0x97c00, true); /* 8000-9fc00 */
  assert_string_equal(map(), "8-9f");
}

static void wraps(void **state) {
  (void)state;
  pages(0x100, 0x200, true);
  memory_add(UINT64_MAX - 0xfff, UINT64_MAX, false);
  memory_add(0xfffffffffffff800ull, 0x1000, true);
  assert_string_equal(map(), "100-200");
}

static void too_many(void **state) {
  (void)state;
  for (unsigned i = 0; i < BOOT_REGIONS_MAX + 5; i++)
    pages(0x100 + 4 * i, 0x102 + 4 * i, true);
  memory_finish();
  assert_int_equal(boot_info.ram_count, BOOT_REGIONS_MAX);
  assert_int_equal(complaints, 1);
}

static void low_page(void **state) {
  (void)state;
  pages(0, 0x9f, true);
  pages(0x100, 0x200, true);
  memory_finish();
  assert_int_equal(memory_take_low_page(), 0x9e000);
  assert_string_equal(map(), "0-9e 100-200");
}

static void low_page_of_a_large_region(void **state) {
  (void)state;
  pages(0, 0x200, true);
  memory_finish();
  assert_int_equal(memory_take_low_page(), 0x9e000);
  assert_string_equal(map(), "0-9e 9f-200");
}

static void no_low_page(void **state) {
  (void)state;
  pages(0, 1, true); /* page 0 would be no answer */
  pages(0x9f, 0x200, true);
  memory_finish();
  assert_int_equal(memory_take_low_page(), 0);
  assert_string_equal(map(), "0-1 9f-200");
}

static void options(void **state) {
  (void)state;
  char value[8];
  strcpy(boot_info.command_line, "/boot/skerry  panic=poweroff figures console=com2");
  assert_true(option_get("figures", value, sizeof(value)));
  assert_string_equal(value, "");
  assert_true(option_get("panic", value, sizeof(value)));
  assert_string_equal(value, "powerof"); /* cut */
  assert_true(option_is("console", "com2"));
  assert_false(option_is("console", "com"));
  assert_false(option_get("pani", value, sizeof(value)));
  assert_false(option_get("figuresx", value, sizeof(value)));
  assert_false(option_get("poweroff", value, sizeof(value)));
}

#define TEST(f) cmocka_unit_test_setup(f, empty)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(sorts_and_merges),
      TEST(holes_win),
      TEST(hole_over_all),
      TEST(partial_pages),
      TEST(wraps),
      TEST(too_many),
      TEST(low_page),
      TEST(low_page_of_a_large_region),
      TEST(no_low_page),
      TEST(options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
