/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The freestanding helpers against the C library's. The helpers are compiled
 * under the names hv_*; this file is compiled with the same renaming, so the
 * library's functions are reached by what cmocka and builtins do not hide.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <lib/lib.h>

#undef memcpy
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef vsnprintf
#undef snprintf
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int sign(int x) {
  return (x > 0) - (x < 0);
}

/* Every format both ways: text and length must be the same, in a full and in a short buffer. */
#define SAME(...)                                                                                  \
  do {                                                                                             \
    for (size_t size = 1; size <= 64; size += 9) {                                                 \
      char ours[64], theirs[64];                                                                   \
      int n = hv_snprintf(ours, size, __VA_ARGS__), m = snprintf(theirs, size, __VA_ARGS__);       \
      assert_int_equal(n, m);                                                                      \
      assert_string_equal(ours, theirs);                                                           \
    }                                                                                              \
  } while (0)

#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat"

static void formats(void **state) {
  (void)state;
  SAME("plain %% text");
  SAME("%u %lu", UINT32_MAX, UINT64_MAX);
  SAME("%x %lx", 0xabcdefu, UINT64_MAX);
  SAME("[%5u|%05u|%5x|%8lu]", 42, 42, 0xbeef, 1ul);
  SAME("[%05u|%08x|%02u|%u|%x]", 0, 0xbeef, 123, 0, 0);
  SAME("[%s|%.2s|%.5s|%.0s]", "abc", "abc", "abc", "abc");
  SAME("[%c%c]", 'x', 'y');
  SAME("%016lx", 0x1234ul);
}

static void string_without_end(void **state) {
  (void)state;
  char *unterminated = malloc(4), out[16];
  memcpy(unterminated, "abcd", 4);
  hv_snprintf(out, sizeof(out), "%.4s", unterminated);
  assert_string_equal(out, "abcd");
  free(unterminated);
}

static void copies(void **state) {
  (void)state;
  uint8_t a[160], b[160], want[160];
  for (size_t n = 0; n <= 100; n++) {
    for (size_t from = 0; from < 10; from++) {
      for (size_t to = 0; to < 10; to++) {
        for (size_t i = 0; i < sizeof(a); i++)
          a[i] = b[i] = want[i] = (uint8_t)(i * 7 + 1);
        memcpy(want + to, b + from, n);
        assert_ptr_equal(hv_memcpy(a + to, b + from, n), a + to);
        assert_memory_equal(a, want, sizeof(a));
        memcpy(a, b, sizeof(a));
        memcpy(want, b, sizeof(want));
      }
    }
  }
}

static void sets(void **state) {
  (void)state;
  for (size_t n = 0; n <= 100; n++) {
    uint8_t a[128] = {0}, want[128] = {0};
    memset(want + 3, 0xa5, n);
    hv_memset(a + 3, 0x1a5, n);
    assert_memory_equal(a, want, sizeof(a));
  }
}

static void compares(void **state) {
  (void)state;
  static const char *const words[] = {"", "a", "ab", "abc", "abd", "b", "\xff", "a\x80"};
  for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
    assert_int_equal(hv_strlen(words[i]), strlen(words[i]));
    assert_int_equal(hv_strnlen(words[i], 2), strnlen(words[i], 2));
    for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
      assert_int_equal(sign(hv_strcmp(words[i], words[k])), sign(strcmp(words[i], words[k])));
      assert_int_equal(sign(hv_strncmp(words[i], words[k], 2)),
                       sign(strncmp(words[i], words[k], 2)));
      size_t n = MIN(strlen(words[i]), strlen(words[k])) + 1;
      assert_int_equal(sign(hv_memcmp(words[i], words[k], n)), sign(memcmp(words[i], words[k], n)));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(formats), cmocka_unit_test(string_without_end), cmocka_unit_test(copies),
      cmocka_unit_test(sets),    cmocka_unit_test(compares),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
