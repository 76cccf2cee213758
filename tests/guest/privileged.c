// SPDX-License-Identifier: Apache-2.0
// What only a managing domain may do, and what this hypervisor does not have: refused, whatever
// the arguments.
/* guest: xen=no (a boot domain may do all of it) */
#include "rt/rt.h"

static uint8_t argument[4096] __attribute__((aligned(4096)));

static void refused(const char *what, unsigned number, uint64_t a1, uint64_t a2, uint64_t a3) {
  char name[64];
  snprintf(name, sizeof(name), "privileged.%s", what);
  CHECK(name, hypercall3(number, a1, a2, a3) < 0);
}

static void calls(void) {
  uint64_t zeroes = (uintptr_t)argument;
  refused("platform_op", __HYPERVISOR_platform_op, zeroes, 0, 0);
  refused("sysctl", __HYPERVISOR_sysctl, zeroes, 0, 0);
  refused("domctl", __HYPERVISOR_domctl, zeroes, 0, 0);
  refused("kexec", __HYPERVISOR_kexec_op, 0, zeroes, 0);
  refused("xenpmu", __HYPERVISOR_xenpmu_op, 0, zeroes, 0);
  refused("hypfs", __HYPERVISOR_hypfs_op, 0, 0, 0);
  refused("argo", __HYPERVISOR_argo_op, 0, 0, 0);
  refused("mmuext", __HYPERVISOR_mmuext_op, zeroes, 1, 0);
  refused("grant_setup", __HYPERVISOR_grant_table_op, 2, zeroes, 1);
  refused("remote_shutdown", __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, zeroes, 0);
  refused("machine_memory_map", __HYPERVISOR_memory_op, XENMEM_machine_memory_map, zeroes, 0);
}

// Every sub-operation of every hypercall with an argument of zeroes and one of ones: none may be
// more than refused. What would end the domain is left out, and so is a multicall, which would take
// all of this guest's memory for its list.
static void everything(void) {
  for (unsigned number = 0; number < 64; number++)
    for (unsigned command = 0; command < 40; command++) {
      if (number == __HYPERVISOR_sched_op && command >= SCHEDOP_block)
        continue;
      if (number == __HYPERVISOR_sched_op_compat || number == __HYPERVISOR_console_io ||
          number == __HYPERVISOR_multicall)
        continue;
      if (number == __HYPERVISOR_multicall) // would write results all over our own memory
        continue;
      if (number == __HYPERVISOR_vcpu_op && command == VCPUOP_down)
        continue;
      memset(argument, command & 1 ? 0xff : 0, 512);
      hypercall5(number, command, (uintptr_t)argument, 1, 0, 0);
      hypercall5(number, (uintptr_t)argument, command, ~0UL, ~0UL, ~0UL);
      hypercall5(number, command, 0, (uintptr_t)argument, 1, DOMID_SELF);
    }
}

void test_main(void) {
  calls();
  everything();
  CHECK("privileged.alive", 1);
}
