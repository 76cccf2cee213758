// SPDX-License-Identifier: Apache-2.0
// Two domains of one system file: each gets its own number, memory and command line, and without a
// channel no event port leads to the other.
/* guest: system=pair.yaml xen=no (it has one domain) */
#include "rt/rt.h"

void test_main(void) {
  int front = role("front");
  domid_t other = front ? 2 : 1;
  CHECK("roles.one", front != role("back"));
  check_eq("roles.domid", cpuid(0x40000004, 0).ecx, front ? 1 : 2);
  check_eq("roles.alloc", evtchn_alloc_unbound(other), -XEN_EPERM);
  check_eq("roles.bind", evtchn_bind_interdomain(other, 1), -XEN_EPERM);
}
