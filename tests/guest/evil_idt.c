// SPDX-License-Identifier: Apache-2.0
// An interrupt table where no memory is: an access while an exception is delivered. The domain
// may die of it, alone.
/* guest: on_crash=restart on_reboot=restart done=2 */
#include "rt/rt.h"

void test_main(void) {
  static const struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) nowhere = {4095, 0xfd800000};
  CHECK("evil_idt.started", 1);
  printf("DONE 1 0\n");
  asm volatile("lidt %0; ud2" : : "m"(nowhere));
}
