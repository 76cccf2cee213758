/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant_table_op, version 1 (libxen-dev 4.17, xen/grant_table.h). The structures
 * are the same for 32-bit and 64-bit guests but for setup_table, transfer and
 * copy.
 */
#ifndef ABI_XEN_GRANT_TABLE_H
#define ABI_XEN_GRANT_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* An entry of the table that a domain shares with the hypervisor. */
struct grant_entry_v1 {
  uint16_t flags; /* GTF_* */
  uint16_t domid; /* who may */
  uint32_t frame; /* guest frame number of the granter */
};

#define GNTTAB_RESERVED_CONSOLE    0
#define GNTTAB_RESERVED_XENSTORE   1

#define GTF_permit_access          1u
#define GTF_type_mask              3u
#define GTF_readonly               (1u << 2)
#define GTF_reading                (1u << 3)
#define GTF_writing                (1u << 4)

#define GNTTABOP_map_grant_ref     0
#define GNTTABOP_unmap_grant_ref   1
#define GNTTABOP_setup_table       2
#define GNTTABOP_transfer          4
#define GNTTABOP_copy              5
#define GNTTABOP_query_size        6
#define GNTTABOP_unmap_and_replace 7
#define GNTTABOP_set_version       8
#define GNTTABOP_get_status_frames 9
#define GNTTABOP_get_version       10
#define GNTTABOP_swap_grant_ref    11
#define GNTTABOP_cache_flush       12

struct gnttab_map_grant_ref {
  uint64_t host_addr; /* guest-physical */
  uint32_t flags;     /* GNTMAP_* */
  uint32_t ref;
  uint16_t dom;
  int16_t status;
  uint32_t handle;
  uint64_t dev_bus_addr;
};

#define GNTMAP_device_map      (1u << 0)
#define GNTMAP_host_map        (1u << 1)
#define GNTMAP_readonly        (1u << 2)
#define GNTMAP_application_map (1u << 3)
#define GNTMAP_contains_pte    (1u << 4)

struct gnttab_unmap_grant_ref {
  uint64_t host_addr;
  uint64_t dev_bus_addr;
  uint32_t handle;
  int16_t status;
};

struct gnttab_setup_table {
  uint16_t dom;
  uint32_t nr_frames;
  int16_t status;
  uint64_t frame_list; /* guest-linear address of xen_pfn_t[nr_frames] */
};

struct gnttab_transfer {
  uint64_t mfn;
  uint16_t domid;
  uint32_t ref;
  int16_t status;
};

struct gnttab_copy_ptr {
  union {
    uint32_t ref;
    uint64_t gmfn; /* guest frame number */
  } u;
  uint16_t domid;
  uint16_t offset;
};

struct gnttab_copy {
  struct gnttab_copy_ptr source, dest;
  uint16_t len;
  uint16_t flags; /* GNTCOPY_* */
  int16_t status;
};

#define GNTCOPY_source_gref (1u << 0)
#define GNTCOPY_dest_gref   (1u << 1)

struct gnttab_query_size {
  uint16_t dom;
  uint32_t nr_frames;
  uint32_t max_nr_frames;
  int16_t status;
};

struct gnttab_unmap_and_replace {
  uint64_t host_addr;
  uint64_t new_addr;
  uint32_t handle;
  int16_t status;
};

struct gnttab_get_status_frames {
  uint32_t nr_frames;
  uint16_t dom;
  int16_t status;
  uint64_t frame_list;
};

struct gnttab_get_version {
  uint16_t dom;
  uint16_t pad;
  uint32_t version;
};

struct gnttab_swap_grant_ref {
  uint32_t ref_a, ref_b;
  int16_t status;
};

#define GNTST_okay              0
#define GNTST_general_error     (-1)
#define GNTST_bad_domain        (-2)
#define GNTST_bad_gntref        (-3)
#define GNTST_bad_handle        (-4)
#define GNTST_bad_virt_addr     (-5)
#define GNTST_permission_denied (-8)
#define GNTST_bad_page          (-9)
#define GNTST_bad_copy_arg      (-10)
#define GNTST_eagain            (-12)
#define GNTST_no_space          (-13)

_Static_assert(sizeof(struct grant_entry_v1) == 8, "grant_entry_v1");
_Static_assert(sizeof(struct gnttab_map_grant_ref) == 32, "gnttab_map_grant_ref");
_Static_assert(sizeof(struct gnttab_unmap_grant_ref) == 24, "gnttab_unmap_grant_ref");
_Static_assert(sizeof(struct gnttab_copy) == 40, "gnttab_copy");

#endif
