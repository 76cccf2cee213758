/* SPDX-License-Identifier: Apache-2.0 */
/* Our headers of the guest ABI against Debian's, number by number, for guests of either width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

extern const uint32_t abi_ours[][2], abi_debian[][2];
extern const char _binary_abi32_start[], _binary_abi32_end[];

static const char *const names[] = {
#define VALUE(v)            #v,
#define SIZE(s)             "size of " #s,
#define OFFSET(s, m)        #s "." #m,
#define BOTH_SIZE(s)        "size of " #s,
#define BOTH_OFFSET(s, m)   #s "." #m,
#define COMPAT_SIZE(s)      "size of " #s,
#define COMPAT_OFFSET(s, m) #s "." #m,
#include "abi_list.def"
};
#define COUNT (sizeof(names) / sizeof(names[0]))

static void compare(const char *what, uint32_t ours, uint32_t theirs, unsigned *wrong) {
  if (ours == theirs)
    return;
  print_message("%s: ours %u, Debian's %u\n", what, ours, theirs);
  ++*wrong;
}

static void test_64_bits(void **unused __attribute__((unused))) {
  unsigned wrong = 0;
  for (size_t i = 0; i < COUNT; i++)
    compare(names[i], abi_ours[i][0], abi_debian[i][0], &wrong);
  assert_int_equal(wrong, 0);
}

static void test_32_bits(void **unused __attribute__((unused))) {
  unsigned wrong = 0;
  assert_int_equal(_binary_abi32_end - _binary_abi32_start, COUNT * 8);
  for (size_t i = 0; i < COUNT; i++) {
    uint32_t theirs[2];
    memcpy(theirs, _binary_abi32_start + i * 8, sizeof(theirs));
    if (abi_ours[i][1] != 0xffffffff)
      compare(names[i], abi_ours[i][1], theirs[0], &wrong);
  }
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_64_bits),
                                     cmocka_unit_test(test_32_bits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
