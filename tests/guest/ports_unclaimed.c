// SPDX-License-Identifier: Apache-2.0
// Ports that nobody claims read all ones in each width and drop what is written.
/* guest: */
#include "rt/rt.h"

void test_main(void) {
  static const uint16_t ports[] = {0x100, 0x2e8, 0x3e0, 0x5000, 0xe000, 0xfff0};
  char name[48];
  for (unsigned i = 0; i < ARRAY_LEN(ports); i++) {
    out8(ports[i], 0x5a);
    out16(ports[i], 0x5a5a);
    out32(ports[i], 0x5a5a5a5a);
    snprintf(name, sizeof(name), "ports_unclaimed.%x.byte", ports[i]);
    check_eq(name, in8(ports[i]), 0xff);
    snprintf(name, sizeof(name), "ports_unclaimed.%x.word", ports[i]);
    check_eq(name, in16(ports[i]), 0xffff);
    snprintf(name, sizeof(name), "ports_unclaimed.%x.long", ports[i]);
    check_eq(name, in32(ports[i]), 0xffffffff);
  }
  uint64_t rax = 0x1122334455667788;
  asm volatile("mov $0x3e0, %%edx; in %%dx, %%al" : "+a"(rax) : : "rdx");
  check_eq("ports_unclaimed.byte_keeps_rest", rax, 0x11223344556677ff);
  asm volatile("mov $0x3e0, %%edx; in %%dx, %%eax" : "+a"(rax) : : "rdx");
  check_eq("ports_unclaimed.long_clears_high", rax, 0xffffffff);
}
