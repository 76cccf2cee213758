// SPDX-License-Identifier: Apache-2.0
// A triple fault ends this domain alone; on_crash: restart brings it back.
/* guest: on_crash=restart on_reboot=restart done=3 */
#include "rt/rt.h"

void test_main(void) {
  static const struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) none = {0, 0};
  CHECK("triple_fault.started", 1);
  printf("DONE 1 0\n");
  asm volatile("lidt %0; ud2" : : "m"(none));
  printf("FAIL triple_fault.end: still runs\n");
}
