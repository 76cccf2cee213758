/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest memory map (gfn -> mfn) of the linked domain: the nested page
 * table, its page types, and the rule for taking rights away.
 *
 * Giving a right (absent -> present) needs no flush. Taking one (present ->
 * absent, another frame, or fewer rights) is complete only after p2m_flush:
 * until then no frame that was taken out may be freed or reused. Callers
 * collect and flush once.
 *
 * All functions need the p2m lock but p2m_lookup, which may run without it and
 * then sees either the old or the new entry.
 */
#ifndef P2M_H
#define P2M_H

#include <lib/status.h>
#include <lib/types.h>

struct domain;

enum p2m_type {
  P2M_NONE = 0,  /* nothing there: unclaimed */
  P2M_RAM,       /* read, write, execute */
  P2M_RAM_RO,    /* read, execute */
  P2M_LOG_DIRTY, /* RAM that becomes P2M_RAM and a dirty bit at the first write */
  P2M_MMIO,      /* device memory of a passed-through device */
  P2M_FOREIGN,   /* a frame that another part of the books counts (a grant): read, write, execute */
  P2M_FOREIGN_RO, /* the same: read, execute */
  P2M_TYPES,
};

struct p2m_entry {
  mfn_t mfn;          /* of the 4 KiB page asked for */
  enum p2m_type type; /* P2M_NONE: the other members mean nothing */
  unsigned order;     /* of the leaf: 0, 9 or 18 */
};

/* Frames that are not the domain's to give up: they come and go with what put them there. */
static inline bool p2m_is_foreign(enum p2m_type t) {
  return t == P2M_FOREIGN || t == P2M_FOREIGN_RO;
}

struct p2m_locked {
  struct domain *d;
};
struct p2m_locked p2m_lock(struct domain *d);
void p2m_unlock(struct p2m_locked p);

/* The most table pages that a domain gets that maps so many pages, lest it takes all the machine's:
 * what maps them page by page, and some for sparse places. Beyond: NO_MEMORY. */
#define P2M_TABLES_SPARE 64
uint64_t p2m_tables_max(uint64_t pages);
/* A page that counts against it, for the map and for what an architecture needs beside it; NULL:
 * none is left. */
void *p2m_table_alloc(struct domain *d);

/* Make the empty map: the root table. NO_MEMORY. */
enum status p2m_init(struct domain *d);
/* Put a naturally aligned leaf of order 0, 9 or 18 where nothing is. EXISTS if any of it is mapped;
 * NO_MEMORY with nothing changed; RANGE beyond the guest-physical width; INVALID if not aligned or
 * the machine has no such leaf. Where empty tables stand, smaller leaves are put into them. */
enum status p2m_add(struct p2m_locked p, gfn_t gfn, mfn_t mfn, unsigned order, enum p2m_type t);
/* Take out one 4 KiB page (splitting a larger leaf: NO_MEMORY with nothing changed) and
 * say what was there. NOT_FOUND if nothing. */
enum status p2m_remove(struct p2m_locked p, gfn_t gfn, struct p2m_entry *old);
/* Change the type of one 4 KiB page. NOT_FOUND, NO_MEMORY. */
enum status p2m_set_type(struct p2m_locked p, gfn_t gfn, enum p2m_type t);
/* Like p2m_remove for a whole naturally aligned leaf as it stands; used by teardown.
 * NOT_FOUND skips: *next is the first gfn after the hole or leaf. */
enum status p2m_remove_leaf(struct p2m_locked p, gfn_t gfn, struct p2m_entry *old, gfn_t *next);

/* Never fails: type P2M_NONE when nothing is there. */
struct p2m_entry p2m_lookup(const struct domain *d, gfn_t gfn);
/* Highest gfn that was ever mapped since p2m_init. */
gfn_t p2m_highest(const struct domain *d);

/* A page of a domain that need not be linked, looked up through windows, with a reference to its
 * frame, which frame_put gives back. Only the domain's own RAM counts, if not `write`
 * also such as it may not write itself or that is tracked: else NOT_FOUND. BUSY: too many
 * references. The caller keeps the domain from taking its map apart (p2m_trim) meanwhile; other
 * changes of the map may go on. */
struct domain_stub;
enum status p2m_get_far(const struct domain_stub *d, gfn_t gfn, bool write, mfn_t *mfn);

/* Free all table pages of an empty map but the root (after the leaves are out). */
void p2m_trim(struct p2m_locked p);

/* When it returns, no CPU holds a translation that was taken before the call, neither
 * for the guest (ASID) nor for the host's view of guest memory. Sends kicks and
 * waits. Hold no lock to the right of p2m in the lock order. */
void p2m_flush(struct domain *d);

/* The architecture's part in it; the protocol stands in core/p2m.c. */
struct cpu;
/* Publish on `c`, which is this CPU, that the arena of `d` is linked (in arch_arena_switch).
 * Returns the generation up to which the caller must now see to it that no older translation of `d`
 * is used here, before it calls flush_ack. */
uint64_t flush_link(struct cpu *c, struct domain_stub *d);
void flush_ack(struct cpu *c, uint64_t generation);
/* Nothing is linked any more (in arch_arena_switch, after the tables are out of use). */
void flush_unlink(struct cpu *c);
/* Do what other CPUs have asked of `c`, which is this CPU (in arch_cpu_serve and before entry). */
void flush_serve(struct cpu *c);

#endif
