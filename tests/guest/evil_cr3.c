// SPDX-License-Identifier: Apache-2.0
// Page tables where no memory is, and in the local APIC's page. The domain may die of it, alone.
/* guest: on_crash=restart on_reboot=restart done=2 */
#include "rt/rt.h"

void test_main(void) {
  volatile uint64_t *hole = vm_map(0, 0xfd800000, PTE_P | PTE_W);
  CHECK("evil_cr3.started", hole[0]);
  printf("DONE 1 0\n");
  // The window's own page table moves onto the local APIC's page, then all of them away.
  extern uint64_t boot_pml4[512];
  uint64_t *pdpt = (uint64_t *)(boot_pml4[1] & ~0xfffUL), *pd = (uint64_t *)(pdpt[0] & ~0xfffUL);
  pd[0] = 0xfee00000UL | PTE_P | PTE_W | PTE_U;
  TRY("invlpg (%0); mov (%0), %%rax", TRY_NO_OUTPUT, "r"(hole), "a"(0));
  asm volatile("mov %0, %%cr3; nop" : : "r"(0xfd800000UL) : "memory");
  shutdown(SHUTDOWN_crash);
}
