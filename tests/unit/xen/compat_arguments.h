/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of calls as a 32-bit guest lays them out; compared with Debian's headers by test_abi.
 */
#ifndef TESTS_XEN_COMPAT_ARGUMENTS_H
#define TESTS_XEN_COMPAT_ARGUMENTS_H

#include <stdint.h>

#pragma pack(push, 4)
struct compat_multicall_entry {
  uint32_t op, result, args[6];
};
struct compat_sched_poll {
  uint32_t ports, nr_ports;
  uint64_t timeout;
};
struct compat_memory_reservation {
  uint32_t extent_start, nr_extents, extent_order, mem_flags;
  uint16_t domid;
};
struct compat_add_to_physmap {
  uint16_t domid, size;
  uint32_t space, idx, gpfn;
};
struct compat_add_to_physmap_batch {
  uint16_t domid, space, size, extra;
  uint32_t idxs, gpfns, errs;
};
struct compat_remove_from_physmap {
  uint16_t domid;
  uint32_t gpfn;
};
struct compat_memory_map {
  uint32_t nr_entries, buffer;
};
#pragma pack(pop)

#endif
