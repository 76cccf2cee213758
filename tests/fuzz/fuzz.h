/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target shares: one function to run an input through, and the
 * input taken apart from its front. Reading past its end gives zeroes.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_input {
  const uint8_t *at;
  size_t left;
};

/* The target: each tests/fuzz/fuzz_NAME.c has one. Returns with nothing left behind. */
void fuzz_one(struct fuzz_input *in);

/* The next n bytes into `to`. */
void fuzz_take(struct fuzz_input *in, void *to, size_t n);
uint8_t fuzz_u8(struct fuzz_input *in);

/* What the tested code promises; a broken promise ends the run with its text. */
#define FUZZ_REQUIRE(what)                                                                         \
  do {                                                                                             \
    if (!(what))                                                                                   \
      fuzz_broken(__FILE__, __LINE__, #what);                                                      \
  } while (0)
void fuzz_broken(const char *file, int line, const char *what) __attribute__((noreturn));

#endif
