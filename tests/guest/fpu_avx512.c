// SPDX-License-Identifier: Apache-2.0
// AVX-512's registers, where shown: what XSAVE and XSAVEOPT keep in the guest (Bochs's XSAVEC and
// XSAVES do not: docs/guide/debugging.md), and what two vCPUs that share a CPU find after each
// other.
/* guest: vcpus=2 smp=1 xen-smp=1 xen-args="dom0_max_vcpus=2" */
#include "rt/rt.h"

#define MASK           0xe7u // x87, SSE, AVX, AVX-512's three
#define OPERANDS(area) "r"(area), "a"(MASK), "d"(0) : "memory"

typedef uint8_t zmm[64];
static uint8_t area[4096] __attribute__((aligned(64)));
static volatile unsigned rounds[2], bad[2];

#define EACH(op)                                                                                   \
  op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14)   \
      op(15) op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27)   \
          op(28) op(29) op(30) op(31)
#define LOAD(n)  asm volatile("vmovdqu64 %0, %%zmm" #n : : "m"(image[n]));
#define STORE(n) asm volatile("vmovdqu64 %%zmm" #n ", %0" : "=m"(image[n]));
#define CLEAR(n) asm volatile("vpxorq %zmm" #n ", %zmm" #n ", %zmm" #n);

static void load(const zmm image[32]) {
  EACH(LOAD)
}
static void store(zmm image[32]) {
  EACH(STORE)
}
static void clear(void) {
  EACH(CLEAR)
}

static void save_plain(void) {
  asm volatile("xsave64 (%0)" : : OPERANDS(area));
}
static void save_optimised(void) {
  asm volatile("xsaveopt64 (%0)" : : OPERANDS(area));
}

// Kept and given back: all registers, or only `size` bytes of each from `first` on.
static int kept(void (*save)(void), unsigned first, unsigned end, unsigned size) {
  static zmm want[32], got[32];
  memset(want, 0, sizeof(want));
  for (unsigned i = first; i < end; i++)
    memset(want[i], (int)(0x40 + i), size);
  memset(area, 0, sizeof(area));
  load(want);
  save();
  clear();
  asm volatile("xrstor64 (%0)" : : OPERANDS(area));
  store(got);
  return !memcmp(want, got, sizeof(want));
}

static void instruction(const char *name, void (*save)(void)) {
  static const struct {
    const char *what;
    unsigned first, end, size;
  } cases[] = {{"all", 0, 32, 64},      {"low_xmm", 0, 16, 16},   {"low_ymm", 0, 16, 32},
               {"low_zmm", 0, 16, 64},  {"high_xmm", 16, 32, 16}, {"high_ymm", 16, 18, 32},
               {"one_high", 31, 32, 64}};
  for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
    char text[64];
    snprintf(text, sizeof(text), "fpu_avx512.%s.%s", name, cases[i].what);
    CHECK(text, kept(save, cases[i].first, cases[i].end, cases[i].size));
  }
}

static void enable(void) {
  write_cr4(read_cr4() | CR4_OSXSAVE);
  asm volatile("xsetbv" : : "a"(MASK), "d"(0), "c"(0));
}

static void work(void) {
  static zmm want[2][32], got[2][32];
  unsigned me = this_cpu()->vcpu;
  enable();
  for (unsigned i = 0; i < 32; i++)
    memset(want[me][i], (int)(me * 0x80 + i + 1), sizeof(zmm));
  load(want[me]);
  for (unsigned i = 0; i < 100; i++) {
    if (i % 3)
      sched_op(SCHEDOP_yield, 0);
    else
      delay_ns(MS / 4);
    store(got[me]);
    bad[me] += memcmp(want[me], got[me], sizeof(want[me])) != 0;
    rounds[me]++;
  }
}

static void second_vcpu(void) {
  work();
  for (;;)
    cpu_relax();
}

void test_main(void) {
  int shown = (cpuid(1, 0).ecx >> 26 & 1) && (cpuid(7, 0).ebx >> 16 & 1);
  printf("AVX-512 %s\n", shown ? "shown" : "not shown");
  CHECK("fpu_avx512.policy", shown || !(cpuid(7, 0).ebx >> 16 & 1));
  if (!shown)
    return;
  enable();
  instruction("xsave", save_plain);
  if (cpuid(0xd, 1).eax & 1)
    instruction("xsaveopt", save_optimised);
  check_eq("fpu_avx512.start", cpu_start(1, second_vcpu), 0);
  work();
  CHECK("fpu_avx512.both_ran", WAIT(rounds[1] == 100, 5000 * MS));
  check_eq("fpu_avx512.first", bad[0], 0);
  check_eq("fpu_avx512.second", bad[1], 0);
}
