// SPDX-License-Identifier: Apache-2.0
// The arena's view beside EPT (vmx/view.c), on pages that are variables: what its entries are,
// what a flush leaves, where its pages go.
#include "guest_world.h"
#include "../../../hv/arch/x86_64/vmx/view.c"
#include <stdlib.h>

#define PAGES 32
#define RAM   (PTE_P | PTE_W | PTE_U | PTE_PCD | PTE_A | PTE_D) // R W X, write-back, IPAT
#define TABLE (PTE_P | PTE_W | PTE_U)
#define FAR   0x123456000ull

static uint64_t pages[PAGES][512] __attribute__((aligned(4096)));
static unsigned used, limit;
static struct domain *d;

void *p2m_table_alloc(struct domain *domain) {
  (void)domain;
  return used < limit ? pages[used++] : NULL;
}
void *arena_page_of(mfn_t mfn) {
  assert_true(mfn.v >= 100 && mfn.v < 100 + PAGES);
  return pages[mfn.v - 100];
}
mfn_t arena_page_mfn(const void *page) {
  return MFN(100 + (unsigned)((uint64_t(*)[512])(uintptr_t)page - pages));
}
void mm_guest_slots_link(struct domain_stub *stub) {
  (void)stub;
}

static uint64_t entry_of(unsigned page, uint64_t flags) {
  return (100ull + page) << PAGE_SHIFT | flags;
}

// EPT for the first GiB: page 0 the root, 1 level 3, 2 level 2, 3 level 1.
static int setup(void **state) {
  world_setup(state);
  d = cpu0->domain;
  memset(pages, 0, sizeof(pages));
  memset(d->stub->arch.guest_pdpt, 0, sizeof(d->stub->arch.guest_pdpt));
  d->arch.view_spare = NULL;
  used = 4;
  limit = PAGES;
  d->p2m.root = pages[0];
  pages[0][0] = entry_of(1, TABLE);
  pages[1][0] = entry_of(2, TABLE);
  pages[2][0] = entry_of(3, TABLE);
  pages[2][1] = 0x400000 | RAM | PTE_LARGE;
  pages[1][1] = 0x40000000 | RAM | PTE_LARGE;
  pages[3][7] = FAR | RAM;
  return 0;
}

// The view's level-2 entry for an address, 0 where no table leads there.
static uint64_t seen(uint64_t gpa) {
  uint64_t top = d->stub->arch.guest_pdpt[gpa >> 39];
  uint64_t e = top ? table_of(top)[index_at(gpa, 2)] : 0;
  return e ? table_of(e)[index_at(gpa, 1)] : 0;
}

static void test_entries(void **state) {
  (void)state;
  assert_int_equal(seen(0x7000), 0);
  assert_true(vmx_view_fill(d, 0x7000));
  assert_int_equal(seen(0x7000), entry_of(3, TABLE | PTE_A)); // level 1 is EPT's own
  assert_true(vmx_view_fill(d, 0x212345));
  assert_int_equal(seen(0x212345), pages[2][1]); // a leaf is a copy
  assert_true(vmx_view_fill(d, 0x40000000 + 5 * 0x200000 + 1));
  assert_int_equal(seen(0x40000000 + 5 * 0x200000),
                   (0x40000000 + 5 * 0x200000) | RAM | PTE_LARGE); // a part of 1 GiB
  assert_true(vmx_view_fill(d, 0x80000000));                       // nothing there
  assert_int_equal(seen(0x80000000), 0);
}

// Entries above the leaves that EPT walks have no bit that EPT reserves, nor get one.
static void test_ept_is_untouched(void **state) {
  (void)state;
  uint64_t before[4][512];
  memcpy(before, pages, sizeof(before));
  assert_true(vmx_view_fill(d, 0x7000) && vmx_view_fill(d, 0x200000));
  vmx_view_changed(d, 0x200000, 1);
  vmx_view_changed(d, 0x7000, 2);
  assert_memory_equal(before, pages, sizeof(before));
}

// A split of a leaf shows, and takes nothing else out of view.
static void test_split(void **state) {
  (void)state;
  assert_true(vmx_view_fill(d, 0x7000) && vmx_view_fill(d, 0x200000));
  pages[2][1] = entry_of(3, TABLE);
  vmx_view_changed(d, 0x3ff000, 1);
  assert_int_equal(seen(0x200000), 0);
  assert_int_not_equal(seen(0x7000), 0);
  unsigned before = used;
  assert_true(vmx_view_fill(d, 0x200000));
  assert_int_equal(seen(0x200000), entry_of(3, TABLE | PTE_A));
  assert_int_equal(used, before); // the tables stay
}

// A GiB goes at once, and what is not in view costs nothing.
static void test_gib(void **state) {
  (void)state;
  assert_true(vmx_view_fill(d, 0x7000) && vmx_view_fill(d, 0x40000000) &&
              vmx_view_fill(d, 0x7fe00000));
  vmx_view_changed(d, 0x5000000000, 1); // no table there
  vmx_view_changed(d, 1ull << 45, 3);   // beyond the slots
  pages[1][1] = 0;
  vmx_view_changed(d, 0x40000000, 2);
  assert_int_equal(seen(0x40000000) | seen(0x7fe00000), 0);
  assert_int_not_equal(seen(0x7000), 0);
}

static void test_pages_come_back(void **state) {
  (void)state;
  assert_true(vmx_view_fill(d, 0x7000) && vmx_view_fill(d, 0x40000000));
  vmx_view_changed(d, 0, 3); // the root still has it
  assert_int_not_equal(seen(0x7000), 0);
  uint64_t root = pages[0][0];
  pages[0][0] = 0;
  vmx_view_changed(d, 0, 3);
  assert_int_equal(d->stub->arch.guest_pdpt[0], 0);
  limit = used; // what follows lives on those three pages
  pages[0][0] = root;
  assert_true(vmx_view_fill(d, 0x40000000) && vmx_view_fill(d, 0x7000));
  assert_int_equal(seen(0x7000), entry_of(3, TABLE | PTE_A));
  assert_int_equal(seen(0x200000), 0); // nothing of before
  limit++;                             // the next slot needs two
  for (unsigned i = 0; i < 3; i++)
    assert_false(vmx_view_fill(d, 0x8000000000));
  assert_int_equal(seen(0x8000000000), 0);
  limit++; // none was lost
  assert_true(vmx_view_fill(d, 0x8000000000));
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, setup)
  const struct CMUnitTest tests[] = {
      TEST(test_entries), TEST(test_ept_is_untouched), TEST(test_split),
      TEST(test_gib),     TEST(test_pages_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
