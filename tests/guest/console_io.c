// SPDX-License-Identifier: Apache-2.0
// console_io: writing and reading without a ring.
/* guest: expect="a line in two pieces" */
#include "rt/rt.h"

static char big[5000];

void test_main(void) {
  char text[] = "a line in ", rest[] = "two pieces\n", input[8];
  check_eq("console_io.nothing", console_io(CONSOLEIO_write, 0, text), 0);
  console_io(CONSOLEIO_write, 10, text);
  console_io(CONSOLEIO_write, 11, rest);
  check_eq("console_io.write", console_io(CONSOLEIO_write, 1, "\n"), 0);
  memset(big, '.', sizeof(big));
  for (unsigned i = 99; i < sizeof(big); i += 100)
    big[i] = '\n';
  check_eq("console_io.big", console_io(CONSOLEIO_write, sizeof(big), big), 0);
  check_eq("console_io.read_none", console_io(CONSOLEIO_read, sizeof(input), input), 0);
  check_eq("console_io.wild_write", console_io(CONSOLEIO_write, 5, UNMAPPED), -XEN_EFAULT);
  check_eq("console_io.non_canonical", console_io(CONSOLEIO_write, 5, NON_CANONICAL), -XEN_EFAULT);
  check_eq("console_io.unknown", console_io(2, 5, text), -XEN_ENOSYS);
}
