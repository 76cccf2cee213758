// SPDX-License-Identifier: Apache-2.0
// A second life finds the registers that exits do not touch as the first one did: at power-on.
/* guest: on_reboot=restart done=2 xen=no (its boot domain takes the machine along) */
#include "rt/rt.h"

#define MSR_TSC_AUX 0xc0000103

static void dirty(void) {
  asm volatile("mov %0, %%dr1" : : "r"(0x1234UL));
  asm volatile("movq %0, %%xmm5" : : "r"(0x5678UL));
  asm volatile("fninit; fldpi");
  wrmsr(MSR_TSC_AUX, 0x9a);
  asm volatile("xsetbv" : : "a"(3), "d"(0), "c"(0));
}

void test_main(void) {
  uint64_t dr, xmm;
  uint32_t xcr0, aux;
  uint16_t tag[14];
  write_cr4(read_cr4() | CR4_OSXSAVE);
  asm volatile("xgetbv" : "=a"(xcr0) : "c"(0) : "edx");
  asm volatile("mov %%dr1, %0" : "=r"(dr));
  asm volatile("movq %%xmm5, %0" : "=r"(xmm));
  asm volatile("fnstenv %0" : "=m"(tag));
  check_eq("reboot_registers.xcr0", xcr0, 1);
  check_eq("reboot_registers.debug", dr, 0);
  check_eq("reboot_registers.sse", xmm, 0);
  check_eq("reboot_registers.x87_empty", tag[4], 0xffff);
  asm volatile("rdtscp" : "=c"(aux) : : "eax", "edx");
  check_eq("reboot_registers.tsc_aux", aux, 0);
  dirty();
  printf("DONE 5 0\n");
  shutdown(SHUTDOWN_reboot);
}
