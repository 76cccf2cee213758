// SPDX-License-Identifier: Apache-2.0
// What an exit costs in instructions: run with an emulator that counts one nanosecond for each
// (QEMU: -icount shift=0; Bochs: ips=1000000000), where the TSC's steps, turned into nanoseconds,
// are instructions.
/* guest: icount=1 */
#include "rt/rt.h"

#define COUNT   1000UL
#define BATCHES 8

// The shortest of several such loops, in ticks.
#define MEASURE(setup, instruction)                                                                \
  ({                                                                                               \
    uint64_t best_ = ~0UL;                                                                         \
    for (unsigned i_ = 0; i_ < BATCHES; i_++)                                                      \
      best_ = least(best_, LOOP(COUNT, setup, instruction));                                       \
    best_;                                                                                         \
  })

static uint64_t per_exit(uint64_t with, uint64_t without) {
  uint64_t mega = tsc_hz() / 1000000;
  return ((with - without) * 1000 / mega + COUNT / 2) / COUNT;
}

static void figure(const char *name, uint64_t with, uint64_t without) {
  printf("figure: %s %lu instructions\n", name, per_exit(with, without));
}

#define VERSION   "mov $17, %%eax; xor %%edi, %%edi; xor %%esi, %%esi"
#define LEAF      "xor %%eax, %%eax; xor %%ecx, %%ecx"
#define APIC_BASE "mov $0x1b, %%ecx"
#define PORT      "mov $0x3e0, %%edx"
#define UNKNOWN   "mov $63, %%eax"
#define YIELD     "mov $29, %%eax; xor %%edi, %%edi; xor %%esi, %%esi"
#define TPR       "mov $0xfee00080, %%ebx"

static void hypercalls_amd(void) {
  figure("hypercall.null.instructions", MEASURE(VERSION, "vmmcall"), MEASURE(VERSION, ""));
  figure("hypercall.unknown.instructions", MEASURE(UNKNOWN, "vmmcall"), MEASURE(UNKNOWN, ""));
  figure("hypercall.yield.instructions", MEASURE(YIELD, "vmmcall"), MEASURE(YIELD, ""));
}

static void hypercalls_intel(void) {
  figure("hypercall.null.instructions", MEASURE(VERSION, "vmcall"), MEASURE(VERSION, ""));
  figure("hypercall.unknown.instructions", MEASURE(UNKNOWN, "vmcall"), MEASURE(UNKNOWN, ""));
  figure("hypercall.yield.instructions", MEASURE(YIELD, "vmcall"), MEASURE(YIELD, ""));
}

void test_main(void) {
  if (is_intel())
    hypercalls_intel();
  else
    hypercalls_amd();
  figure("exit.cpuid.instructions", MEASURE(LEAF, "cpuid"), MEASURE(LEAF, ""));
  figure("exit.rdmsr.instructions", MEASURE(APIC_BASE, "rdmsr"), MEASURE(APIC_BASE, ""));
  figure("exit.port_read.instructions", MEASURE(PORT, "in %%dx, %%al"), MEASURE(PORT, ""));
  figure("exit.apic_read.instructions", MEASURE(TPR, "mov (%%rbx), %%eax"), MEASURE(TPR, ""));
  figure("exit.apic_write.instructions", MEASURE(TPR "; xor %%eax, %%eax", "mov %%eax, (%%rbx)"),
         MEASURE(TPR "; xor %%eax, %%eax", ""));
  CHECK("bench.tsc", tsc_hz() > 100000000UL);
}
