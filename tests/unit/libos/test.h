/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cmocka wants to be included before it, and a random sequence that is the same every time.
 */
#ifndef TESTS_UNIT_LIBOS_TEST_H
#define TESTS_UNIT_LIBOS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline uint32_t random_below(uint32_t limit) {
  static uint64_t state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32) % limit;
}

#endif
