/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A back end for paravirtual disks over memory: the blkif protocol, one order after the other, data
 * moved by the hypervisor's grant copies, or through pages that a front end with persistent grants
 * leaves mapped. Pure C, without libos; main.c is the service. Not here: discard, barriers, rings
 * of several pages.
 */
#ifndef SERVICES_BLOCK_BLOCK_H
#define SERVICES_BLOCK_BLOCK_H

#include <abi/xen/io/blkif.h>
#include <services/backend/bus.h>
#include <libos/ring.h>

#define BLOCK_SECTOR   512u
#define BLOCK_SEGMENTS 256u /* of one indirect request: 1 MiB */
#define BLOCK_QUEUES   4u
#define BLOCK_PAGES    2048u /* of a front end that stay mapped */

/* The memory that is a disk: the service's for as long as it lives, or `lasting` for longer, so
 * that its next life finds what this one has written. */
struct block_disk {
  uint8_t *bytes; /* page-aligned */
  uint64_t sectors;
  bool read_only;
  bool lasting;
};

/* What a request asks for, copied out of the ring and independent of the front end's word size. */
struct block_order {
  uint8_t operation; /* BLKIF_OP_*; of an indirect request the inner one, which its answer names */
  uint64_t id;
  uint64_t sector;
  unsigned segments;
  struct blkif_request_segment segment[BLOCK_SEGMENTS];
};

/* A request as it stands in the ring. */
union block_slot {
  uint8_t bytes[BLKIF_SLOT_SIZE_X64];
  struct blkif_request request;
  struct blkif_request_indirect indirect;
};

/* Brings a 32-bit front end's request into the 64-bit layout. */
void block_widen(union block_slot *slot);

/* Reads a request, fetching the segments of an indirect one. A BLKIF_RSP_* that is not OKAY says
 * that it cannot be carried out; `operation` and `id` are set in every case. */
int16_t block_decode(const struct backend_ops *ops, uint16_t domid, const union block_slot *slot,
                     struct block_order *order);

/* pages.c: pages of a front end that stay mapped. NULL: no memory. */
struct block_pages *block_pages_new(const struct backend_ops *ops, uint16_t domid);
/* Unmaps them all; NULL is none. */
void block_pages_free(struct block_pages *p);
/* The page, mapped now if it was not; NULL if it cannot be, or there are BLOCK_PAGES already. */
void *block_page(struct block_pages *p, uint32_t gref);

/* Checks the order against the disk and carries it out, through `pages` if not NULL and as far as
 * they can be mapped. Returns the BLKIF_RSP_* to answer. */
int16_t block_run(const struct backend_ops *ops, uint16_t domid, struct block_pages *pages,
                  const struct block_disk *disk, const struct block_order *order);

/* Says which disk a front end's device is, the same one each time; false if there is none. `params`
 * is the text of the node of that name, empty if it is not there. What the node `mode` says about
 * writing is added to what the disk says. */
typedef bool block_open(uint16_t domid, uint32_t id, const char *params, struct block_disk *disk);

/* Serves all devices that the store has for us. False: there is no store that answers. */
bool block_start(const struct backend_ops *ops, block_open *open);

/* A watch of the store fired. */
void block_event(const char *path, const char *token);

#endif
