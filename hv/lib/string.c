/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and string functions with the meanings of the C library. They move
 * eight bytes at a time; nothing here depends on the machine beyond its
 * allowing unaligned access.
 */
#include <lib/lib.h>

typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

void *memcpy(void *d, const void *s, size_t n) {
  char *to = d;
  const char *from = s;
#pragma GCC unroll 16
  for (; n >= 8; n -= 8, to += 8, from += 8)
    *(word_t *)to = *(const word_t *)from;
  while (n--)
    *to++ = *from++;
  return d;
}

void *memset(void *d, int c, size_t n) {
  char *to = d;
  uint64_t word = (uint8_t)c * 0x0101010101010101ull;
#pragma GCC unroll 16
  for (; n >= 8; n -= 8, to += 8)
    *(word_t *)to = word;
  while (n--)
    *to++ = (char)c;
  return d;
}

int memcmp(const void *a, const void *b, size_t n) {
  const unsigned char *x = a, *y = b;
  for (; n; n--, x++, y++) {
    if (*x != *y)
      return *x - *y;
  }
  return 0;
}

size_t strnlen(const char *s, size_t max) {
  size_t n = 0;
  while (n < max && s[n])
    n++;
  return n;
}

size_t strlen(const char *s) {
  return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n) {
  for (; n; n--, a++, b++) {
    if (*a != *b)
      return (unsigned char)*a - (unsigned char)*b;
    if (!*a)
      break;
  }
  return 0;
}

int strcmp(const char *a, const char *b) {
  return strncmp(a, b, SIZE_MAX);
}
