// SPDX-License-Identifier: Apache-2.0
// Code at CPL 3 may not make hypercalls, and may not use ports or MSRs.
/* guest: */
#include "rt/rt.h"

static volatile int64_t result;

static void by_instruction(void) {
  result = xen_version(XENVER_version, 0);
  asm volatile("int3");
}

static void a_port(void) {
  in8(0x80);
  asm volatile("int3");
}

static void an_msr(void) {
  rdmsr(0x1b);
  asm volatile("int3");
}

static void halt(void) {
  asm volatile("hlt; int3");
}

static void time_stamp(void) {
  rdtsc();
  asm volatile("int3");
}

void test_main(void) {
  check_fault("ring3.hypercall", user_call(by_instruction), TRAP_BP);
  check_eq("ring3.hypercall.result", result, -XEN_EPERM);
  check_fault("ring3.port", user_call(a_port), TRAP_GP);
  check_fault("ring3.msr", user_call(an_msr), TRAP_GP);
  check_fault("ring3.hlt", user_call(halt), TRAP_GP);
  check_fault("ring3.rdtsc", user_call(time_stamp), TRAP_BP);
  write_cr4(read_cr4() | CR4_TSD);
  check_fault("ring3.rdtsc.forbidden", user_call(time_stamp), TRAP_GP);
}
