// SPDX-License-Identifier: Apache-2.0
// The least that a domain can do: start, print, power off.
/* guest: */
#include "rt/rt.h"

void test_main(void) {
  printf("hello from vCPU 0, start info at 0x%p\n", (const void *)start_info);
  CHECK("hello.magic", start_info->magic == XEN_HVM_START_MAGIC_VALUE);
}
