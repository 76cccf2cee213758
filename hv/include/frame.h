/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machine frames: who owns each, what it is, how many references it has. A
 * buddy allocator over the records themselves; no other heap exists.
 *
 * Every frame that is handed out has been scrubbed (written with zeroes) by
 * frame_alloc, on every path: there is no other way to get one.
 */
#ifndef FRAME_H
#define FRAME_H

#include <lib/status.h>
#include <lib/types.h>

#define FRAME_ORDER_MAX 18 /* 1 GiB */
#define FRAME_ORDER_2M  9

enum frame_kind {
  FRAME_ABSENT = 0, /* no RAM: device, firmware, hole. Never handed out */
  FRAME_FREE,
  FRAME_HV,      /* the hypervisor's shared part: text, records, stubs */
  FRAME_PRIVATE, /* one CPU's private part */
  FRAME_ARENA,   /* a domain's control structures and its host page tables */
  FRAME_PTABLE,  /* a domain's nested page tables, mapped in its arena as well */
  FRAME_RAM,     /* a domain's memory: the domain may map it */
  FRAME_SHARED,  /* the domain's, mapped by it and written by us too (shared info, grant table) */
  FRAME_HELD,    /* charged to a domain that may not map it (the counts of its grants) */
  FRAME_PAYLOAD, /* read-only bytes of the image */
};

/* Owner of frames that belong to no domain; Xen's number for the hypervisor itself. */
#define OWNER_HV 0x7ff2

/* 16 bytes a frame. `refs` counts mappings and pins of an allocated 4 KiB frame (an allocation is
 * reference 1); 0: not in use, and then only the record of a free block's first frame means
 * anything. Each frame of an allocated block has a record of its own. */
struct frame {
  uint16_t owner; /* domain id, or OWNER_HV */
  uint8_t kind;   /* enum frame_kind */
  uint8_t order;  /* of the free block that starts here, while kind is FREE */
  uint32_t refs;
  union {
    struct {
      uint32_t next; /* free list, frame numbers; UINT32_MAX ends it */
      uint32_t prev;
    };
    uint64_t arena_va; /* ARENA, PTABLE, SHARED: where its domain's arena maps it */
  };
};

/* Boot: the table must be mapped and zero (= ABSENT) for [0, frames). */
void frame_init(struct frame *table, uint64_t frames);
/* Boot: give RAM to the allocator. Both ends are frame numbers, [first, last). */
void frame_add_free(mfn_t first, mfn_t last);
/* Boot: mark frames in use before the allocator knew them. */
void frame_reserve(mfn_t first, uint64_t count, enum frame_kind kind);

/* A scrubbed, aligned block of 2^order frames, each with `owner`, `kind` and one
 * reference; MFN_INVALID when there is none. Takes the frame lock briefly; the scrubbing
 * is outside it. A block above 2 MiB is scrubbed in one go: callers that must
 * stay preemptible ask for 2 MiB at most. */
mfn_t frame_alloc(unsigned order, uint16_t owner, enum frame_kind kind) __must_check;
/* Give up the allocation's reference of each frame of the block; a frame whose
 * count falls to 0 is free (a frame that is still referenced becomes free with
 * the last frame_put). */
void frame_free(mfn_t mfn, unsigned order);
/* Take and drop a reference to one 4 KiB frame. get fails with NOT_FOUND on a
 * frame that is free, absent or not owned by `owner`. */
enum status frame_get(mfn_t mfn, uint16_t owner) __must_check;
void frame_put(mfn_t mfn);

/* The record, or NULL for a frame number beyond the table. */
struct frame *frame_of(mfn_t mfn);
uint64_t frame_count_free(void);
uint64_t frame_table_size(void); /* frames that have a record */

_Static_assert(sizeof(struct frame) == 16, "a frame record is 16 bytes");

#endif
