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
struct compat_mem_acquire_resource {
  uint16_t domid, type;
  uint32_t id, nr_frames, pad;
  uint64_t frame;
  uint32_t frame_list;
};
struct compat_memory_map {
  uint32_t nr_entries, buffer;
};
struct compat_gnttab_setup_table {
  uint16_t dom;
  uint32_t nr_frames;
  int16_t status;
  uint32_t frame_list;
};
struct compat_gnttab_transfer {
  uint32_t mfn;
  uint16_t domid;
  uint32_t ref;
  int16_t status;
};
struct compat_gnttab_copy {
  struct {
    uint32_t where; /* u.ref, u.gmfn */
    uint16_t domid, offset;
  } source, dest;
  uint16_t len, flags;
  int16_t status;
};
#pragma pack(pop)

#endif
