/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake machine's nested page tables and its translation caches, and the
 * access to guest memory through them. Linear addresses are guest-physical.
 *
 * An entry of level l: tag 0xa + l in bits 15:12, table 1 or leaf 2 in 1:0,
 * type in 7:4 of a leaf, frame from bit 16 + 3 l. All zeroes: absent.
 */
#include <arena.h>
#include <asm/fake.h>
#include <guest.h>
#include <lib/lib.h>

#define TOP        (ARCH_P2M_LEVELS - 1)
#define CACHE_SIZE 16384u

/* What a CPU remembers: entries on any level, present ones alone, as a machine does. */
struct cached {
  const struct domain_stub *domain; /* NULL: nothing */
  uint64_t prefix;                  /* gfn >> 9 * level */
  p2m_pte_t pte;
  uint8_t level, view;
};
static struct cached cache[FAKE_CPUS][CACHE_SIZE];

bool fake_leaf_allowed[ARCH_P2M_LEVELS];
void (*fake_written)(void);
uint64_t fake_writes;
unsigned fake_flushes[FAKE_CPUS];

void fake_p2m_init(void) {
  memset(cache, 0, cpu_count * sizeof(cache[0]));
  memset(fake_flushes, 0, sizeof(fake_flushes));
  memcpy(fake_leaf_allowed, (bool[ARCH_P2M_LEVELS]){true, true, true, false},
         sizeof(fake_leaf_allowed));
  fake_written = NULL;
  fake_writes = 0;
}

/* --- format --------------------------------------------------------------------------- */

static p2m_pte_t entry(unsigned level, mfn_t mfn, unsigned what) {
  return mfn.v << (16 + 3 * level) | (0xaull + level) << 12 | what;
}

bool arch_p2m_leaf_allowed(unsigned level) {
  return fake_leaf_allowed[level];
}

p2m_pte_t arch_p2m_leaf(unsigned level, mfn_t mfn, enum p2m_type t) {
  assert(fake_leaf_allowed[level] && IS_ALIGNED(mfn.v, BIT(9 * level)));
  return entry(level, mfn, 2 | (unsigned)t << 4);
}

p2m_pte_t arch_p2m_table(unsigned level, mfn_t table) {
  assert(level > 0);
  return entry(level, table, 1);
}

void arch_p2m_decode(unsigned level, p2m_pte_t e, bool *is_table, mfn_t *mfn, enum p2m_type *t) {
  assert(e == 0 || (e >> 12 & 0xf) == 0xa + level);
  *is_table = (e & 3) == 1;
  *mfn = MFN(e >> (16 + 3 * level));
  *t = e == 0 || *is_table ? P2M_NONE : (enum p2m_type)(e >> 4 & 0xf);
}

void arch_p2m_write(p2m_pte_t *slot, unsigned level, p2m_pte_t e) {
  assert(e == 0 || (e >> 12 & 0xf) == 0xa + level);
  *(volatile p2m_pte_t *)slot = e;
  fake_writes++;
  if (fake_written)
    fake_written();
}

unsigned arch_p2m_bits(void) {
  return 46;
}

void arch_p2m_changed(struct domain *d, gfn_t gfn, unsigned level) {
  unsigned index = (unsigned)(gfn.v >> 9 * level) % ARCH_P2M_ENTRIES;
  assert(level && level < ARCH_P2M_LEVELS);
  if (level < ARCH_P2M_LEVELS - 1)
    return;
  d->stub->arch.root = arena_page_mfn(d->p2m.root);
  d->stub->arch.guest_slots[index] = ((p2m_pte_t *)d->p2m.root)[index];
}

/* --- translation ------------------------------------------------------------------------- */

static struct cached *cache_at(const struct domain_stub *d, enum fake_view view, unsigned level,
                               gfn_t gfn) {
  uint64_t prefix = gfn.v >> 9 * level;
  uint64_t hash = (prefix * 31 + level * 7 + view * 3 + d->domid * 101) % CACHE_SIZE;

  return &cache[arch_this_cpu()->id][hash];
}

static bool cached(const struct domain_stub *d, enum fake_view view, unsigned level, gfn_t gfn,
                   p2m_pte_t *pte) {
  const struct cached *c = cache_at(d, view, level, gfn);

  *pte = c->pte;
  return c->domain == d && c->view == view && c->level == level && c->prefix == gfn.v >> 9 * level;
}

static void remember(const struct domain_stub *d, enum fake_view view, unsigned level, gfn_t gfn,
                     p2m_pte_t pte) {
  *cache_at(d, view, level, gfn) = (struct cached){
      .domain = d, .prefix = gfn.v >> 9 * level, .pte = pte, .level = (uint8_t)level, .view = view};
}

void fake_p2m_forget(struct domain_stub *d) {
  struct cached *all = cache[arch_this_cpu()->id];

  for (unsigned i = 0; i < CACHE_SIZE; i++)
    if (all[i].domain == d)
      all[i].domain = NULL;
}

void arch_p2m_flush_local(struct domain_stub *d) {
  struct cpu *c = arch_this_cpu();

  d->arch.seen[c->id] = d->flush_gen;
  fake_p2m_forget(d);
  fake_flushes[c->id]++;
}

static p2m_pte_t table_entry(mfn_t table, unsigned level, gfn_t gfn) {
  return ((p2m_pte_t *)fake_page(table))[(gfn.v >> 9 * level) % ARCH_P2M_ENTRIES];
}

static p2m_pte_t top_entry(const struct domain_stub *d, enum fake_view view, gfn_t gfn) {
  if (view == VIEW_ARENA)
    return d->arch.guest_slots[(gfn.v >> 9 * TOP) % ARCH_P2M_ENTRIES];
  return mfn_valid(d->arch.root) ? table_entry(d->arch.root, TOP, gfn) : 0;
}

static struct p2m_entry leaf_entry(unsigned level, gfn_t gfn, mfn_t mfn, enum p2m_type t) {
  if (t == P2M_NONE)
    return (struct p2m_entry){.mfn = MFN_INVALID, .type = P2M_NONE};
  return (struct p2m_entry){
      .mfn = MFN(mfn.v + gfn.v % BIT(9 * level)), .type = t, .order = 9 * level};
}

/* From an entry of `level` down; `keep`: remember what is read on the way. */
static struct p2m_entry descend(const struct domain_stub *d, enum fake_view view, gfn_t gfn,
                                unsigned level, p2m_pte_t pte, bool keep) {
  for (;;) {
    bool is_table;
    mfn_t mfn;
    enum p2m_type t;

    arch_p2m_decode(level, pte, &is_table, &mfn, &t);
    if (keep && pte)
      remember(d, view, level, gfn, pte);
    if (!is_table)
      return leaf_entry(level, gfn, mfn, t);
    level--;
    pte = table_entry(mfn, level, gfn);
  }
}

struct p2m_entry fake_walk(const struct domain_stub *d, gfn_t gfn) {
  return descend(d, VIEW_GUEST, gfn, TOP, top_entry(d, VIEW_GUEST, gfn), false);
}

struct p2m_entry fake_touch(gfn_t gfn, enum fake_view view) {
  const struct domain_stub *d = arch_this_cpu()->linked;
  p2m_pte_t pte;

  for (unsigned level = 0; level <= TOP; level++)
    if (cached(d, view, level, gfn, &pte))
      return descend(d, view, gfn, level, pte, true);
  return descend(d, view, gfn, TOP, top_entry(d, view, gfn), true);
}

/* --- guest memory -------------------------------------------------------------------------- */

static void *guest_page(uint64_t gpa, bool write) {
  struct p2m_entry e = fake_touch(gpa_to_gfn(GPA(gpa)), VIEW_ARENA);

  if (e.type == P2M_NONE || e.type == P2M_MMIO ||
      (write && (e.type == P2M_RAM_RO || e.type == P2M_FOREIGN_RO)))
    return NULL;
  return (char *)fake_page(e.mfn) + gpa % PAGE_SIZE;
}

__attribute__((weak)) void fake_guest_given(const void *bytes, size_t n) {
  (void)bytes, (void)n;
}

static enum status transfer(void *buffer, uint64_t gpa, size_t n, bool write) {
  for (size_t done = 0, part; done < n; done += part) {
    char *page = guest_page(gpa + done, write);

    part = MIN(n - done, PAGE_SIZE - (gpa + done) % PAGE_SIZE);
    if (!page)
      return STATUS_FAULT;
    if (write) {
      fake_guest_given((char *)buffer + done, part);
      memcpy(page, (char *)buffer + done, part);
    } else
      memcpy((char *)buffer + done, page, part);
  }
  return STATUS_OK;
}

enum status guest_read(void *dst, gva_t src, size_t n) {
  return transfer(dst, src.v, n, false);
}

enum status guest_write(gva_t dst, const void *src, size_t n) {
  return transfer((void *)src, dst.v, n, true);
}

enum status guest_read_phys(void *dst, gpa_t src, size_t n) {
  return transfer(dst, src.v, n, false);
}

enum status guest_write_phys(gpa_t dst, const void *src, size_t n) {
  return transfer((void *)src, dst.v, n, true);
}
