/* SPDX-License-Identifier: Apache-2.0 */
/* See fault.h. */
#include "fault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUBS       3u
#define ARENA_CHUNK 1024u

static unsigned due;
static const char *fired;
static struct fault_call last;
static bool inside; /* the code under test: what the test calls itself does not fail */

uint64_t __real_personality_hypercall(struct vcpu *v, uint64_t nr, const uint64_t args[5],
                                      bool compat);
uint64_t __wrap_personality_hypercall(struct vcpu *v, uint64_t nr, const uint64_t args[5],
                                      bool compat);

uint64_t __wrap_personality_hypercall(struct vcpu *v, uint64_t nr, const uint64_t args[5],
                                      bool compat) {
  last = (struct fault_call){(unsigned)nr, (unsigned)args[0]};
  inside = true;
  uint64_t result = __real_personality_hypercall(v, nr, args, compat);
  inside = false;
  return result;
}

struct fault_call fault_last_call(void) {
  return last;
}

void fault_inside(bool now) {
  inside = now;
}

void fault_arm(unsigned nth) {
  due = nth;
  fired = NULL;
}

const char *fault_disarm(void) {
  due = 0;
  return fired;
}

bool fault_due(const char *name) {
  if (!inside || !due || --due)
    return false;
  fired = name;
  return true;
}

/* --- state ------------------------------------------------------------------------------- */

struct record {
  uint16_t owner;
  uint8_t kind;
  uint32_t refs;
  uint64_t content; /* a hash */
};

struct state {
  uint64_t free; /* frames, those of the maps' tables among them */
  uint64_t frames;
  uint64_t map[STUBS]; /* a hash of what is mapped where */
  struct domain_stub stub[STUBS];
  struct record record[];
};

static uint64_t hash(const void *bytes, size_t n) {
  const uint8_t *b = bytes;
  uint64_t h = 14695981039346656037ull;
  for (size_t i = 0; i < n; i++)
    h = (h ^ b[i]) * 1099511628211ull;
  return h;
}

static void lock_forget(struct spinlock *l) {
  *l = (struct spinlock){0};
}

static bool between_lives;

void state_between_lives(bool between) {
  between_lives = between;
}

/* The first page of an arena. */
static uint64_t domain_hash(const void *page) {
  uint64_t copy[PAGE_SIZE / 8];
  struct domain *o = (struct domain *)copy;
  memcpy(copy, page, PAGE_SIZE);
  lock_forget(&o->p2m.lock);
  lock_forget(&o->personality.lock);
  lock_forget(&o->personality.console.io_lock);
  lock_forget(&o->personality.maptrack.lock);
  memset(&o->arena, 0, sizeof(o->arena)); /* what it holds shows in the frames */
  o->personality.evtchn_hint = 0;
  if (between_lives)
    memset(&o->personality, 0, sizeof(o->personality));
  o->p2m.highest = o->p2m.table_pages = 0; /* empty tables stay until the map is taken apart */
  return hash(copy, sizeof(copy));
}

static bool is_vcpu(const struct domain_stub *stub, mfn_t mfn) {
  for (uint32_t i = 0; i < stub->vcpu_count; i++) {
    uint64_t at = (uint64_t)((const char *)stub->vcpus[i].vcpu - arch_arena_heap_start);
    if (stub->arch.heap[at / PAGE_SIZE].v == mfn.v)
      return true;
  }
  return false;
}

static bool is_argument(const struct domain_stub *stub, mfn_t mfn) {
  for (uint64_t gfn = ARGUMENT >> PAGE_SHIFT; gfn < ARGUMENTS_END >> PAGE_SHIFT; gfn++)
    if (fake_walk(stub, GFN(gfn)).mfn.v == mfn.v)
      return true;
  return false;
}

/* The arena's own book of its slots (hv/core/arena.c): the free ones are chained in any order. */
static bool is_slots(const struct domain_stub *stub, mfn_t mfn) {
  for (uint32_t i = 0; i < FAKE_HEAP_PAGES; i += ARENA_CHUNK)
    if (stub->arch.heap[i].v == mfn.v)
      return true;
  return false;
}

static uint64_t content(mfn_t mfn) {
  for (unsigned i = 0; i < domain_count; i++) {
    if (domains[i].arch.first.v == mfn.v)
      return domain_hash(fake_page(mfn));
    if (is_slots(&domains[i], mfn) || (between_lives && is_vcpu(&domains[i], mfn)))
      return 0;
    if (mfn_valid(domains[i].arch.root) && is_argument(&domains[i], mfn))
      return 0;
  }
  return hash(fake_page(mfn), PAGE_SIZE);
}

static struct domain_stub stub_copy(const struct domain_stub *from) {
  struct domain_stub s = *from;
  lock_forget(&s.life_lock);
  lock_forget(&s.grants.lock);
  s.grants.life = 0; /* counts */
  s.flush_gen = 0;
  memset(s.arch.guest_slots, 0, sizeof(s.arch.guest_slots)); /* copies of the map's root */
  memset(&s.arch.seen, 0, sizeof(s.arch.seen));
  s.arch.heap = NULL; /* the fake's own: what they hold shows in the frames */
  s.arch.heap_tables = NULL;
  return s;
}

/* Of a table of the map, whatever empty tables it has. */
static uint64_t map_hash(mfn_t table, unsigned level, uint64_t gfn, uint64_t h) {
  const p2m_pte_t *entry = fake_page(table);
  for (unsigned i = 0; i < ARCH_P2M_ENTRIES; i++) {
    uint64_t at = gfn + ((uint64_t)i << 9 * level), leaf[4] = {h, at};
    bool is_table;
    mfn_t mfn;
    enum p2m_type type;
    arch_p2m_decode(level, entry[i], &is_table, &mfn, &type);
    if (is_table)
      h = map_hash(mfn, level - 1, at, h);
    else if (type != P2M_NONE)
      h = (leaf[2] = mfn.v, leaf[3] = (uint64_t)type << 8 | level, hash(leaf, sizeof(leaf)));
  }
  return h;
}

struct state *state_take(void) {
  uint64_t frames = frame_table_size();
  struct state *s = calloc(1, sizeof(*s) + frames * sizeof(struct record));
  s->free = frame_count_free();
  s->frames = frames;
  for (unsigned i = 0; i < MIN(domain_count, STUBS); i++) {
    s->stub[i] = stub_copy(&domains[i]);
    if (mfn_valid(domains[i].arch.root))
      s->map[i] = map_hash(domains[i].arch.root, ARCH_P2M_LEVELS - 1, 0, 0);
  }
  for (uint64_t i = FAKE_FIRST_FRAME; i < frames; i++) {
    const struct frame *f = frame_of(MFN(i));
    if (f->kind == FRAME_PTABLE)
      s->free += f->refs != 0;
    else if (f->refs)
      s->record[i] = (struct record){f->owner, f->kind, f->refs, content(MFN(i))};
  }
  return s;
}

static bool record_same(uint64_t i, const struct record *a, const struct record *b, bool print) {
  if (a->owner == b->owner && a->kind == b->kind && a->refs == b->refs && a->content == b->content)
    return true;
  if (print)
    fprintf(stderr, "frame %lx: owner %u kind %u refs %u, then owner %u kind %u refs %u%s\n", i,
            a->owner, a->kind, a->refs, b->owner, b->kind, b->refs,
            a->content != b->content ? ", written" : "");
  return false;
}

bool state_same(const struct state *a, const struct state *b, bool print) {
  bool same = a->free == b->free;
  if (!same && print)
    fprintf(stderr, "%lu frames free, then %lu\n", a->free, b->free);
  for (uint64_t i = 0; i < a->frames; i++)
    same &= record_same(i, &a->record[i], &b->record[i], print);
  for (unsigned i = 0; i < STUBS; i++)
    if (memcmp(&a->stub[i], &b->stub[i], sizeof(a->stub[i])) || a->map[i] != b->map[i]) {
      if (print)
        fprintf(stderr, "the %s of domain %u differs\n", a->map[i] != b->map[i] ? "map" : "stub",
                i);
      same = false;
    }
  return same;
}

static uint64_t count(const struct state *s, uint16_t owner, uint8_t kind) {
  uint64_t n = 0;
  for (uint64_t i = 0; i < s->frames; i++)
    n += s->record[i].refs && s->record[i].owner == owner && s->record[i].kind == kind;
  return n;
}

bool state_equal_size(const struct state *a, const struct state *b) {
  bool equal = a->free == b->free;
  for (uint16_t owner = 1; owner <= STUBS; owner++)
    for (uint8_t kind = 0; kind <= FRAME_PAYLOAD; kind++)
      equal &= count(a, owner, kind) == count(b, owner, kind);
  return equal;
}

void state_free(struct state *s) {
  free(s);
}
