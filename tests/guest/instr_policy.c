// SPDX-License-Identifier: Apache-2.0
// Instructions that the hypervisor must take from the guest, and those that must be harmless.
/* guest: */
#include "rt/rt.h"

static void undefined(void) {
  uint64_t zero = 0;
  check_fault("instr_policy.monitor", TRY("monitor", TRY_NO_OUTPUT, "a"(&zero), "c"(0), "d"(0)),
              TRAP_UD);
  check_fault("instr_policy.mwait", TRY("mwait", TRY_NO_OUTPUT, "a"(0), "c"(0)), TRAP_UD);
  check_fault("instr_policy.vmrun", TRY("vmrun %%rax", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
  check_fault("instr_policy.vmload", TRY("vmload %%rax", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
  check_fault("instr_policy.vmsave", TRY("vmsave %%rax", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
  check_fault("instr_policy.stgi", TRY("stgi", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
  check_fault("instr_policy.clgi", TRY("clgi", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
  check_fault("instr_policy.invlpga", TRY("invlpga %%rax, %%ecx", TRY_NO_OUTPUT, "a"(0), "c"(0)),
              TRAP_UD);
  check_fault("instr_policy.skinit", TRY("skinit %%eax", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
  check_fault("instr_policy.rsm", TRY("rsm", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
}

static void harmless(void) {
  static volatile uint64_t kept;
  kept = 0x1234;
  check_fault("instr_policy.wbinvd", TRY("wbinvd", TRY_NO_OUTPUT, "a"(0)), NO_FAULT);
  int invd = TRY("invd", TRY_NO_OUTPUT, "a"(0));
  CHECK("instr_policy.invd", invd == NO_FAULT || invd == TRAP_GP);
  check_eq("instr_policy.invd.lost_nothing", kept, 0x1234);
}

static void counters(void) {
  int rdpmc = TRY("rdpmc", TRY_NO_OUTPUT, "c"(100), "a"(0));
  CHECK("instr_policy.rdpmc", rdpmc == TRAP_GP || rdpmc == TRAP_UD);
}

static void rdtscp(void) {
  uint32_t low, high, aux = 1;
  if (!(cpuid(0x80000001, 0).edx >> 27 & 1)) {
    check_fault("instr_policy.rdtscp.hidden", TRY("rdtscp", TRY_NO_OUTPUT, "a"(0)), TRAP_UD);
    return;
  }
  wrmsr(0xc0000103, 0x1357);
  uint64_t before = rdtsc();
  asm volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
  check_eq("instr_policy.rdtscp.aux", aux, 0x1357);
  CHECK("instr_policy.rdtscp.time", ((uint64_t)high << 32 | low) >= before);
}

void test_main(void) {
  undefined();
  harmless();
  counters();
  rdtscp();
}
