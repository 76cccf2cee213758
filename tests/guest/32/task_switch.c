// SPDX-License-Identifier: Apache-2.0
// A hardware task switch, which VT-x leaves to root mode and root mode refuses: the end of the
// domain, with a word.
/* guest: done=0 expect="crashed: a hardware task switch" xen=no (it does the switch)
 * qemu=no (so does the machine) */
#include "rt32/rt32.h"

#define TSS_SELECTOR 0xf8

static uint64_t gdt[32];
static uint32_t tss[26];

void test_main(void) {
  struct {
    uint16_t limit;
    uint32_t base;
  } __attribute__((packed)) table;
  struct {
    uint32_t offset;
    uint16_t selector;
  } __attribute__((packed)) to = {0, TSS_SELECTOR};
  uint64_t base = (uintptr_t)tss;
  asm volatile("sgdt %0" : "=m"(table));
  for (unsigned i = 0; i < (table.limit + 1u) / 8; i++)
    gdt[i] = ((const uint64_t *)table.base)[i];
  gdt[TSS_SELECTOR / 8] = sizeof(tss) - 1; // the limit
  gdt[TSS_SELECTOR / 8] |= (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24) << 56;
  table.limit = sizeof(gdt) - 1;
  table.base = (uintptr_t)gdt;
  check_eq("task_switch.starts", table.limit, sizeof(gdt) - 1);
  asm volatile("lgdt %0\n\tljmp *%1" : : "m"(table), "m"(to) : "memory");
  check_eq("task_switch.ends", 0, 1);
}
