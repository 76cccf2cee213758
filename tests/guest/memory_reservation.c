// SPDX-License-Identifier: Apache-2.0
// XENMEM_{current,maximum}_reservation, maximum_gpfn, and giving pages back and taking them again.
/* guest: */
#include "rt/rt.h"

static int64_t reservation(unsigned command, xen_pfn_t *frames, unsigned count, unsigned order,
                           domid_t domain) {
  struct xen_memory_reservation arg = {.nr_extents = count, .extent_order = order, .domid = domain};
  set_xen_guest_handle(arg.extent_start, frames);
  return memory_op(command, &arg);
}

static int64_t pages_of(domid_t domain, unsigned command) {
  return memory_op(command, &domain);
}

static int64_t current(void) {
  return pages_of(DOMID_SELF, XENMEM_current_reservation);
}

static void sizes(void) {
  int64_t now = current(), most = pages_of(DOMID_SELF, XENMEM_maximum_reservation);
  CHECK("memory_reservation.current", now > 48 << 8);
  CHECK("memory_reservation.maximum", most >= now);
  CHECK("memory_reservation.maximum_gpfn",
        pages_of(DOMID_SELF, XENMEM_maximum_gpfn) >= (int64_t)((uintptr_t)guest_end >> 12));
  check_eq("memory_reservation.other_domain", pages_of(1234, XENMEM_current_reservation),
           -XEN_ESRCH);
  check_eq("memory_reservation.wild", memory_op(XENMEM_current_reservation, UNMAPPED), -XEN_EFAULT);
}

static void give_and_take(void) {
  xen_pfn_t frames[4];
  for (unsigned i = 0; i < 4; i++) {
    volatile uint64_t *page = page_alloc();
    page[0] = 0x1111;
    frames[i] = (uintptr_t)page >> 12;
  }
  int64_t before = current();
  volatile uint64_t *first = (void *)(frames[0] << 12);
  check_eq("memory_reservation.decrease",
           reservation(XENMEM_decrease_reservation, frames, 4, 0, DOMID_SELF), 4);
  check_eq("memory_reservation.decreased", current(), before - 4);
  check_eq("memory_reservation.hole_reads_ones", first[0], -1);
  first[0] = 5;
  check_eq("memory_reservation.hole_drops_writes", first[0], -1);
  check_eq("memory_reservation.decrease_again",
           reservation(XENMEM_decrease_reservation, frames, 4, 0, DOMID_SELF), 0);
  check_eq("memory_reservation.populate",
           reservation(XENMEM_populate_physmap, frames, 4, 0, DOMID_SELF), 4);
  check_eq("memory_reservation.populated", current(), before);
  first[0] = 0x2222;
  check_eq("memory_reservation.is_ram", first[0], 0x2222);
}

// These operations count extents: what cannot be read or done is simply not counted.
static void refused(void) {
  xen_pfn_t frame = (uintptr_t)page_alloc() >> 12;
  check_eq("memory_reservation.wild_argument", memory_op(XENMEM_populate_physmap, UNMAPPED), 0);
  check_eq("memory_reservation.wild_frames",
           reservation(XENMEM_decrease_reservation, UNMAPPED, 1, 0, DOMID_SELF), 0);
  check_eq("memory_reservation.nothing",
           reservation(XENMEM_decrease_reservation, &frame, 0, 0, DOMID_SELF), 0);
  check_eq("memory_reservation.huge_order",
           reservation(XENMEM_decrease_reservation, &frame, 1, 40, DOMID_SELF), 0);
  frame = 1UL << 40;
  check_eq("memory_reservation.frame_too_high",
           reservation(XENMEM_decrease_reservation, &frame, 1, 0, DOMID_SELF), 0);
  check_eq("memory_reservation.of_nobody",
           reservation(XENMEM_decrease_reservation, &frame, 1, 0, 1234), 0);
}

void test_main(void) {
  sizes();
  give_and_take();
  refused();
}
