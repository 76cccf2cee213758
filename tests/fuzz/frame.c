/* SPDX-License-Identifier: Apache-2.0 */
/* The frame around every fuzz target: libFuzzer's entry point. See fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_take(struct fuzz_input *in, void *to, size_t n) {
  size_t have = n < in->left ? n : in->left;
  memset(to, 0, n);
  if (have)
    memcpy(to, in->at, have);
  in->at += have;
  in->left -= have;
}

uint8_t fuzz_u8(struct fuzz_input *in) {
  uint8_t byte;
  fuzz_take(in, &byte, 1);
  return byte;
}

void fuzz_broken(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct fuzz_input in = {bytes, size};
  fuzz_one(&in);
  return 0;
}
