// SPDX-License-Identifier: Apache-2.0
// Numbers that are no hypercall, hypercalls of other kinds of guests, and unknown sub-operations.
/* guest: */
#include "rt/rt.h"

static void numbers(void) {
  static const unsigned none[] = {0, 1, 2, 3, 4, 5, 8, 9, 10, 14, 23, 43, 47, 55, 56, 63, 64, 255};
  char name[48];
  for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
    snprintf(name, sizeof(name), "hypercall_unknown.number.%u", none[i]);
    check_eq(name, hypercall3(none[i], 0, 0, 0), -XEN_ENOSYS);
  }
  check_eq("hypercall_unknown.number.max", hypercall_through(hypercall_gate, ~0UL, 0, 0, 0, 0, 0),
           -XEN_ENOSYS);
  // All 64 bits of RAX count.
  check_eq("hypercall_unknown.number.high_bits",
           hypercall_through(hypercall_gate, 1UL << 32 | __HYPERVISOR_xen_version, 0, 0, 0, 0, 0),
           -XEN_ENOSYS);
}

static void sub_operations(void) {
  uint64_t buffer[16] = {0};
  check_eq("hypercall_unknown.sub.memory_op", memory_op(63, buffer), -XEN_ENOSYS);
  check_eq("hypercall_unknown.sub.sched_op", sched_op(99, buffer), -XEN_ENOSYS);
  check_eq("hypercall_unknown.sub.event_op", event_op(99, buffer), -XEN_ENOSYS);
  check_eq("hypercall_unknown.sub.hvm_op", hvm_op(99, buffer), -XEN_ENOSYS);
  check_eq("hypercall_unknown.sub.vcpu_op", vcpu_op(99, 0, buffer), -XEN_ENOSYS);
  check_eq("hypercall_unknown.sub.console_io", console_io(99, 0, buffer), -XEN_ENOSYS);
  check_eq("hypercall_unknown.sub.xen_version", xen_version(99, buffer), -XEN_ENOSYS);
}

void test_main(void) {
  numbers();
  sub_operations();
}
