// SPDX-License-Identifier: Apache-2.0
// The page-table walker against a model that never looks at an entry: it knows
// which rights each level was given when the tables were built.
#include "guest_world.h"
#include <stdlib.h>
#include <string.h>

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80 };
#define NX BIT(63)

enum paging { LONG_4K, LONG_2M, LONG_1G, PAE_4K, PAE_2M, TWO_4K, TWO_4M, MODES };

static const struct {
  unsigned levels; // entries on the way that have rights
  unsigned page_bits;
  bool wide, pae_top;
} shape[MODES] = {
    [LONG_4K] = {4, 12, true, false}, [LONG_2M] = {3, 21, true, false},
    [LONG_1G] = {2, 30, true, false}, [PAE_4K] = {2, 12, true, true},
    [PAE_2M] = {1, 21, true, true},   [TWO_4K] = {2, 12, false, false},
    [TWO_4M] = {1, 22, false, false},
};

struct rights {
  bool present, write, user, nx, reserved;
  bool accessed, dirty; // already, so that nothing is left to mark
};
struct scene {
  enum paging paging;
  struct rights level[4]; // from the top
  uint64_t entry[4];      // where it stands
  uint64_t linear, page;
  bool wp, smep, smap, nxe, ac;
  unsigned access;
};

#define TABLE(n) (0x100000u + (n)*0x1000u)

static unsigned index_of(const struct scene *s, unsigned i) {
  if (!shape[s->paging].wide)
    return (s->linear >> (i ? 12 : 22)) & 1023;
  unsigned top = shape[s->paging].pae_top ? 21 : 39;
  return (s->linear >> (top - 9 * i)) & 511;
}

static uint64_t entry_value(const struct scene *s, unsigned i) {
  const struct rights *r = &s->level[i];
  bool last = i + 1 == shape[s->paging].levels;
  uint64_t e = last ? s->page : TABLE(i + 2);
  if (last && shape[s->paging].page_bits > 12)
    e |= PS;
  e |= (r->present ? P : 0) | (r->write ? W : 0) | (r->user ? U : 0) | (r->nx ? NX : 0);
  e |= (r->accessed ? A : 0) | (r->dirty ? D : 0);
  if (r->reserved)
    e |= shape[s->paging].wide ? BIT(50) : BIT(21); // BIT(21): large pages of two levels alone
  return e;
}

static void build(struct scene *s) {
  bool wide = shape[s->paging].wide;
  if (shape[s->paging].pae_top) {
    world.creg[CREG_CR3] = TABLE(0) + 0x20;
    ram_write64(TABLE(0) + 0x20 + 8 * (s->linear >> 30), TABLE(1) | P | A);
  } else {
    world.creg[CREG_CR3] = TABLE(1);
  }
  for (unsigned i = 0; i < shape[s->paging].levels; i++) {
    s->entry[i] = TABLE(i + 1) + index_of(s, i) * (wide ? 8 : 4);
    if (wide)
      ram_write64(s->entry[i], entry_value(s, i));
    else
      ram_write32(s->entry[i], (uint32_t)entry_value(s, i));
  }
  world.creg[CREG_CR0] = BIT(31) | 1 | (s->wp ? BIT(16) : 0);
  world.creg[CREG_CR4] = (wide ? BIT(5) : 0) | (s->paging == TWO_4M ? BIT(4) : 0) |
                         (s->smep ? BIT(20) : 0) | (s->smap ? BIT(21) : 0);
  world.creg[CREG_EFER] = (s->paging <= LONG_1G ? BIT(8) | BIT(10) : 0) | (s->nxe ? BIT(11) : 0);
  cpu0->arch.regs.rflags = 2 | (s->ac ? BIT(18) : 0);
}

static bool walk_now(uint64_t linear, unsigned access, uint64_t *gpa, struct walk_fault *fault) {
  struct x86_mode m;
  vendor->get_mode(cpu0, &m);
  return walk_mode(cpu0, &m, linear, access, gpa, fault);
}

static bool right_denied(const struct scene *s) {
  bool write = true, user = true, nx = false;
  for (unsigned i = 0; i < shape[s->paging].levels; i++) {
    write &= s->level[i].write;
    user &= s->level[i].user;
    nx |= s->level[i].nx;
  }
  bool fetch = s->access & WALK_FETCH, store = s->access & WALK_WRITE;
  if (fetch && nx)
    return true;
  if (s->access & WALK_USER)
    return !user || (store && !write);
  if (user && fetch && s->smep)
    return true;
  if (user && !fetch && s->smap && ((s->access & WALK_IMPLICIT) || !s->ac))
    return true;
  return store && !write && s->wp;
}

// The error code that the machine would give, or -1.
static int64_t model(const struct scene *s) {
  uint32_t bits = (s->access & WALK_WRITE ? 2 : 0) | (s->access & WALK_USER ? 4 : 0);
  if ((s->access & WALK_FETCH) && (s->smep || (s->nxe && shape[s->paging].wide)))
    bits |= 16;
  for (unsigned i = 0; i < shape[s->paging].levels; i++) {
    if (!s->level[i].present)
      return bits;
    if (s->level[i].reserved || (s->level[i].nx && !s->nxe))
      return bits | 9;
  }
  return right_denied(s) ? (int64_t)(bits | 1) : -1;
}

static uint64_t entry_now(const struct scene *s, unsigned i) {
  return shape[s->paging].wide ? ram_read64(s->entry[i]) : ram_read32(s->entry[i]);
}

static void check_marks(const struct scene *s) {
  for (unsigned i = 0; i < shape[s->paging].levels; i++) {
    bool last = i + 1 == shape[s->paging].levels;
    uint64_t marks = A | (last && (s->access & WALK_WRITE) ? D : 0);
    assert_int_equal(entry_now(s, i), entry_value(s, i) | marks);
  }
}

static void check(struct scene *s) {
  struct walk_fault fault = {0};
  uint64_t gpa = ~0ull;
  build(s);
  int64_t expected = model(s);
  bool ok = walk_now(s->linear, s->access, &gpa, &fault);
  assert_false(world.user_is_open);
  assert_int_equal(ok, expected == -1);
  if (!ok) {
    unsigned last = shape[s->paging].levels - 1;
    assert_int_equal(fault.error, expected);
    assert_int_equal(entry_now(s, last), entry_value(s, last)); // a refused leaf keeps its bits
    return;
  }
  assert_int_equal(gpa, s->page | (s->linear & (BIT(shape[s->paging].page_bits) - 1)));
  check_marks(s);
}

static bool flip(unsigned one_in) {
  return random() % one_in == 0;
}

static struct scene random_scene(enum paging paging) {
  static const unsigned accesses[] = {0, WALK_WRITE, WALK_FETCH, WALK_IMPLICIT,
                                      WALK_IMPLICIT | WALK_WRITE};
  struct scene s = {.paging = paging,
                    .wp = flip(2),
                    .smep = flip(2),
                    .smap = flip(2),
                    .nxe = flip(2),
                    .ac = flip(2)};
  s.access = accesses[random() % 5];
  if (!(s.access & WALK_IMPLICIT) && flip(2))
    s.access |= WALK_USER;
  uint64_t any = (uint64_t)random() << 31 ^ (uint64_t)random();
  s.linear = paging <= LONG_1G ? (uint64_t)((int64_t)(any << 16) >> 16) : (uint32_t)any;
  unsigned high = paging >= TWO_4K ? 32 : 42;
  s.page = ((uint64_t)random() << 20 ^ (uint64_t)random()) & (BIT(high) - 1) &
           ~(BIT(shape[paging].page_bits) - 1);
  for (unsigned i = 0; i < shape[paging].levels; i++) {
    bool can_reserve = shape[paging].wide || paging == TWO_4M;
    s.level[i] = (struct rights){.present = !flip(12),
                                 .write = !flip(3),
                                 .user = !flip(3),
                                 .nx = shape[paging].wide && flip(5),
                                 .reserved = can_reserve && flip(15),
                                 .accessed = !flip(5),
                                 .dirty = !flip(3)};
  }
  return s;
}

static void test_against_model(void **state) {
  (void)state;
  srandom(1);
  for (enum paging p = 0; p < MODES; p++)
    for (unsigned i = 0; i < 20000; i++) {
      struct scene s = random_scene(p);
      check(&s);
    }
}

static struct scene simple(enum paging paging) {
  struct scene s = {
      .paging = paging, .linear = 0x12345678, .page = 0x40000000, .wp = true, .nxe = true};
  for (unsigned i = 0; i < 4; i++)
    s.level[i] = (struct rights){.present = true, .write = true, .user = true};
  return s;
}

static uint32_t fault_of(uint64_t linear, unsigned access) {
  struct walk_fault fault;
  uint64_t gpa;
  assert_false(walk_now(linear, access, &gpa, &fault));
  return fault.error;
}

static uint64_t gpa_of(uint64_t linear, unsigned access) {
  struct walk_fault fault;
  uint64_t gpa;
  assert_true(walk_now(linear, access, &gpa, &fault));
  return gpa;
}

static void test_no_paging(void **state) {
  (void)state;
  assert_int_equal(gpa_of(0x123456789, WALK_WRITE), 0x23456789);
}

static void test_not_canonical(void **state) {
  (void)state;
  struct scene s = simple(LONG_4K);
  build(&s);
  assert_int_equal(fault_of(0x0000800000000000, 0), UINT32_MAX);
  assert_int_equal(fault_of(0xffff000000000000, 0), UINT32_MAX);
}

// Large leaves have reserved address bits; bit 12 is PAT.
static void test_large_leaf_bits(void **state) {
  (void)state;
  for (enum paging p = 0; p < MODES; p++) {
    struct scene s = simple(p);
    unsigned last = shape[p].levels - 1;
    if (shape[p].page_bits == 12 || !shape[p].wide)
      continue;
    build(&s);
    ram_write64(s.entry[last], entry_value(&s, last) | BIT(12));
    assert_int_equal(gpa_of(s.linear, 0) & 0x1000, s.linear & 0x1000);
    ram_write64(s.entry[last], entry_value(&s, last) | BIT(13));
    assert_int_equal(fault_of(s.linear, 0), 9);
    ram_write64(s.entry[last], entry_value(&s, last) | BIT(shape[p].page_bits - 1));
    assert_int_equal(fault_of(s.linear, 0), 9);
  }
}

static void test_no_leaf_at_the_top(void **state) {
  (void)state;
  struct scene s = simple(LONG_4K);
  build(&s);
  ram_write64(s.entry[0], entry_value(&s, 0) | PS);
  assert_int_equal(fault_of(s.linear, 0), 9);
}

static void test_pse36(void **state) {
  (void)state;
  struct scene s = simple(TWO_4M);
  build(&s);
  ram_write32(s.entry[0], 0x40000000 | 3u << 13 | PS | P);
  assert_int_equal(gpa_of(s.linear, 0), 0x340000000 | (s.linear & 0x3fffff));
  world.creg[CREG_CR4] = 0; // without PSE the bit means nothing
  ram_write32(s.entry[0], TABLE(3) | PS | P);
  ram_write32(TABLE(3) + ((s.linear >> 12) & 1023) * 4, 0x7000 | P);
  assert_int_equal(gpa_of(s.linear, 0), 0x7000 | (s.linear & 0xfff));
}

// The machine may set the accessed bit there; the other reserved bits count.
static void test_pae_top(void **state) {
  (void)state;
  struct scene s = simple(PAE_4K);
  build(&s);
  uint64_t top = TABLE(0) + 0x20 + 8 * (s.linear >> 30);
  (void)gpa_of(s.linear, 0);
  ram_write64(top, TABLE(1) | P | W);
  assert_int_equal(fault_of(s.linear, 0), 9);
  ram_write64(top, TABLE(1));
  assert_int_equal(fault_of(s.linear, 0), 0);
  ram_write64(top, TABLE(1) | P);
  ram_write64(s.entry[0], entry_value(&s, 0) | BIT(55)); // free in long mode alone
  assert_int_equal(fault_of(s.linear, 0), 9);
}

static void test_tables_outside_memory(void **state) {
  (void)state;
  struct scene s = simple(LONG_4K);
  build(&s);
  ram_write64(s.entry[1], (RAM_SIZE + 0x5000) | P | W | U | A);
  assert_int_equal(fault_of(s.linear, WALK_WRITE), 2);
  world.creg[CREG_CR3] = BIT(41);
  assert_int_equal(fault_of(s.linear, 0), 0);
}

static void test_32_bit_tables_outside_memory(void **state) {
  (void)state;
  struct scene s = simple(TWO_4K);
  build(&s);
  ram_write32(s.entry[0], (RAM_SIZE + 0x5000) | P | W | U);
  assert_int_equal(fault_of(s.linear, WALK_WRITE), 2);
  assert_int_equal(ram_read32(s.entry[0]) & A, A); // what was read is marked all the same
  world.creg[CREG_CR3] = RAM_SIZE + 0x5000;
  assert_int_equal(fault_of(s.linear, 0), 0);
  world.creg[CREG_CR4] |= BIT(5);
  assert_int_equal(fault_of(s.linear, 0), 0);
}

// A table on a page that the walk may not write.
static void test_marks_refused(void **state) {
  (void)state;
  static const enum paging two[] = {TWO_4K, TWO_4M};
  for (unsigned i = 0; i < ARRAY_SIZE(two); i++) {
    struct scene s = simple(two[i]);
    build(&s);
    world.type[s.entry[0] / PAGE_SIZE] = P2M_RAM_RO;
    assert_int_equal(fault_of(s.linear, 0), 0);
    world.type[s.entry[0] / PAGE_SIZE] = P2M_RAM;
  }
}

// Where CPUID does not promise pages of 1 GiB, their bit is reserved.
static void test_no_1g_pages(void **state) {
  (void)state;
  struct scene s = simple(LONG_1G);
  build(&s);
  world.cpuid_extended[1][3] &= ~(uint32_t)BIT(26);
  cpuid_guest_init();
  assert_int_equal(fault_of(s.linear, 0), 9);
}

// The short walk of an exit's code gives no answer that the long one would not give.
static void test_code_against_the_long_walk(void **state) {
  (void)state;
  for (enum paging p = LONG_4K; p <= LONG_1G; p++) {
    for (unsigned i = 0; i < shape[p].levels; i++) {
      for (unsigned kind = 0; kind < 3; kind++) {
        struct scene s = simple(p);
        struct x86_mode m;
        struct walk_fault fault;
        uint64_t quick, slow;
        s.level[i].present = kind != 1;
        s.level[i].reserved = kind == 2;
        build(&s);
        vendor->get_mode(cpu0, &m);
        bool is = walk_mode(cpu0, &m, s.linear, WALK_FETCH, &slow, &fault);
        assert_int_equal(is, kind == 0);
        if (walk_code(&m, s.linear, &quick)) {
          assert_true(is);
          assert_int_equal(quick, slow);
        } else {
          assert_true(kind || p == LONG_1G);
        }
      }
    }
  }
}

static void test_code_in_a_bad_large_page(void **state) {
  (void)state;
  struct scene s = simple(LONG_2M);
  struct x86_mode m;
  uint64_t gpa;
  build(&s);
  ram_write64(s.entry[2], entry_value(&s, 2) | BIT(13));
  vendor->get_mode(cpu0, &m);
  assert_false(walk_code(&m, s.linear, &gpa));
}

static void test_sibling_changes_entry(void **state) {
  (void)state;
  struct scene s = simple(LONG_4K);
  build(&s);
  world.cas_failures = 3;
  assert_int_equal(gpa_of(s.linear, WALK_WRITE), s.page | (s.linear & 0xfff));
  check_marks(&(struct scene){.paging = LONG_4K,
                              .linear = s.linear,
                              .page = s.page,
                              .access = WALK_WRITE,
                              .level = {s.level[0], s.level[1], s.level[2], s.level[3]},
                              .entry = {s.entry[0], s.entry[1], s.entry[2], s.entry[3]}});
  build(&s);
  world.cas_failures = 1000; // for ever: an end all the same
  assert_int_equal(fault_of(s.linear, 0), 0);
  world.cas_failures = 0;
}

static void test_tracked_tables(void **state) {
  (void)state;
  struct scene s = simple(LONG_4K);
  build(&s);
  world.type[s.entry[3] / PAGE_SIZE] = P2M_LOG_DIRTY;
  (void)gpa_of(s.linear, 0);
  assert_int_equal(world.type_changes, 1);
  build(&s);
  world.type[s.entry[3] / PAGE_SIZE] = P2M_RAM_RO;
  assert_int_equal(fault_of(s.linear, 0), 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, world_setup)
  const struct CMUnitTest tests[] = {
      TEST(test_against_model),
      TEST(test_no_paging),
      TEST(test_not_canonical),
      TEST(test_large_leaf_bits),
      TEST(test_no_leaf_at_the_top),
      TEST(test_pse36),
      TEST(test_pae_top),
      TEST(test_tables_outside_memory),
      TEST(test_32_bit_tables_outside_memory),
      TEST(test_marks_refused),
      TEST(test_no_1g_pages),
      TEST(test_code_against_the_long_walk),
      TEST(test_code_in_a_bad_large_page),
      TEST(test_sibling_changes_entry),
      TEST(test_tracked_tables),
  };
  return cmocka_run_group_tests_name("guest page tables", tests, NULL, NULL);
}
