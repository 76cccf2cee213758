// SPDX-License-Identifier: Apache-2.0
// Hypercalls of a 32-bit guest with PAE paging.
/* guest: xen=no (the emulator sets a bit in the first level that Xen's walker takes as reserved) */
#include "rt32/rt32.h"

void test_main(void) {
  paging_enable(1);
  paging_checks("pae32");
}
