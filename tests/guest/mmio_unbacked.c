// SPDX-License-Identifier: Apache-2.0
// Addresses without memory: plain moves of each width read ones and write nothing.
/* guest: xen-differs=xchg,push,sse,string (its emulator knows all instructions) */
#include "rt/rt.h"

#define HOLE 0xfd800000UL

static void reads(const char *where, volatile void *at) {
  char name[64];
  uint64_t r = 0x1122334455667788;
  snprintf(name, sizeof(name), "mmio_unbacked.%s.8", where);
  asm volatile("movb (%1), %b0" : "+q"(r) : "r"(at));
  check_eq(name, r, 0x11223344556677ff);
  snprintf(name, sizeof(name), "mmio_unbacked.%s.16", where);
  asm volatile("movw (%1), %w0" : "+r"(r) : "r"(at));
  check_eq(name, r, 0x112233445566ffff);
  snprintf(name, sizeof(name), "mmio_unbacked.%s.32", where);
  asm volatile("movl (%1), %k0" : "+r"(r) : "r"(at));
  check_eq(name, r, 0xffffffff);
  snprintf(name, sizeof(name), "mmio_unbacked.%s.64", where);
  asm volatile("movq (%1), %0" : "+r"(r) : "r"(at));
  check_eq(name, r, -1);
  snprintf(name, sizeof(name), "mmio_unbacked.%s.movzx", where);
  asm volatile("movzbl (%1), %k0" : "=r"(r) : "r"(at));
  check_eq(name, r, 0xff);
  snprintf(name, sizeof(name), "mmio_unbacked.%s.r9", where);
  asm volatile("movl 4(%1), %%r9d; mov %%r9, %0" : "=r"(r) : "r"(at) : "r9");
  check_eq(name, r, 0xffffffff);
}

static void writes(volatile void *at) {
  asm volatile("movb $1, (%0); movw $2, (%0); movl $3, (%0); movq $4, (%0)" : : "r"(at) : "memory");
  asm volatile("movb %b1, (%0); movw %w1, (%0); movl %k1, (%0); movq %1, (%0)"
               :
               : "r"(at), "r"(5UL)
               : "memory");
  check_eq("mmio_unbacked.write_dropped", *(volatile uint64_t *)at, -1);
}

// Forms that root mode does not decode: #GP, and the guest goes on.
static void odd_forms(void *at) {
  uint64_t one = 1;
  check_fault("mmio_unbacked.xchg", TRY("xchg %0, (%1)", "+r"(one), "r"(at)), TRAP_GP);
  check_fault("mmio_unbacked.push", TRY("push (%0); pop %%rax", TRY_NO_OUTPUT, "r"(at), "a"(0)),
              TRAP_GP);
  check_fault("mmio_unbacked.sse", TRY("movups (%0), %%xmm0", TRY_NO_OUTPUT, "r"(at)), TRAP_GP);
}

static void string_form(void *at) {
  uint64_t from = (uintptr_t)at, count = 4;
  static uint8_t buffer[16];
  void *to = buffer;
  check_fault("mmio_unbacked.string",
              TRY("rep movsb", "+S"(from)COMMA "+D"(to)COMMA "+c"(count), "a"(0)), TRAP_GP);
}

void test_main(void) {
  void *high = vm_map(0, 0xfd00000000UL, PTE_P | PTE_W);
  reads("hole", (void *)HOLE);
  reads("high", high);
  writes((void *)HOLE);
  writes(high);
  odd_forms((void *)HOLE);
  string_form((void *)HOLE);
}
