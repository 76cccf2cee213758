/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op (libxen-dev 4.17, xen/memory.h).
 */
#ifndef ABI_XEN_MEMORY_H
#define ABI_XEN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_maximum_ram_page     2
#define XENMEM_current_reservation  3
#define XENMEM_maximum_reservation  4
#define XENMEM_populate_physmap     6
#define XENMEM_add_to_physmap       7
#define XENMEM_memory_map           9
#define XENMEM_machine_memory_map   10
#define XENMEM_maximum_gpfn         14
#define XENMEM_remove_from_physmap  15
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_acquire_resource     28

struct xen_memory_reservation {
  uint64_t extent_start; /* guest-linear address of xen_pfn_t[nr_extents] */
  uint64_t nr_extents;
  uint32_t extent_order;
  uint32_t mem_flags;
  uint16_t domid;
};

#define XENMAPSPACE_shared_info  0
#define XENMAPSPACE_grant_table  1
#define XENMAPSPACE_gmfn         2
#define XENMAPSPACE_gmfn_range   3
#define XENMAPSPACE_gmfn_foreign 4

struct xen_add_to_physmap {
  uint16_t domid;
  uint16_t size; /* gmfn_range: pages */
  uint32_t space;
  uint64_t idx;
  uint64_t gpfn;
};

struct xen_add_to_physmap_batch {
  uint16_t domid;
  uint16_t space;
  uint16_t size;
  uint16_t extra; /* gmfn_foreign: domain; else 0 */
  uint64_t idxs;
  uint64_t gpfns;
  uint64_t errs;
};

struct xen_remove_from_physmap {
  uint16_t domid;
  uint64_t gpfn;
};

#define XENMEM_resource_grant_table           1
#define XENMEM_resource_grant_table_id_shared 0

struct xen_mem_acquire_resource {
  uint16_t domid;
  uint16_t type;
  uint32_t id;
  uint32_t nr_frames;  /* 0 without a list: out, how many there are */
  uint32_t pad;        /* 0 */
  uint64_t frame;      /* the first */
  uint64_t frame_list; /* guest-linear address of xen_pfn_t[nr_frames]: where to put them */
};

struct xen_memory_map {
  uint32_t nr_entries; /* in: room; out: filled */
  uint64_t buffer;     /* of E820 entries, 20 bytes each */
};

struct xen_e820_entry {
  uint64_t addr, size;
  uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct xen_memory_reservation) == 32, "xen_memory_reservation");
_Static_assert(sizeof(struct xen_add_to_physmap) == 24, "xen_add_to_physmap");
_Static_assert(sizeof(struct xen_add_to_physmap_batch) == 32, "xen_add_to_physmap_batch");
_Static_assert(sizeof(struct xen_remove_from_physmap) == 16, "xen_remove_from_physmap");
_Static_assert(sizeof(struct xen_mem_acquire_resource) == 32, "xen_mem_acquire_resource");
_Static_assert(sizeof(struct xen_memory_map) == 16, "xen_memory_map");
_Static_assert(sizeof(struct xen_e820_entry) == 20, "xen_e820_entry");

#endif
