// SPDX-License-Identifier: Apache-2.0
// A page that moves all over the guest-physical space leaves page tables behind: the hypervisor
// grows by them, and stops where they would be more than this domain's share.
/* guest: on_reboot=restart done=2 xen=no (its boot domain has no such limit) */
#include "rt/rt.h"

#define STEP   512UL /* pages that one table maps */
#define PLACES 4096UL
#define FIRST  0x200000UL /* 8 GiB */
#define LEAST  32UL
#define MOST   1024UL

void test_main(void) {
  uint64_t at = (uintptr_t)page_alloc() >> 12, moved = 0;
  int64_t error = 0;
  for (; moved < PLACES && !error; moved += !error) {
    error = physmap_add(XENMAPSPACE_gmfn, at, FIRST + moved * STEP);
    at = error ? at : FIRST + moved * STEP;
  }
  printf("%lu places\n", moved);
  CHECK("p2m_tables.some", moved >= LEAST);
  CHECK("p2m_tables.not_all", moved <= MOST);
  check_eq("p2m_tables.error", error, -XEN_ENOMEM);
  check_eq("p2m_tables.in_reach", physmap_add(XENMAPSPACE_gmfn, at, FIRST + 1), 0);
  printf("DONE 1 0\n");
  shutdown(SHUTDOWN_reboot);
}
