// SPDX-License-Identifier: Apache-2.0
// PAT, MTRRs, EFER, system call MSRs and the TSC are each vCPU's own.
/* guest: vcpus=2 smp=1 xen-smp=1 xen-args="dom0_max_vcpus=2"
   xen-differs=pat.reset,second (it leaves PAT to VMRUN, which this emulator does not switch) */
#include "rt/rt.h"

#define ROUNDS 50u

static const uint32_t msrs[] = {0x277, 0xc0000081, 0xc0000082, 0xc0000084, 0x174,
                                0x175, 0x176,      0xc0000100, 0xc0000102, 0x250};
static volatile unsigned bad[2], rounds[2], first_bad[2];
static volatile uint64_t tsc_after_write;

static uint64_t pattern(unsigned vcpu, unsigned i) {
  if (msrs[i] == 0x277)
    return vcpu ? 0x0007040600070401 : 0x0007040600070404;
  if (msrs[i] == 0x250)
    return vcpu ? 0x0606060606060606 : 0;
  if (msrs[i] == 0x174)
    return 0x10 + vcpu * 8;
  if (msrs[i] == 0xc0000084)
    return vcpu ? 0x200 : 0x700;
  return 0x100000 + vcpu * 0x10000 + i * 0x100;
}

static void work(void) {
  unsigned me = this_cpu()->vcpu;
  for (unsigned i = 0; i < ARRAY_LEN(msrs); i++)
    wrmsr(msrs[i], pattern(me, i));
  while (rounds[me] < ROUNDS) {
    for (unsigned i = 0; i < ARRAY_LEN(msrs); i++) {
      if (rdmsr(msrs[i]) == pattern(me, i))
        continue;
      bad[me]++;
      first_bad[me] = msrs[i];
    }
    rounds[me]++;
    sched_op(SCHEDOP_yield, 0);
  }
}

static void second_vcpu(void) {
  work();
  // A TSC of its own: set back by a good while, the first vCPU's unharmed.
  wrmsr(0x10, 1000);
  tsc_after_write = rdtsc();
  rounds[1] = ROUNDS + 1;
  for (;;)
    cpu_relax();
}

void test_main(void) {
  check_eq("msr_state.pat.reset", rdmsr(0x277), 0x0007040600070406);
  uint64_t tsc = rdtsc();
  check_eq("msr_state.start", cpu_start(1, second_vcpu), 0);
  work();
  CHECK("msr_state.both_ran", WAIT(rounds[1] > ROUNDS, 2000 * MS));
  printf("first difference: MSR 0x%x and 0x%x\n", first_bad[0], first_bad[1]);
  check_eq("msr_state.first", bad[0], 0);
  check_eq("msr_state.second", bad[1], 0);
  CHECK("msr_state.tsc.written", tsc_after_write < tsc_hz());
  CHECK("msr_state.tsc.own", rdtsc() > tsc);
}
