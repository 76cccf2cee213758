// SPDX-License-Identifier: Apache-2.0
// The hypercall page: asked for by MSR 0x40000000, 32 bytes for each number.
/* guest: */
#include "rt/rt.h"

#define HYPERCALL_MSR 0x40000000u

void test_main(void) {
  uint64_t value = 1;
  uint8_t *page = page_alloc();
  check_fault("hypercall_page.write", try_wrmsr(HYPERCALL_MSR, (uintptr_t)page), NO_FAULT);
  check_eq("hypercall_page.version",
           hypercall_through(page + 32 * __HYPERVISOR_xen_version, 0, XENVER_version, 0, 0, 0, 0),
           xen_version(XENVER_version, 0));
  check_eq("hypercall_page.unused", hypercall_through(page + 32 * 63, 0, 0, 0, 0, 0, 0),
           -XEN_ENOSYS);
  check_eq("hypercall_page.last", hypercall_through(page + 32 * 127, 0, 0, 0, 0, 0, 0),
           -XEN_ENOSYS);
  uint8_t *iret = page + 32 * __HYPERVISOR_iret;
  check_fault("hypercall_page.iret", TRY("jmp *%0", TRY_NO_OUTPUT, "r"(iret)), TRAP_UD);
  check_fault("hypercall_page.read", try_rdmsr(HYPERCALL_MSR, &value), NO_FAULT);
  check_eq("hypercall_page.read.value", value, 0);
  check_fault("hypercall_page.second_page", try_wrmsr(HYPERCALL_MSR, (uintptr_t)page | 1), TRAP_GP);
  check_fault("hypercall_page.no_ram", try_wrmsr(HYPERCALL_MSR, 0xfffffff000), TRAP_GP);
  check_fault("hypercall_page.next_msr.read", try_rdmsr(HYPERCALL_MSR + 1, &value), TRAP_GP);
  check_fault("hypercall_page.next_msr.write", try_wrmsr(HYPERCALL_MSR + 1, 0), TRAP_GP);
}
