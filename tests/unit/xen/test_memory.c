/* SPDX-License-Identifier: Apache-2.0 */
/* memory_op: what a guest may ask and change of its own memory map, and that no frame is lost, used
 * twice or reachable after it was taken out. */
#include "guest.h"
#include <abi/xen/memory.h>

#define MEM(op, arg) CALL(__HYPERVISOR_memory_op, XENMEM_##op, arg)
#define LIST         0xa000u

static int64_t ask(unsigned op, uint16_t domid) {
  return call_with(__HYPERVISOR_memory_op, op, &domid, sizeof(domid));
}
static int64_t current_pages(void) {
  return ask(XENMEM_current_reservation, DOMID_SELF);
}

static int64_t reserve(unsigned op, const uint64_t *gfns, uint64_t n, uint32_t order) {
  struct xen_memory_reservation r = {
      .extent_start = LIST, .nr_extents = n, .extent_order = order, .domid = DOMID_SELF};
  guest_put(LIST, gfns, n * sizeof(*gfns));
  return call_with(__HYPERVISOR_memory_op, op, &r, sizeof(r));
}

static int64_t map(uint32_t space, uint64_t idx, uint64_t gpfn) {
  struct xen_add_to_physmap op = {.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gpfn};
  return MEM(add_to_physmap, op);
}

static int64_t unmap(uint64_t gpfn) {
  struct xen_remove_from_physmap op = {.domid = DOMID_SELF, .gpfn = gpfn};
  return MEM(remove_from_physmap, op);
}

static bool mapped(uint64_t gfn) {
  return fake_touch(GFN(gfn), VIEW_GUEST).type != P2M_NONE ||
         fake_touch(GFN(gfn), VIEW_ARENA).type != P2M_NONE;
}

static void test_questions(void **unused) {
  guest_setup(1);
  assert_int_equal(current_pages(), RAM_PAGES + 1);
  assert_int_equal(ask(XENMEM_maximum_reservation, 1), MAX_PAGES);
  assert_int_equal(ask(XENMEM_maximum_gpfn, DOMID_SELF), RING_GFN);
  assert_int_equal(ask(XENMEM_current_reservation, 2), -XEN_EPERM);
  assert_int_equal(ask(XENMEM_current_reservation, 77), -XEN_ESRCH);
  assert_true(call(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, 0) > 1024);
  assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, ARGUMENT, 0),
                   -XEN_EPERM);
  static const uint8_t unknown[] = {5, 8, 11, 12, 13, 16, 24, 25, 29, 63};
  for (unsigned i = 0; i < ARRAY_SIZE(unknown); i++)
    assert_int_equal(call(__HYPERVISOR_memory_op, unknown[i], ARGUMENT, 0), -XEN_ENOSYS);
  assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_current_reservation, UNMAPPED, 0),
                   -XEN_EFAULT);
}

static void test_memory_map(void **unused) {
  struct xen_e820_entry e[3];
  struct xen_memory_map m = {.nr_entries = 3, .buffer = LIST};
  guest_setup(1);
  assert_int_equal(MEM(memory_map, m), 0);
  assert_int_equal(m.nr_entries, 2);
  guest_get(e, LIST, sizeof(e));
  assert_int_equal(e[0].size, RAM_PAGES * PAGE_SIZE);
  assert_int_equal(e[1].addr, (uint64_t)RING_GFN * PAGE_SIZE);
  assert_int_equal(e[1].type, 2);
  assert_int_equal(e[2].type, 0);
  struct compat_memory_map c = {.nr_entries = 1, .buffer = LIST + 64};
  assert_int_equal(compat_call_with(__HYPERVISOR_memory_op, XENMEM_memory_map, &c, sizeof(c)), 0);
  assert_int_equal(c.nr_entries, 1);
  guest_get(e, LIST + 64, sizeof(e));
  assert_int_equal(e[0].size, RAM_PAGES * PAGE_SIZE);
  assert_int_equal(e[1].type, 0);
  m = (struct xen_memory_map){.nr_entries = 3, .buffer = UNMAPPED};
  assert_int_equal(MEM(memory_map, m), -XEN_EFAULT);
}

static void test_give_and_take(void **unused) {
  uint64_t gfns[] = {40, 41, 50, 41, 42}, before;
  guest_setup(1);
  before = frame_count_free();
  memset(guest_page(41), 0x77, PAGE_SIZE);
  assert_int_equal(reserve(XENMEM_decrease_reservation, gfns, 5, 0), 3); /* 41 is gone by then */
  assert_int_equal(frame_count_free(), before + 3);
  assert_int_equal(current_pages(), RAM_PAGES + 1 - 3);
  assert_false(mapped(41));
  assert_true(mapped(42));
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns, 2, 0), 2);
  assert_int_equal(((uint8_t *)guest_page(41))[100], 0); /* scrubbed */
  gfns[0] = 42;
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns, 1, 0), 0); /* something is there */
  assert_int_equal(current_pages(), RAM_PAGES + 1 - 1);
  assert_int_equal(frame_count_free(), before + 1);
}

static void test_limit(void **unused) {
  uint64_t gfns[32];
  guest_setup(1);
  for (unsigned i = 0; i < 32; i++)
    gfns[i] = 0x1000 + i;
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns, 32, 0), 16);
  assert_int_equal(current_pages(), MAX_PAGES);
  assert_int_equal(reserve(XENMEM_decrease_reservation, gfns + 8, 8, 0), 8);
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns + 20, 1, 3), 1); /* 8 pages */
  assert_true(mapped(0x1000 + 27));
}

static void test_extents(void **unused) {
  uint64_t gfns[] = {0x2000, 0x2008};
  guest_setup(1);
  uint64_t before = frame_count_free();
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns, 2, 3), 2);
  assert_int_equal(current_pages(), MAX_PAGES);
  uint64_t tables = before - frame_count_free() - 16;
  assert_in_range(tables, 1, 2);
  assert_int_equal(reserve(XENMEM_decrease_reservation, gfns, 1, 4), 1);
  assert_int_equal(frame_count_free() + tables, before);
  /* One page in the way: nothing of the extent stays. */
  gfns[0] = 0x2005;
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns, 1, 0), 1);
  gfns[0] = 0x2000;
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns, 1, 3), 0);
  assert_false(mapped(0x2000));
  assert_true(mapped(0x2005));
  assert_int_equal(current_pages(), RAM_PAGES + 2);
}

static void test_large_extent(void **unused) {
  uint64_t gfns[] = {0x4000, 0x4201};
  guest_setup(1);
  d->max_pages += 1024;
  assert_int_equal(reserve(XENMEM_populate_physmap, gfns, 1, 9), 1);
  assert_int_equal(p2m_lookup(d, GFN(0x4100)).order, 9);
  assert_int_equal(reserve(XENMEM_decrease_reservation, gfns, 1, 9), 1);
  assert_false(mapped(0x4100));
  assert_int_equal(current_pages(), RAM_PAGES + 1);
}

static void test_reservation_refusals(void **unused) {
  uint64_t gfn = 40;
  guest_setup(1);
  assert_int_equal(reserve(XENMEM_decrease_reservation, &gfn, 1, 10), 0);
  assert_int_equal(reserve(XENMEM_increase_reservation, &gfn, 1, 0), 0);
  struct xen_memory_reservation r = {.extent_start = LIST, .nr_extents = 1, .domid = 2};
  assert_int_equal(MEM(decrease_reservation, r), -XEN_EPERM);
  r.domid = 77;
  assert_int_equal(MEM(decrease_reservation, r), 0);
  r = (struct xen_memory_reservation){
      .extent_start = UNMAPPED, .nr_extents = 1, .domid = DOMID_SELF};
  assert_int_equal(MEM(decrease_reservation, r), 0);
  r.nr_extents = ~0ull;
  assert_int_equal(MEM(decrease_reservation, r), 0);
  assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, UNMAPPED, 0), 0);
  assert_true(mapped(40));
  gfn = 1ull << 50;
  assert_int_equal(reserve(XENMEM_populate_physmap, &gfn, 1, 0), 0);
  assert_int_equal(current_pages(), RAM_PAGES + 1);
}

static void test_compat_physmap(void **unused) {
  struct compat_add_to_physmap add = {
      .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn, .idx = 20, .gpfn = 21};
  struct compat_remove_from_physmap out = {.domid = DOMID_SELF, .gpfn = 22};
  uint32_t idx = 0, gpfn = 23;
  int32_t error = 5;
  struct compat_add_to_physmap_batch batch = {.domid = DOMID_SELF,
                                              .space = XENMAPSPACE_shared_info,
                                              .size = 1,
                                              .idxs = LIST,
                                              .gpfns = LIST + 64,
                                              .errs = LIST + 128};
  guest_setup(1);
  memset(guest_page(20), 0x20, PAGE_SIZE);
  assert_int_equal(
      compat_call_with(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &add, sizeof(add)), 0);
  assert_int_equal(*(uint8_t *)guest_page(21), 0x20);
  assert_int_equal(
      compat_call_with(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &out, sizeof(out)), 0);
  assert_false(mapped(22));
  guest_put(LIST, &idx, sizeof(idx));
  guest_put(LIST + 64, &gpfn, sizeof(gpfn));
  assert_int_equal(
      compat_call_with(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, &batch, sizeof(batch)),
      0);
  guest_get(&error, LIST + 128, sizeof(error));
  assert_int_equal(error, 0);
  assert_int_equal(
      ((struct compat_shared_info *)guest_page(23))->vcpu_info[0].evtchn_upcall_pending, 0);
}

static void test_compat_reservation(void **unused) {
  uint32_t gfns[] = {40, 41};
  struct compat_memory_reservation r = {.extent_start = LIST, .nr_extents = 2, .domid = DOMID_SELF};
  guest_setup(1);
  guest_put(LIST, gfns, sizeof(gfns));
  assert_int_equal(
      compat_call_with(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r, sizeof(r)), 2);
  assert_false(mapped(40) || mapped(41));
}

static void test_shared_info(void **unused) {
  guest_setup(1);
  uint64_t before = frame_count_free();
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 5), 0);
  assert_int_equal(frame_count_free(), before + 1); /* what was there is free */
  assert_int_equal(current_pages(), RAM_PAGES);
  assert_ptr_not_equal(guest_page(5), NULL);
  assert_int_equal(((struct shared_info *)guest_page(5))->wc_sec, 0x65432100);
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 6), 0); /* it moves */
  assert_false(mapped(5));
  assert_int_equal(((struct shared_info *)guest_page(6))->wc_sec, 0x65432100);
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 6), 0);
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 0x100000), 0); /* where nothing was */
  assert_int_equal(map(XENMAPSPACE_shared_info, 1, 7), -XEN_EINVAL);
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 1ull << 50), -XEN_EINVAL);
  assert_true(mapped(0x100000)); /* the failure changed nothing */
  assert_int_equal(unmap(0x100000), 0);
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 9), 0); /* the page itself lives on */
  assert_int_equal(((struct shared_info *)guest_page(9))->wc_sec, 0x65432100);
}

static void test_gmfn(void **unused) {
  guest_setup(1);
  memset(guest_page(10), 0x10, PAGE_SIZE);
  assert_int_equal(map(XENMAPSPACE_gmfn, 10, 11), 0);
  assert_false(mapped(10));
  assert_int_equal(*(uint8_t *)guest_page(11), 0x10);
  assert_int_equal(current_pages(), RAM_PAGES);
  assert_int_equal(map(XENMAPSPACE_gmfn, 10, 12), -XEN_EINVAL); /* nothing there */
  assert_int_equal(map(XENMAPSPACE_gmfn, 11, 1ull << 50), -XEN_EINVAL);
  assert_int_equal(*(uint8_t *)guest_page(11), 0x10);
  assert_int_equal(map(XENMAPSPACE_gmfn, 11, 11), 0);
  assert_int_equal(*(uint8_t *)guest_page(11), 0x10);
  /* The shared page is no page of the guest's, but it can be pushed out. */
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 12), 0);
  assert_int_equal(map(XENMAPSPACE_gmfn, 12, 13), -XEN_EINVAL);
  assert_int_equal(map(XENMAPSPACE_gmfn, 11, 12), 0);
  assert_int_equal(*(uint8_t *)guest_page(12), 0x10);
  assert_int_equal(map(XENMAPSPACE_shared_info, 0, 14), 0);
  struct xen_add_to_physmap range = {
      .domid = DOMID_SELF, .size = 3, .space = XENMAPSPACE_gmfn_range, .idx = 20, .gpfn = 0x3000};
  memset(guest_page(22), 0x22, PAGE_SIZE);
  assert_int_equal(MEM(add_to_physmap, range), 0);
  assert_int_equal(*(uint8_t *)guest_page(0x3002), 0x22);
  assert_false(mapped(20) || mapped(21) || mapped(22));
}

static void test_map_refusals(void **unused) {
  guest_setup(1);
  assert_int_equal(map(XENMAPSPACE_grant_table, 0, 5), -XEN_EINVAL);
  assert_int_equal(map(XENMAPSPACE_gmfn_foreign, 0, 5), -XEN_ENOSYS);
  assert_int_equal(map(77, 0, 5), -XEN_EINVAL);
  struct xen_add_to_physmap op = {.domid = 2};
  assert_int_equal(MEM(add_to_physmap, op), -XEN_EPERM);
  op.domid = 77;
  assert_int_equal(MEM(add_to_physmap, op), -XEN_ESRCH);
  assert_int_equal(unmap(0x5000), -XEN_ENOENT);
  assert_int_equal(unmap(1ull << 50), -XEN_ENOENT);
  assert_int_equal(unmap(40), 0);
  assert_false(mapped(40));
  assert_int_equal(unmap(40), -XEN_ENOENT);
}

static void test_batch(void **unused) {
  uint64_t idx[] = {0, 1}, gpfn[] = {30, 31};
  int32_t errors[] = {5, 5};
  struct xen_add_to_physmap_batch op = {.domid = DOMID_SELF,
                                        .space = XENMAPSPACE_shared_info,
                                        .size = 2,
                                        .idxs = LIST,
                                        .gpfns = LIST + 64,
                                        .errs = LIST + 128};
  guest_setup(1);
  guest_put(LIST, idx, sizeof(idx));
  guest_put(LIST + 64, gpfn, sizeof(gpfn));
  assert_int_equal(MEM(add_to_physmap_batch, op), 0);
  guest_get(errors, LIST + 128, sizeof(errors));
  assert_int_equal(errors[0], 0);
  assert_int_equal(errors[1], -XEN_EINVAL);
  assert_int_equal(((struct shared_info *)guest_page(30))->wc_sec, 0x65432100);
  op.errs = UNMAPPED;
  assert_int_equal(MEM(add_to_physmap_batch, op), -XEN_EFAULT);
  op.errs = LIST + 128;
  op.idxs = UNMAPPED;
  assert_int_equal(MEM(add_to_physmap_batch, op), -XEN_EFAULT);
  op.idxs = LIST;
  op.gpfns = UNMAPPED;
  assert_int_equal(MEM(add_to_physmap_batch, op), -XEN_EFAULT);
  op.gpfns = LIST + 64;
  op.space = XENMAPSPACE_gmfn;
  op.extra = 1; /* a word that has no meaning there */
  assert_int_equal(MEM(add_to_physmap_batch, op), -XEN_EOPNOTSUPP);
  op.extra = 0;
  op.space = XENMAPSPACE_gmfn_range;
  assert_int_equal(MEM(add_to_physmap_batch, op), -XEN_EOPNOTSUPP);
  op.space = XENMAPSPACE_gmfn_foreign;
  op.extra = 2;
  assert_int_equal(MEM(add_to_physmap_batch, op), -XEN_EPERM);
  op.extra = 77;
  assert_int_equal(MEM(add_to_physmap_batch, op), -XEN_ESRCH);
}

/* Random changes against what a guest would expect: each page's content goes where it was sent, and
 * in the end every frame is accounted for. */
static void test_random(void **unused) {
  guest_setup(1);
  rnd_seed(7);
  uint8_t want[64] = {0}; /* content of page gfn, 0: not there */
  for (unsigned gfn = 32; gfn < 64; gfn++)
    memset(guest_page(gfn), want[gfn] = (uint8_t)gfn, PAGE_SIZE);
  uint64_t total = frame_count_free() + (uint64_t)current_pages();
  for (unsigned step = 0; step < 2000; step++) {
    unsigned from = 32 + rnd(32), to = 32 + rnd(32);
    uint64_t gfn = to;
    if (rnd(3) == 0 && want[from] && map(XENMAPSPACE_gmfn, from, to) == 0 && from != to) {
      want[to] = want[from];
      want[from] = 0;
    } else if (rnd(2) && reserve(XENMEM_decrease_reservation, &gfn, 1, 0)) {
      want[to] = 0;
    } else if (reserve(XENMEM_populate_physmap, &gfn, 1, 0)) {
      memset(guest_page(to), want[to] = (uint8_t)(1 + rnd(255)), PAGE_SIZE);
    }
    assert_int_equal(mapped(to), want[to] != 0);
    if (want[to])
      assert_int_equal(*(uint8_t *)guest_page(to), want[to]);
  }
  assert_int_equal(frame_count_free() + (uint64_t)current_pages(), total);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_questions),
      cmocka_unit_test(test_memory_map),
      cmocka_unit_test(test_give_and_take),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_extents),
      cmocka_unit_test(test_large_extent),
      cmocka_unit_test(test_reservation_refusals),
      cmocka_unit_test(test_compat_reservation),
      cmocka_unit_test(test_compat_physmap),
      cmocka_unit_test(test_shared_info),
      cmocka_unit_test(test_gmfn),
      cmocka_unit_test(test_map_refusals),
      cmocka_unit_test(test_batch),
      cmocka_unit_test(test_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
