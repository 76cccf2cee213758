// SPDX-License-Identifier: Apache-2.0
// The machine's own devices are not the domain's: their ports look empty, writes reach nothing.
/* guest: xen=no (a boot domain owns the machine's devices) */
#include "rt/rt.h"

static void empty(const char *what, uint16_t port) {
  char name[48];
  snprintf(name, sizeof(name), "ports_hidden.%s", what);
  check_eq(name, in8(port), 0xff);
}

void test_main(void) {
  empty("pic", 0x21);
  empty("pit", 0x40);
  empty("keyboard.data", 0x60);
  empty("keyboard.status", 0x64);
  empty("speaker", 0x61);
  out8(0x70, 0);
  empty("cmos", 0x71);
  empty("fast_a20", 0x92);
  empty("ide", 0x1f7);
  empty("vga", 0x3da);
  empty("serial.status", 0x3fd);
  out16(0x510, 0);
  empty("fw_cfg", 0x511);
  out32(0xcf8, 0x80000000);
  check_eq("ports_hidden.pci", in32(0xcfc), 0xffffffff);
  // Each of these would end the machine.
  out8(0xcf9, 6);
  out8(0x64, 0xfe);
  out16(0x604, 0x2000);
  out8(0x92, 1);
  out8(0xb2, 1);
  out8(0x501, 1);
  CHECK("ports_hidden.alive", 1);
}
