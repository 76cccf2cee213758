/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a target on files, in place of libFuzzer, for compilers that do not have it: the coverage
 * report (tests/coverage) counts what the corpora reach with gcc. Options are libFuzzer's: ignored.
 */
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int main(int argc, char **argv) {
  static uint8_t bytes[1 << 20];
  for (int i = 1; i < argc; i++) {
    FILE *file = argv[i][0] == '-' ? NULL : fopen(argv[i], "rb");
    if (!file)
      continue;
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
  }
  return 0;
}
