// SPDX-License-Identifier: Apache-2.0
// Memory that one vCPU puts where none was for 512 GiB: a sibling on another CPU can pass it to a
// hypercall at once.
/* guest: vcpus=2 xen=no (its boot domain's address space is smaller) */
#include "rt/rt.h"

#define FAR 0x8000000UL /* 512 GiB */

static volatile int ready, there, answered;
static volatile int64_t result;
static void *volatile window;

static void second_vcpu(void) {
  ready = 1;
  while (!there)
    cpu_relax();
  result = xen_version(XENVER_get_features, window);
  answered = 1;
}

void test_main(void) {
  xen_pfn_t gfn = (uintptr_t)page_alloc() >> 12, far = FAR;
  struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(r.extent_start, &gfn);
  window = vm_map(0, FAR << 12, PTE_P | PTE_W);
  check_eq("memory_far.start", cpu_start(1, second_vcpu), 0);
  while (!ready)
    cpu_relax();
  check_eq("memory_far.give", memory_op(XENMEM_decrease_reservation, &r), 1);
  set_xen_guest_handle(r.extent_start, &far);
  check_eq("memory_far.take", memory_op(XENMEM_populate_physmap, &r), 1);
  there = 1;
  while (!answered)
    cpu_relax();
  check_eq("memory_far.sibling", result, 0);
  check_eq("memory_far.self", xen_version(XENVER_get_features, window), 0);
}
