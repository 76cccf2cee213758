/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work of a known amount, on this host: what the detector of slow-downs is
 * proved with (tools/bench/detector.py). `spin N` hashes N blocks of memory.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS 4096

int main(int argc, char **argv) {
  static uint64_t block[WORDS];
  unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
  uint64_t hash = 1;
  for (unsigned long n = 0; n < count; n++)
    for (unsigned i = 0; i < WORDS; i++) {
      hash = (hash ^ block[i]) * 0x100000001b3u;
      block[i] = hash;
    }
  return hash == 42; /* so that the loop is not optimised away */
}
