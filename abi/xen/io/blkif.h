/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of paravirtual disks (libxen-dev 4.17, xen/io/blkif.h). Structures are those of
 * 64-bit front ends. A 32-bit one has no padding behind the first four bytes of a request: all
 * that follows stands four bytes earlier.
 */
#ifndef ABI_XEN_IO_BLKIF_H
#define ABI_XEN_IO_BLKIF_H

#include <stddef.h>
#include <stdint.h>

#define XEN_IO_PROTO_ABI_X86_32              "x86_32-abi"
#define XEN_IO_PROTO_ABI_X86_64              "x86_64-abi"

#define BLKIF_OP_READ                        0
#define BLKIF_OP_WRITE                       1
#define BLKIF_OP_WRITE_BARRIER               2
#define BLKIF_OP_FLUSH_DISKCACHE             3
#define BLKIF_OP_DISCARD                     5
#define BLKIF_OP_INDIRECT                    6

#define BLKIF_MAX_SEGMENTS_PER_REQUEST       11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST 8

#define BLKIF_RSP_EOPNOTSUPP                 -2
#define BLKIF_RSP_ERROR                      -1
#define BLKIF_RSP_OKAY                       0

#define VDISK_READONLY                       4 /* in the node `info` */

struct blkif_request_segment {
  uint32_t gref;
  uint8_t first_sect, last_sect; /* sectors of 512 bytes in the page, both included */
  uint16_t pad;
};

struct blkif_request {
  uint8_t operation;
  uint8_t nr_segments;
  uint16_t handle;
  uint32_t pad; /* 64-bit front ends alone */
  uint64_t id;
  uint64_t sector_number;
  struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

struct blkif_request_indirect {
  uint8_t operation; /* BLKIF_OP_INDIRECT */
  uint8_t indirect_op;
  uint16_t nr_segments;
  uint32_t pad; /* 64-bit front ends alone */
  uint64_t id;
  uint64_t sector_number;
  uint16_t handle;
  uint16_t pad2;
  uint32_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST]; /* pages of segments */
};

/* The same for both, but for padding behind it. */
struct blkif_response {
  uint64_t id;
  uint8_t operation;
  uint8_t pad;
  int16_t status;
  uint32_t pad2;
};

#define BLKIF_SLOT_SIZE_X64 112
#define BLKIF_SLOT_SIZE_X32 108

_Static_assert(sizeof(struct blkif_request_segment) == 8, "blkif_request_segment");
_Static_assert(sizeof(struct blkif_request) == BLKIF_SLOT_SIZE_X64, "blkif_request");
_Static_assert(offsetof(struct blkif_request, seg) == 24, "blkif_request");
_Static_assert(offsetof(struct blkif_request_indirect, indirect_grefs) == 28, "indirect");
_Static_assert(sizeof(struct blkif_response) == 16, "blkif_response");

#endif
