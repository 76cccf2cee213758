// SPDX-License-Identifier: Apache-2.0
// The machine's memory-mapped devices and the hypervisor's memory are not in the guest's map.
/* guest: xen=no (a boot domain owns the machine's devices) */
#include "rt/rt.h"

static void hidden(const char *what, uint64_t address) {
  char name[48];
  volatile uint32_t *at = vm_map(0, address & ~0xfffUL, PTE_P | PTE_W);
  snprintf(name, sizeof(name), "devices_hidden.%s", what);
  check_eq(name, at[(address & 0xfff) / 4], 0xffffffff);
}

void test_main(void) {
  hidden("io_apic", 0xfec00000);
  hidden("hpet", 0xfed00000);
  hidden("ecam", 0xb0000000);
  hidden("tpm", 0xfed40000);
  hidden("bios", 0xfffffff0);
  hidden("past_ram", 0x3f000000);
  hidden("above_4g", 0x140000000);
}
