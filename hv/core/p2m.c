/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest memory map: one walker over the format that the architecture
 * defines, and the flush that makes the taking of a right complete.
 *
 * Each change is prepared, which may fail, then committed by single stores, each
 * of which turns one valid map into another:
 *
 *   add     new tables, leaf at the bottom, are built apart, then linked by one store
 *   split   a full table of smaller leaves is built apart, then takes the place
 *           of the leaf: the same mapping before and after
 *   remove, set_type   split as far down as needed, then one store
 *
 * Flush. Each domain has a generation. A CPU whose `linked` names the domain
 * acknowledges a generation in `flush_ack` when it has dropped what it held
 * from before.
 *
 *   p2m_flush                              arch_arena_switch
 *     (entries have been changed)            flush_ack = 0
 *     generation += 1                        linked = d
 *     full barrier                           full barrier
 *     for each CPU with linked == d:         g = generation
 *       serve = true, kick                   drop what is older than g
 *       wait: linked != d                    flush_ack = g
 *             or flush_ack >= generation     (only now use the arena)
 *
 * Whichever full barrier comes second, its CPU sees the other's store: either
 * the flush finds the CPU linked and waits for it, or the link reads the new
 * generation. A CPU that does not have the domain linked may keep translations
 * (tagged by ASID); it holds the generation up to which they are good, and
 * compares before it uses them. Model: tests/models/flush.pml.
 */
#include <arch/arch.h>
#include <lib/atomic.h>
#include <lib/lib.h>

#define LEVEL_BITS 9
#define TOP        (ARCH_P2M_LEVELS - 1)

/* --- flush ----------------------------------------------------------------------- */

uint64_t flush_link(struct cpu *c, struct domain_stub *d) {
  atomic_store(&c->flush_ack, 0);
  (void)atomic_swap(&c->linked, d);
  return atomic_load(&d->flush_gen);
}

void flush_ack(struct cpu *c, uint64_t generation) {
  atomic_store(&c->flush_ack, generation);
}

void flush_unlink(struct cpu *c) {
  atomic_store(&c->linked, NULL);
}

void flush_serve(struct cpu *c) {
  struct domain_stub *d = c->linked;

  /* First, so that a request that comes meanwhile asks again. */
  if (!atomic_swap(&c->serve, false) || !d)
    return;
  uint64_t generation = atomic_load(&d->flush_gen);
  if (c->flush_ack == generation)
    return;
  arch_p2m_flush_local(d);
  flush_ack(c, generation);
}

/* Does `c` still have to drop translations of `d`? */
static bool lags(struct cpu *c, const struct domain_stub *d, uint64_t generation) {
  return atomic_load(&c->linked) == d && atomic_load(&c->flush_ack) < generation;
}

void p2m_flush(struct domain *dom) {
  struct domain_stub *d = dom->stub;
  struct cpu *self = arch_this_cpu();
  uint64_t generation = atomic_add(&d->flush_gen, 1) + 1;

  arch_p2m_flush_local(d);
  flush_ack(self, generation);
  for (unsigned i = 0; i < cpu_count; i++)
    if (lags(&cpus[i], d, generation)) {
      (void)atomic_swap(&cpus[i].serve, true);
      arch_kick(&cpus[i]);
    }
  for (unsigned i = 0; i < cpu_count; i++)
    while (lags(&cpus[i], d, generation))
      arch_cpu_serve();
}

/* --- walking ----------------------------------------------------------------------- */

/* An entry, decoded. */
struct entry {
  p2m_pte_t *slot;
  unsigned level;
  bool is_table;
  enum p2m_type type; /* P2M_NONE: absent */
  mfn_t mfn;          /* first of the leaf, or the table's */
};

static unsigned level_order(unsigned level) {
  return level * LEVEL_BITS;
}

static uint64_t level_frames(unsigned level) {
  return BIT(level_order(level));
}

static inline struct entry entry_at(void *table, unsigned level, unsigned index) {
  struct entry e = {.slot = (p2m_pte_t *)table + index, .level = level};

  arch_p2m_decode(level, atomic_load(e.slot), &e.is_table, &e.mfn, &e.type);
  return e;
}

static bool entry_empty(const struct entry *e) {
  return !e->is_table && e->type == P2M_NONE;
}

static unsigned index_of(gfn_t gfn, unsigned level) {
  return (gfn.v >> level_order(level)) % ARCH_P2M_ENTRIES;
}

/* The entry for `gfn` on the way down: the first that is no table, at level `down_to` at the
 * latest. */
static struct entry walk(const struct domain *d, gfn_t gfn, unsigned down_to) {
  struct entry e = entry_at(d->p2m.root, TOP, index_of(gfn, TOP));

  while (e.is_table && e.level > down_to)
    e = entry_at(arena_page_of(e.mfn), e.level - 1, index_of(gfn, e.level - 1));
  return e;
}

/* The one place where an entry that the machine walks is changed, on the way to `gfn`. One of the
 * root concerns the arena's view on every CPU that has it linked; it is rare. */
static void commit(struct domain *d, const struct entry *e, gfn_t gfn, p2m_pte_t pte) {
  arch_p2m_write(e->slot, e->level, pte);
  if (e->level)
    arch_p2m_changed(d, gfn, e->level);
  if (e->level == TOP)
    p2m_flush(d);
}

static p2m_pte_t make_leaf(unsigned level, mfn_t mfn, enum p2m_type t) {
  return t == P2M_NONE ? 0 : arch_p2m_leaf(level, mfn, t);
}

/* --- tables -------------------------------------------------------------------------- */

/* A guest chooses where its pages are, and each place may need tables, which stay. */
uint64_t p2m_tables_max(uint64_t pages) {
  return pages / ARCH_P2M_ENTRIES + P2M_TABLES_SPARE;
}

void *p2m_table_alloc(struct domain *d) {
  if (d->p2m.table_pages >= p2m_tables_max(d->max_pages + d->borrowed))
    return NULL;
  void *table = arena_page_alloc(FRAME_PTABLE);

  if (table)
    d->p2m.table_pages++;
  return table;
}

static void table_free(struct domain *d, void *table) {
  d->p2m.table_pages--;
  arena_page_free(table);
}

/* Free a table and all below; nothing walks them any more. */
static void tree_free(struct domain *d, void *table, unsigned level) {
  for (unsigned i = 0; level && i < ARCH_P2M_ENTRIES; i++) {
    struct entry e = entry_at(table, level, i);

    if (e.is_table)
      tree_free(d, arena_page_of(e.mfn), level - 1);
  }
  table_free(d, table);
}

/* A chain of new tables for `gfn` from `level` down to `bottom`, where `pte` stands; NULL with
 * nothing allocated. Nothing walks it yet. */
static void *chain_make(struct domain *d, gfn_t gfn, unsigned level, unsigned bottom,
                        p2m_pte_t pte) {
  void *below = NULL;

  for (unsigned l = bottom; l <= level; l++) {
    p2m_pte_t *table = p2m_table_alloc(d);

    if (!table) {
      if (below)
        tree_free(d, below, l - 1);
      return NULL;
    }
    if (below)
      pte = arch_p2m_table(l, arena_page_mfn(below));
    arch_p2m_write(&table[index_of(gfn, l)], l, pte);
    below = table;
  }
  return below;
}

/* Replace a leaf above level 0 by a table of leaves one level down. */
static enum status split(struct domain *d, const struct entry *e, gfn_t gfn) {
  unsigned level = e->level - 1;
  p2m_pte_t *table = p2m_table_alloc(d);

  if (!table)
    return STATUS_NO_MEMORY;
  for (unsigned i = 0; i < ARCH_P2M_ENTRIES; i++)
    arch_p2m_write(&table[i], level,
                   arch_p2m_leaf(level, MFN(e->mfn.v + i * level_frames(level)), e->type));
  commit(d, e, gfn, arch_p2m_table(e->level, arena_page_mfn(table)));
  return STATUS_OK;
}

/* --- lock and life ---------------------------------------------------------------------- */

struct p2m_locked p2m_lock(struct domain *d) {
  spin_lock(&d->p2m.lock);
  return (struct p2m_locked){d};
}

void p2m_unlock(struct p2m_locked p) {
  spin_unlock(&p.d->p2m.lock);
}

enum status p2m_init(struct domain *d) {
  d->p2m.highest = 0;
  if (!d->p2m.root)
    d->p2m.root = p2m_table_alloc(d);
  if (!d->p2m.root)
    return STATUS_NO_MEMORY;
  d->stub->p2m_root = arena_page_mfn(d->p2m.root);
  return STATUS_OK;
}

/* One top entry after the other: out of the root, out of every CPU, then free. */
void p2m_trim(struct p2m_locked p) {
  for (unsigned i = 0; i < ARCH_P2M_ENTRIES; i++) {
    struct entry e = entry_at(p.d->p2m.root, TOP, i);

    if (!e.is_table)
      continue;
    commit(p.d, &e, GFN(i * level_frames(TOP)), 0); /* which flushes */
    tree_free(p.d, arena_page_of(e.mfn), TOP - 1);
  }
}

/* --- changes ------------------------------------------------------------------------------ */

static enum status add_check(gfn_t gfn, mfn_t mfn, unsigned order) {
  uint64_t frames = BIT(order), limit = BIT(arch_p2m_bits() - PAGE_SHIFT);

  if (order % LEVEL_BITS || order > level_order(TOP) || !arch_p2m_leaf_allowed(order / LEVEL_BITS))
    return STATUS_INVALID;
  if (!IS_ALIGNED(gfn.v, frames) || !IS_ALIGNED(mfn.v, frames))
    return STATUS_INVALID;
  return gfn.v < limit && frames <= limit - gfn.v ? STATUS_OK : STATUS_RANGE;
}

static bool tree_empty(void *table, unsigned level) {
  for (unsigned i = 0; i < ARCH_P2M_ENTRIES; i++) {
    struct entry e = entry_at(table, level, i);

    if (e.is_table ? !tree_empty(arena_page_of(e.mfn), level - 1) : !entry_empty(&e))
      return false;
  }
  return true;
}

/* Map [gfn, ...) to [mfn, ...) through tables that are there and empty. */
static void tree_fill(struct domain *d, void *table, unsigned level, gfn_t gfn, mfn_t mfn,
                      enum p2m_type t) {
  for (unsigned i = 0; i < ARCH_P2M_ENTRIES; i++) {
    struct entry e = entry_at(table, level, i);
    gfn_t from = GFN(gfn.v + i * level_frames(level));
    mfn_t to = MFN(mfn.v + i * level_frames(level));

    if (e.is_table)
      tree_fill(d, arena_page_of(e.mfn), level - 1, from, to, t);
    else
      commit(d, &e, from, arch_p2m_leaf(level, to, t));
  }
}

static enum status add_to_tree(struct domain *d, const struct entry *e, gfn_t gfn, mfn_t mfn,
                               enum p2m_type t) {
  void *table = arena_page_of(e->mfn);

  if (!tree_empty(table, e->level - 1))
    return STATUS_EXISTS;
  tree_fill(d, table, e->level - 1, gfn, mfn, t);
  return STATUS_OK;
}

static enum status add_to_hole(struct domain *d, const struct entry *e, gfn_t gfn, mfn_t mfn,
                               unsigned level, enum p2m_type t) {
  p2m_pte_t pte = arch_p2m_leaf(level, mfn, t);

  if (e->level > level) {
    void *chain = chain_make(d, gfn, e->level - 1, level, pte);

    if (!chain)
      return STATUS_NO_MEMORY;
    pte = arch_p2m_table(e->level, arena_page_mfn(chain));
  }
  commit(d, e, gfn, pte);
  return STATUS_OK;
}

enum status p2m_add(struct p2m_locked p, gfn_t gfn, mfn_t mfn, unsigned order, enum p2m_type t) {
  enum status status = add_check(gfn, mfn, order);

  if (status != STATUS_OK)
    return status;
  struct entry e = walk(p.d, gfn, order / LEVEL_BITS);
  if (e.is_table)
    status = add_to_tree(p.d, &e, gfn, mfn, t);
  else if (e.type != P2M_NONE)
    status = STATUS_EXISTS;
  else
    status = add_to_hole(p.d, &e, gfn, mfn, order / LEVEL_BITS, t);
  if (status == STATUS_OK)
    p.d->p2m.highest = MAX(p.d->p2m.highest, gfn.v + BIT(order) - 1);
  return status;
}

static bool in_width(gfn_t gfn) {
  return gfn.v < BIT(arch_p2m_bits() - PAGE_SHIFT);
}

static struct p2m_entry describe(const struct entry *e, gfn_t gfn) {
  if (entry_empty(e))
    return (struct p2m_entry){.mfn = MFN_INVALID, .type = P2M_NONE};
  return (struct p2m_entry){.mfn = MFN(e->mfn.v + gfn.v % level_frames(e->level)),
                            .type = e->type,
                            .order = level_order(e->level)};
}

/* Change one 4 KiB page that is mapped. */
static enum status change(struct domain *d, gfn_t gfn, enum p2m_type t, struct p2m_entry *old) {
  struct entry e = walk(d, gfn, 0);

  *old = describe(&e, gfn);
  if (old->type == P2M_NONE)
    return STATUS_NOT_FOUND;
  if (old->type == t)
    return STATUS_OK;
  for (; e.level; e = walk(d, gfn, 0))
    if (split(d, &e, gfn) != STATUS_OK)
      return STATUS_NO_MEMORY;
  commit(d, &e, gfn, make_leaf(0, old->mfn, t));
  return STATUS_OK;
}

enum status p2m_remove(struct p2m_locked p, gfn_t gfn, struct p2m_entry *old) {
  return in_width(gfn) ? change(p.d, gfn, P2M_NONE, old) : STATUS_NOT_FOUND;
}

enum status p2m_set_type(struct p2m_locked p, gfn_t gfn, enum p2m_type t) {
  struct p2m_entry old;

  return in_width(gfn) ? change(p.d, gfn, t, &old) : STATUS_NOT_FOUND;
}

enum status p2m_remove_leaf(struct p2m_locked p, gfn_t gfn, struct p2m_entry *old, gfn_t *next) {
  struct entry e = walk(p.d, gfn, 0);

  gfn = GFN(ALIGN_DOWN(gfn.v, level_frames(e.level)));
  *next = GFN(gfn.v + level_frames(e.level));
  *old = describe(&e, gfn);
  if (old->type == P2M_NONE)
    return STATUS_NOT_FOUND;
  commit(p.d, &e, gfn, 0);
  return STATUS_OK;
}

struct p2m_entry p2m_lookup(const struct domain *d, gfn_t gfn) {
  if (!in_width(gfn))
    return (struct p2m_entry){.mfn = MFN_INVALID, .type = P2M_NONE};
  struct entry e = walk(d, gfn, 0);
  return describe(&e, gfn);
}

/* --- from another domain -------------------------------------------------------------------- */

/* Tables appear in a window one after the other. What `walk` does with the arena's addresses. */
static struct p2m_entry lookup_far(const struct domain_stub *d, gfn_t gfn) {
  struct entry e = {.level = TOP + 1, .is_table = true, .mfn = d->p2m_root};

  while (e.is_table) {
    p2m_pte_t *table = arch_window_open(e.mfn, false);
    e = entry_at(table, e.level - 1, index_of(gfn, e.level - 1));
    arch_window_close(table);
  }
  return describe(&e, gfn);
}

static bool usable(const struct p2m_entry *e, bool write) {
  return e->type == P2M_RAM || (!write && (e->type == P2M_RAM_RO || e->type == P2M_LOG_DIRTY));
}

/* A frame that is in the map while we hold a reference to it was not given away in between. */
enum status p2m_get_far(const struct domain_stub *d, gfn_t gfn, bool write, mfn_t *mfn) {
  struct p2m_entry e, again;

  if (!in_width(gfn))
    return STATUS_NOT_FOUND;
  e = lookup_far(d, gfn);
  if (!usable(&e, write))
    return STATUS_NOT_FOUND;
  enum status s = frame_get(e.mfn, d->domid);
  if (s)
    return s;
  again = lookup_far(d, gfn);
  *mfn = e.mfn;
  if (usable(&again, write) && again.mfn.v == e.mfn.v && frame_of(e.mfn)->kind == FRAME_RAM)
    return STATUS_OK;
  frame_put(e.mfn);
  return STATUS_NOT_FOUND;
}

gfn_t p2m_highest(const struct domain *d) {
  return GFN(d->p2m.highest);
}
