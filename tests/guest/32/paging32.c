// SPDX-License-Identifier: Apache-2.0
// Hypercalls of a 32-bit guest with two-level paging.
/* guest: */
#include "rt32/rt32.h"

void test_main(void) {
  paging_enable(0);
  paging_checks("paging32");
}
