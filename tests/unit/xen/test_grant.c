/* SPDX-License-Identifier: Apache-2.0 */
/* grant_table_op: statuses and bits of every operation, within a domain and between two; that no
 * frame is free while somebody maps it or may still reach it by an old translation; and what is
 * left when either end goes. */
#include "guest.h"
#include <abi/xen/grant_table.h>
#include <abi/xen/memory.h>
#include <guest.h>
#include <lib/atomic.h>
#include <personality.h>

#define GNT(op, arg) gnt(GNTTABOP_##op, &(arg), sizeof(arg))
#define TABLE        40u      /* gfn where the table's first page is mapped */
#define HOLE         0x40000u /* gfn where nothing is */
#define LIST         0xa000u
#define FRONT        1u
#define BACK         2u
#define FRAMES       4u
#define HANDLES      200u

static int64_t gnt(unsigned op, void *arg, size_t n) {
  guest_put(ARGUMENT, arg, n);
  int64_t result = call(__HYPERVISOR_grant_table_op, op, ARGUMENT, 1);
  guest_get(arg, ARGUMENT, n);
  return result;
}

static int64_t add(uint32_t space, uint64_t idx, uint64_t gpfn) {
  struct xen_add_to_physmap op = {.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gpfn};
  return CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, op);
}

static int64_t balloon(unsigned op, uint64_t gfn) {
  struct xen_memory_reservation r = {.extent_start = LIST, .nr_extents = 1, .domid = DOMID_SELF};
  guest_put(LIST, &gfn, sizeof(gfn));
  return call_with(__HYPERVISOR_memory_op, op, &r, sizeof(r));
}

static int64_t leave(uint64_t gfn) {
  struct xen_remove_from_physmap op = {.domid = DOMID_SELF, .gpfn = gfn};
  return CALL(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, op);
}

static struct grant_entry_v1 *entry(uint32_t ref) {
  return (struct grant_entry_v1 *)guest_page(TABLE + ref / 512) + ref % 512;
}

static void allow(uint32_t ref, uint16_t domid, uint32_t gfn, unsigned flags) {
  *entry(ref) = (struct grant_entry_v1){GTF_permit_access | flags, domid, gfn};
}

/* Only after a setup with a table at TABLE. */
static void setup_with(unsigned vcpus) {
  guest_grant_frames = FRAMES;
  guest_maptrack = HANDLES;
  guest_setup(vcpus);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
}

static void setup(void) {
  guest_channel = (struct manifest_channel){0};
  setup_with(1);
}

/* Domain 1 is the front, 2 the back, of a disk; the test goes on as domain 1. */
static void setup_two(void) {
  guest_channel = (struct manifest_channel){.kind = MANIFEST_CHANNEL_DISK, .front = 0, .back = 1};
  setup_with(1);
  guest_second();
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
  guest_become(0);
}

static struct gnttab_map_grant_ref map_op(uint16_t dom, uint32_t ref, uint64_t gfn,
                                          uint32_t flags) {
  struct gnttab_map_grant_ref op = {.host_addr = gfn << PAGE_SHIFT,
                                    .flags = GNTMAP_host_map | flags,
                                    .ref = ref,
                                    .dom = dom,
                                    .status = 99,
                                    .dev_bus_addr = 99};
  assert_int_equal(GNT(map_grant_ref, op), 0);
  return op;
}

static int map(uint16_t dom, uint32_t ref, uint64_t gfn, uint32_t flags) {
  return map_op(dom, ref, gfn, flags).status;
}

static uint32_t map_ok(uint16_t dom, uint32_t ref, uint64_t gfn, uint32_t flags) {
  struct gnttab_map_grant_ref op = map_op(dom, ref, gfn, flags);
  assert_int_equal(op.status, GNTST_okay);
  assert_int_equal(op.dev_bus_addr, 0);
  return op.handle;
}

static int unmap(uint32_t handle, uint64_t gfn) {
  struct gnttab_unmap_grant_ref op = {
      .host_addr = gfn << PAGE_SHIFT, .handle = handle, .status = 99};
  assert_int_equal(GNT(unmap_grant_ref, op), 0);
  return op.status;
}

static unsigned bits(uint32_t ref) {
  return entry(ref)->flags & (GTF_reading | GTF_writing);
}

/* --- the table ------------------------------------------------------------------------- */

static void test_questions(void **unused) {
  setup();
  struct gnttab_query_size size = {.dom = DOMID_SELF};
  assert_int_equal(GNT(query_size, size), 0);
  assert_int_equal(size.status, GNTST_okay);
  assert_int_equal(size.nr_frames, 1);
  assert_int_equal(size.max_nr_frames, FRAMES);
  size.dom = 2;
  assert_int_equal(GNT(query_size, size), 0);
  assert_int_equal(size.status, GNTST_permission_denied);
  size.dom = 77;
  assert_int_equal(GNT(query_size, size), 0);
  assert_int_equal(size.status, GNTST_bad_domain);
  uint32_t version = 1;
  assert_int_equal(GNT(set_version, version), 0);
  version = 2;
  assert_int_equal(GNT(set_version, version), -XEN_ENOSYS);
  assert_int_equal(version, 1);
  version = 3;
  assert_int_equal(GNT(set_version, version), -XEN_EINVAL);
  struct gnttab_get_version get = {.dom = 1};
  assert_int_equal(GNT(get_version, get), 0);
  assert_int_equal(get.version, 1);
  get.dom = 2;
  assert_int_equal(GNT(get_version, get), -XEN_EPERM);
  get.dom = 77;
  assert_int_equal(GNT(get_version, get), -XEN_ESRCH);
}

static void test_refused_operations(void **unused) {
  setup();
  struct gnttab_get_status_frames frames = {.nr_frames = 1, .dom = DOMID_SELF};
  assert_int_equal(GNT(get_status_frames, frames), 0);
  assert_int_equal(frames.status, GNTST_general_error);
  struct gnttab_transfer transfer = {.mfn = 5, .domid = 2};
  assert_int_equal(GNT(transfer, transfer), 0);
  assert_int_equal(transfer.status, GNTST_general_error);
  transfer.mfn = HOLE;
  assert_int_equal(GNT(transfer, transfer), 0);
  assert_int_equal(transfer.status, GNTST_bad_page);
  struct gnttab_unmap_and_replace replace = {.new_addr = 1};
  assert_int_equal(GNT(unmap_and_replace, replace), 0);
  assert_int_equal(replace.status, GNTST_general_error);
  assert_int_equal(call(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, ARGUMENT, 1),
                   -XEN_EOPNOTSUPP);
  assert_int_equal(call(__HYPERVISOR_grant_table_op, 3, ARGUMENT, 1), -XEN_ENOSYS);
  assert_int_equal(call(__HYPERVISOR_grant_table_op, 13, ARGUMENT, 1), -XEN_ENOSYS);
  assert_int_equal(call(__HYPERVISOR_grant_table_op, ~0ull, ARGUMENT, 1), -XEN_ENOSYS);
  assert_int_equal(call(__HYPERVISOR_grant_table_op, 0, ARGUMENT, 0x80000000), -XEN_EINVAL);
  assert_int_equal(call(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, ARGUMENT, 2),
                   -XEN_EINVAL);
  for (unsigned op = 0; op < 12; op++)
    if (op != 3)
      assert_int_equal(call(__HYPERVISOR_grant_table_op, op, UNMAPPED, 1), -XEN_EFAULT);
}

static void test_no_table(void **unused) {
  guest_grant_frames = guest_maptrack = 0;
  guest_setup(1);
  for (unsigned op = 0; op < 13; op++)
    assert_int_equal(call(__HYPERVISOR_grant_table_op, op, ARGUMENT, 1), -XEN_ENOSYS);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), -XEN_EINVAL);
  guest_maptrack = 8; /* who only maps needs none */
  guest_setup(1);
  struct gnttab_query_size size = {.dom = DOMID_SELF};
  assert_int_equal(GNT(query_size, size), -XEN_ENOSYS);
  assert_int_equal(map(1, 0, HOLE, 0), GNTST_bad_domain);
}

static void test_setup_table(void **unused) {
  uint64_t gfns[FRAMES];
  setup();
  struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = 3, .frame_list = LIST};
  assert_int_equal(GNT(setup_table, op), 0);
  assert_int_equal(op.status, GNTST_okay);
  guest_get(gfns, LIST, sizeof(gfns));
  assert_int_equal(gfns[0], TABLE);
  assert_int_equal(gfns[1], ~0ull);
  op.nr_frames = FRAMES + 1;
  assert_int_equal(GNT(setup_table, op), 0);
  assert_int_equal(op.status, GNTST_general_error);
  op = (struct gnttab_setup_table){.dom = DOMID_SELF, .nr_frames = 1, .frame_list = UNMAPPED};
  assert_int_equal(GNT(setup_table, op), 0);
  assert_int_equal(op.status, GNTST_bad_virt_addr);
  op.dom = 2;
  assert_int_equal(GNT(setup_table, op), 0);
  assert_int_equal(op.status, GNTST_permission_denied);
}

/* Its pages are placed, moved, replaced and removed like the shared info, and none gets lost. */
static void test_table_pages(void **unused) {
  setup();
  uint64_t before = frame_count_free();
  entry(9)->frame = 0x1234;
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, HOLE), 0);
  assert_null(guest_page(TABLE));
  assert_int_equal(((struct grant_entry_v1 *)guest_page(HOLE))[9].frame, 0x1234);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
  assert_int_equal(leave(TABLE), 0);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
  assert_int_equal(entry(9)->frame, 0x1234);
  assert_int_equal(frame_count_free() + 2, before);            /* the nested page tables of HOLE */
  assert_int_equal(add(XENMAPSPACE_grant_table, 1, TABLE), 0); /* in its place */
  assert_int_equal(entry(9)->frame, 0);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE + 1), 0);
  assert_int_equal(add(XENMAPSPACE_grant_table, FRAMES, TABLE), -XEN_EINVAL);
  assert_int_equal(add(XENMAPSPACE_grant_table, 1ull << 31, TABLE), -XEN_EINVAL);
  assert_int_equal(add(XENMAPSPACE_grant_table, 1ull << 32, TABLE), -XEN_EINVAL);
  assert_int_equal(balloon(XENMEM_decrease_reservation, TABLE), 1);
  assert_int_equal(d->pages, RAM_PAGES + 1 - 2);
}

static void test_end_frees_all(void **unused) {
  setup();
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, HOLE), 0); /* so that page tables are there */
  personality_domain_fini(d);
  uint64_t before = frame_count_free();
  assert_int_equal(personality_domain_init(d), STATUS_OK);
  struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = FRAMES, .frame_list = LIST};
  assert_int_equal(GNT(setup_table, op), 0);
  for (unsigned i = 0; i < FRAMES; i++)
    assert_int_equal(add(XENMAPSPACE_grant_table, i, HOLE + i), 0);
  for (unsigned i = 0; i < 3; i++) {
    ((struct grant_entry_v1 *)guest_page(HOLE))[8] =
        (struct grant_entry_v1){GTF_permit_access, 1, 5};
    map_ok(1, 8, HOLE + 100 + i, 0);
  }
  assert_true(frame_count_free() < before);
  personality_domain_fini(d);
  assert_int_equal(frame_count_free(), before);
  for (unsigned i = 0; i < 200; i++)
    assert_null(guest_page(HOLE + i));
  assert_non_null(guest_page(5));
}

/* --- mapping one's own ---------------------------------------------------------------------- */

static void test_map_and_unmap(void **unused) {
  setup();
  allow(8, 1, 20, 0);
  uint32_t handle = map_ok(1, 8, HOLE, 0);
  assert_int_equal(bits(8), GTF_reading | GTF_writing);
  memset(guest_page(HOLE), 0x5a, PAGE_SIZE);
  assert_int_equal(*(uint8_t *)guest_page(20), 0x5a);
  assert_int_equal(p2m_lookup(d, GFN(HOLE)).type, P2M_FOREIGN);
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
  assert_int_equal(bits(8), 0);
  assert_null(guest_page(HOLE));
  assert_non_null(guest_page(20));
  assert_int_equal(unmap(handle, HOLE), GNTST_bad_handle);
}

static void test_read_only(void **unused) {
  setup();
  allow(8, 1, 20, GTF_readonly);
  assert_int_equal(map(1, 8, HOLE, 0), GNTST_general_error);
  assert_int_equal(bits(8), 0);
  uint32_t handle = map_ok(1, 8, HOLE, GNTMAP_readonly);
  assert_int_equal(bits(8), GTF_reading);
  uint64_t word = 1;
  assert_int_equal(guest_write_phys(GPA((uint64_t)HOLE << PAGE_SHIFT), &word, 8), STATUS_FAULT);
  guest_get(&word, (uint64_t)HOLE << PAGE_SHIFT, 8);
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
  allow(8, 1, READ_ONLY >> PAGE_SHIFT, 0);
  assert_int_equal(map(1, 8, HOLE, 0), GNTST_bad_page);
  assert_int_equal(bits(8), 0);
  handle = map_ok(1, 8, HOLE, GNTMAP_readonly);
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
}

/* The bits fall with the last of each sort; the frame is the one of the first use. */
static void test_counts(void **unused) {
  setup();
  allow(8, 1, 20, 0);
  uint32_t reader = map_ok(1, 8, HOLE, GNTMAP_readonly);
  uint32_t writer = map_ok(1, 8, HOLE + 1, 0), other = map_ok(1, 8, HOLE + 2, 0);
  entry(8)->frame = 21;
  uint32_t late = map_ok(1, 8, HOLE + 3, 0);
  assert_ptr_equal(guest_page(HOLE + 3), guest_page(20));
  assert_int_equal(unmap(writer, HOLE + 1), GNTST_okay);
  assert_int_equal(unmap(late, HOLE + 3), GNTST_okay);
  assert_int_equal(bits(8), GTF_reading | GTF_writing);
  assert_int_equal(unmap(other, HOLE + 2), GNTST_okay);
  assert_int_equal(bits(8), GTF_reading);
  assert_int_equal(unmap(reader, HOLE), GNTST_okay);
  assert_int_equal(bits(8), 0);
  uint32_t fresh = map_ok(1, 8, HOLE, 0);
  assert_ptr_equal(guest_page(HOLE), guest_page(21));
  assert_int_equal(unmap(fresh, HOLE), GNTST_okay);
}

static void test_map_refusals(void **unused) {
  setup();
  uint64_t before = frame_count_free();
  allow(8, 1, 20, 0);
  struct gnttab_map_grant_ref op = {.host_addr = (uint64_t)HOLE << 12, .ref = 8, .dom = 1};
  assert_int_equal(GNT(map_grant_ref, op), 0);
  assert_int_equal(op.status, GNTST_bad_gntref); /* mapped for nobody */
  static const uint32_t flags[] = {GNTMAP_device_map, GNTMAP_application_map, GNTMAP_contains_pte};
  for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
    assert_int_equal(map(1, 8, HOLE, flags[i]), GNTST_general_error);
  assert_int_equal(map(77, 8, HOLE, 0), GNTST_bad_domain);
  assert_int_equal(map(DOMID_SELF, 8, HOLE, 0), GNTST_bad_domain);
  assert_int_equal(map(2, 8, HOLE, 0), GNTST_permission_denied);
  assert_int_equal(map(1, 512, HOLE, 0), GNTST_bad_gntref);
  assert_int_equal(map(1, ~0u, HOLE, 0), GNTST_bad_gntref);
  assert_int_equal(map(1, 9, HOLE, 0), GNTST_general_error);
  allow(9, 2, 20, 0);
  assert_int_equal(map(1, 9, HOLE, 0), GNTST_general_error);
  entry(9)->flags = 3; /* transitive */
  entry(9)->domid = 1;
  assert_int_equal(map(1, 9, HOLE, 0), GNTST_general_error);
  static const uint32_t gfns[] = {HOLE, ~0u, TABLE};
  for (unsigned i = 0; i < ARRAY_SIZE(gfns); i++) {
    allow(9, 1, gfns[i], 0);
    assert_int_equal(map(1, 9, HOLE, 0), GNTST_bad_page);
  }
  assert_int_equal(map(1, 8, 30, 0), GNTST_general_error); /* there is memory */
  assert_int_equal(map(1, 8, 1ull << 51, 0), GNTST_general_error);
  assert_int_equal(bits(8) | bits(9), 0);
  assert_true(before - frame_count_free() <= 2); /* the pages for handles */
}

static void test_unmap_refusals(void **unused) {
  setup();
  assert_int_equal(unmap(0, HOLE), GNTST_bad_handle);
  allow(8, 1, 20, 0);
  uint32_t handle = map_ok(1, 8, HOLE, 0);
  assert_int_equal(unmap(handle + 1, HOLE), GNTST_bad_handle);
  assert_int_equal(unmap(~0u, HOLE), GNTST_bad_handle);
  assert_int_equal(unmap(handle, HOLE + 1), GNTST_general_error);
  assert_int_equal(unmap(handle, 20), GNTST_general_error);
  assert_int_equal(unmap(handle, 0), GNTST_okay); /* and nothing happens */
  struct gnttab_unmap_grant_ref op = {
      .host_addr = (uint64_t)HOLE << 12, .dev_bus_addr = 1, .handle = handle};
  assert_int_equal(GNT(unmap_grant_ref, op), 0);
  assert_int_equal(op.status, GNTST_general_error);
  assert_non_null(guest_page(HOLE));
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
}

/* A mapping keeps its place: no other call takes it out or puts something over it. */
static void test_place_is_held(void **unused) {
  setup();
  allow(8, 1, 20, 0);
  uint32_t handle = map_ok(1, 8, HOLE, 0);
  assert_int_equal(leave(HOLE), -XEN_EINVAL);
  assert_int_equal(balloon(XENMEM_decrease_reservation, HOLE), 0);
  assert_int_equal(balloon(XENMEM_populate_physmap, HOLE), 0);
  assert_int_equal(add(XENMAPSPACE_shared_info, 0, HOLE), -XEN_EINVAL);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, HOLE), -XEN_EINVAL);
  assert_int_equal(add(XENMAPSPACE_gmfn, 30, HOLE), -XEN_EINVAL);
  assert_int_equal(add(XENMAPSPACE_gmfn, HOLE, 30), -XEN_EINVAL);
  assert_int_equal(map(1, 8, HOLE, 0), GNTST_general_error);
  assert_int_equal(d->pages, RAM_PAGES);
  assert_non_null(guest_page(30));
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
}

static void test_handles_run_out(void **unused) {
  setup();
  uint32_t handle[HANDLES];
  allow(8, 1, 20, 0);
  for (unsigned round = 0; round < 2; round++) {
    for (unsigned i = 0; i < HANDLES; i++)
      handle[i] = map_ok(1, 8, HOLE + i, 0);
    assert_int_equal(map(1, 8, HOLE + HANDLES, 0), GNTST_no_space);
    for (unsigned i = 0; i < HANDLES; i++)
      assert_int_equal(unmap(handle[i], HOLE + i), GNTST_okay);
    assert_int_equal(bits(8), 0);
  }
}

/* --- batches and old translations ------------------------------------------------------------- */

static void put_unmaps(const uint32_t *handle, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    struct gnttab_unmap_grant_ref op = {
        .host_addr = ((uint64_t)HOLE + i) << PAGE_SHIFT, .handle = handle[i], .status = 99};
    guest_put(LIST + i * sizeof(op), &op, sizeof(op));
  }
}

static void test_one_flush_for_a_batch(void **unused) {
  setup();
  uint32_t handle[64];
  for (unsigned i = 0; i < 64; i++) {
    allow(8 + i, 1, i < 20 ? i : 20, 0);
    handle[i] = map_ok(1, 8 + i, HOLE + i, 0);
  }
  put_unmaps(handle, 64);
  unsigned before = fake_flushes[0];
  assert_int_equal(call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, LIST, 64), 0);
  assert_int_equal(fake_flushes[0] - before, 2);
  for (unsigned i = 0; i < 64; i++) {
    assert_null(guest_page(HOLE + i));
    assert_int_equal(bits(8 + i), 0);
  }
}

/* A list whose end is not readable: what came before is done in full. */
static void test_fault_in_a_list(void **unused) {
  setup();
  uint32_t handle = (allow(8, 1, 20, 0), map_ok(1, 8, HOLE, 0));
  struct gnttab_unmap_grant_ref op = {.host_addr = (uint64_t)HOLE << 12, .handle = handle};
  uint64_t end = (uint64_t)RAM_PAGES << PAGE_SHIFT;
  guest_put(end - sizeof(op), &op, sizeof(op));
  assert_int_equal(call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, end - sizeof(op), 2),
                   -XEN_EFAULT);
  assert_int_equal(bits(8), 0);
  assert_null(guest_page(HOLE));
}

/* As the end of a domain does it. */
static void free_page(uint64_t gfn) {
  struct p2m_entry old;
  struct p2m_locked p = p2m_lock(d);
  assert_int_equal(p2m_remove(p, GFN(gfn), &old), STATUS_OK);
  p2m_unlock(p);
  p2m_flush(d);
  frame_free(old.mfn, 0);
}

/* Another CPU has seen the page: it is not free before that CPU has forgotten it, though the
 * granter's life is over. */
static mfn_t watched;
static bool seen_while_free;
static void watch(void) {
  if (frame_of(watched)->refs == 0 && guest_page(HOLE))
    seen_while_free = true;
}

static void test_flush_before_reuse(void **unused) {
  setup_with(2);
  allow(8, 1, 20, 0);
  uint32_t handle = map_ok(1, 8, HOLE, 0);
  watched = p2m_lookup(d, GFN(20)).mfn;
  assert_int_equal(balloon(XENMEM_decrease_reservation, 20), 0); /* in use elsewhere */
  assert_int_equal(leave(20), -XEN_EBUSY);
  assert_int_equal(add(XENMAPSPACE_shared_info, 0, 20), -XEN_EBUSY);
  assert_int_equal(d->pages, RAM_PAGES);
  free_page(20);
  assert_true(frame_of(watched)->refs > 0);
  guest_become(1);
  void *page = guest_page(HOLE);
  assert_ptr_equal(page, fake_page(watched));
  guest_become(0);
  fake_meanwhile = watch;
  uint64_t kicks = fake_kicks;
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
  assert_true(fake_kicks > kicks);
  fake_meanwhile = NULL;
  assert_false(seen_while_free);
  assert_int_equal(frame_of(watched)->refs, 0);
  guest_become(1);
  assert_null(guest_page(HOLE));
}

/* --- copies --------------------------------------------------------------------------------- */

static int copy(struct gnttab_copy op) {
  op.status = 99;
  assert_int_equal(GNT(copy, op), 0);
  return op.status;
}

#define BY_REF(r, dom, at)                                                                         \
  { .u.ref = (r), .domid = (dom), .offset = (at) }
#define BY_GFN(g, at)                                                                              \
  { .u.gmfn = (g), .domid = DOMID_SELF, .offset = (at) }

static void test_copy(void **unused) {
  setup();
  allow(8, 1, 20, GTF_readonly);
  allow(9, 1, 21, 0);
  memset(guest_page(20), 0xa5, PAGE_SIZE);
  assert_int_equal(
      copy((struct gnttab_copy){
          .source = BY_REF(8, DOMID_SELF, 16), .dest = BY_REF(9, 1, 32), .len = 100, .flags = 3}),
      GNTST_okay);
  const uint8_t *to = guest_page(21);
  assert_true(to[31] == 0 && to[32] == 0xa5 && to[131] == 0xa5 && to[132] == 0);
  assert_int_equal(bits(8) | bits(9), 0);
  assert_int_equal(
      copy((struct gnttab_copy){.source = BY_GFN(20, 0), .dest = BY_GFN(22, 0), .len = PAGE_SIZE}),
      GNTST_okay);
  assert_int_equal(((uint8_t *)guest_page(22))[PAGE_SIZE - 1], 0xa5);
  assert_int_equal(copy((struct gnttab_copy){.source = BY_GFN(READ_ONLY >> 12, 0),
                                             .dest = BY_REF(9, 1, 0),
                                             .len = 0,
                                             .flags = GNTCOPY_dest_gref}),
                   GNTST_okay);
}

static void test_copy_refusals(void **unused) {
  setup();
  uint64_t before = frame_count_free();
  allow(8, 1, 20, GTF_readonly);
  const struct {
    struct gnttab_copy op;
    int status;
  } rows[] = {
      {{.source = BY_REF(8, 1, 0), .dest = BY_GFN(21, 0), .flags = 0}, GNTST_permission_denied},
      {{.source = BY_REF(8, 77, 0), .dest = BY_GFN(21, 0), .flags = 1}, GNTST_bad_domain},
      {{.source = BY_REF(8, 2, 0), .dest = BY_GFN(21, 0), .flags = 1}, GNTST_permission_denied},
      {{.source = BY_GFN(21, 0), .dest = BY_REF(8, 2, 0), .flags = 2}, GNTST_permission_denied},
      {{.source = BY_REF(600, 1, 0), .dest = BY_GFN(21, 0), .flags = 1}, GNTST_bad_gntref},
      {{.source = BY_REF(9, 1, 0), .dest = BY_GFN(21, 0), .flags = 1}, GNTST_general_error},
      {{.source = BY_GFN(21, 0), .dest = BY_REF(8, 1, 0), .flags = 2}, GNTST_general_error},
      {{.source = BY_GFN(HOLE, 0), .dest = BY_GFN(21, 0)}, GNTST_bad_page},
      {{.source = BY_GFN(~0ull, 0), .dest = BY_GFN(21, 0)}, GNTST_bad_page},
      {{.source = BY_GFN(21, 0), .dest = BY_GFN(READ_ONLY >> 12, 0)}, GNTST_bad_page},
      {{.source = BY_GFN(21, 4000), .dest = BY_GFN(22, 0), .len = 97}, GNTST_bad_copy_arg},
      {{.source = BY_GFN(21, 0), .dest = BY_GFN(22, 65535), .len = 65535}, GNTST_bad_copy_arg},
  };
  for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
    assert_int_equal(copy(rows[i].op), rows[i].status);
  assert_int_equal(bits(8), 0);
  assert_int_equal(frame_count_free(), before);
  assert_int_equal(frame_of(p2m_lookup(d, GFN(21)).mfn)->refs, 1);
}

static uint32_t leaving; /* the handle of what another vCPU unmaps meanwhile */

/* While CPU 2 waits for the lock of the back's table. */
static void unmap_meanwhile(void) {
  struct spinlock *l = &domains[1].grants.lock;
  if ((uint16_t)(l->next - l->owner) < 2)
    return; /* not yet */
  fake_meanwhile = NULL;
  guest_in(1, 1);
  assert_int_equal(unmap(leaving, HOLE), GNTST_okay);
  memset(fake_page(watched), 0x77, PAGE_SIZE); /* the front has it back, and its own in it */
  spin_unlock(l);
}

/* What a domain has mapped is no source any more once the granter has seen the end of that, though
 * a copy had begun before. */
static void test_unmapped_while_copying(void **unused) {
  const struct manifest_channel disk = {.kind = MANIFEST_CHANNEL_DISK, .front = 0, .back = 1};
  guest_grant_frames = FRAMES;
  guest_maptrack = HANDLES;
  guests_setup(2, &disk, 1);
  guest_in(0, 0);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
  allow(8, BACK, 20, 0);
  watched = p2m_lookup(domain_current(), GFN(20)).mfn;
  guest_in(1, 0);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
  allow(9, BACK, 21, 0);
  leaving = map_ok(FRONT, 8, HOLE, 0);
  spin_lock(&domains[1].grants.lock);
  fake_meanwhile = unmap_meanwhile;
  assert_int_equal(copy((struct gnttab_copy){.source = BY_GFN(HOLE, 0),
                                             .dest = BY_REF(9, DOMID_SELF, 0),
                                             .len = PAGE_SIZE,
                                             .flags = GNTCOPY_dest_gref}),
                   GNTST_bad_page);
  assert_null(fake_meanwhile);
  assert_int_equal(*(uint8_t *)guest_page(21), 0);
  assert_int_equal(bits(9), 0);
}

static void test_compat(void **unused) {
  setup();
  memset(guest_page(20), 0xa5, PAGE_SIZE);
  allow(8, 1, 20, 0);
  struct compat_gnttab_copy op = {.source = {8, 1, 1}, .dest = {21, DOMID_SELF, 2}, 10, 1, 99};
  guest_put(ARGUMENT, &op, sizeof(op));
  guest_put(ARGUMENT + sizeof(op), &op, sizeof(op));
  assert_int_equal(call_compat_mode(__HYPERVISOR_grant_table_op, GNTTABOP_copy, ARGUMENT, 2), 0);
  guest_get(&op, ARGUMENT + sizeof(op), sizeof(op));
  assert_int_equal(op.status, GNTST_okay);
  const uint8_t *to = guest_page(21);
  assert_true(to[1] == 0 && to[2] == 0xa5 && to[11] == 0xa5 && to[12] == 0);
  static const uint32_t cut[] = {PAGE_SIZE - 4, PAGE_SIZE - 12, PAGE_SIZE - 18}; /* bytes there */
  for (unsigned i = 0; i < ARRAY_SIZE(cut); i++)
    assert_int_equal(call_compat_mode(__HYPERVISOR_grant_table_op, GNTTABOP_copy,
                                      (RAM_PAGES - 1) * PAGE_SIZE + cut[i], 1),
                     -XEN_EFAULT);
  vcpu[0]->stub->park = true; /* the domain ends: the rest is left */
  memset(guest_page(21), 0, PAGE_SIZE);
  assert_int_equal(call_compat_mode(__HYPERVISOR_grant_table_op, GNTTABOP_copy, ARGUMENT, 2), 0);
  assert_int_equal(to[2], 0);
  vcpu[0]->stub->park = false;
  struct compat_gnttab_transfer transfer = {.mfn = 5, .domid = 1, .ref = 3, .status = 99};
  guest_put(ARGUMENT, &transfer, sizeof(transfer));
  assert_int_equal(call_compat_mode(__HYPERVISOR_grant_table_op, GNTTABOP_transfer, ARGUMENT, 1),
                   0);
  guest_get(&transfer, ARGUMENT, sizeof(transfer));
  assert_int_equal(transfer.status, GNTST_general_error);
  struct compat_gnttab_setup_table table = {
      .dom = DOMID_SELF, .nr_frames = 1, .status = 99, .frame_list = LIST};
  guest_put(ARGUMENT, &table, sizeof(table));
  assert_int_equal(call_compat_mode(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, ARGUMENT, 1),
                   0);
  uint32_t gfn;
  guest_get(&table, ARGUMENT, sizeof(table));
  guest_get(&gfn, LIST, sizeof(gfn));
  assert_int_equal(table.status, GNTST_okay);
  assert_int_equal(gfn, TABLE);
}

static void test_swap(void **unused) {
  setup();
  allow(8, 1, 20, 0);
  struct gnttab_swap_grant_ref op = {.ref_a = 8, .ref_b = 9};
  assert_int_equal(GNT(swap_grant_ref, op), 0);
  assert_int_equal(op.status, GNTST_okay);
  assert_int_equal(entry(9)->frame, 20);
  uint32_t handle = map_ok(1, 9, HOLE, 0);
  assert_int_equal(GNT(swap_grant_ref, op), 0);
  assert_int_equal(op.status, GNTST_eagain);
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
  op.ref_b = 512;
  assert_int_equal(GNT(swap_grant_ref, op), 0);
  assert_int_equal(op.status, GNTST_bad_gntref);
}

/* --- two domains -------------------------------------------------------------------------------
 */

static void test_back_maps_front(void **unused) {
  setup_two();
  allow(8, BACK, 20, 0);
  memset(guest_page(20), 0x11, PAGE_SIZE);
  guest_become_second();
  uint32_t handle = map_ok(FRONT, 8, HOLE, 0);
  assert_int_equal(*(uint8_t *)guest_page(HOLE), 0x11);
  memset(guest_page(HOLE), 0x22, PAGE_SIZE);
  guest_become(0);
  assert_int_equal(*(uint8_t *)guest_page(20), 0x22);
  assert_int_equal(bits(8), GTF_reading | GTF_writing);
  guest_become_second();
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
  assert_int_equal(copy((struct gnttab_copy){
                       .source = BY_REF(8, FRONT, 0), .dest = BY_GFN(21, 0), .len = 8, .flags = 1}),
                   GNTST_okay);
  assert_int_equal(*(uint8_t *)guest_page(21), 0x22);
  guest_become(0);
  assert_int_equal(bits(8), 0);
}

static void test_never_the_other_way(void **unused) {
  setup_two();
  guest_become_second();
  allow(8, FRONT, 20, 0);
  guest_become(0);
  assert_int_equal(map(BACK, 8, HOLE, 0), GNTST_permission_denied);
  assert_int_equal(copy((struct gnttab_copy){
                       .source = BY_REF(8, BACK, 0), .dest = BY_GFN(21, 0), .len = 8, .flags = 1}),
                   GNTST_permission_denied);
  guest_channel.kind = 0;
  setup_with(1);
  guest_second();
  assert_int_equal(map(FRONT, 8, HOLE, 0), GNTST_permission_denied);
}

/* The mapper ends: its mappings are gone, the granter's entries free. */
static void test_mapper_ends(void **unused) {
  setup_two();
  for (unsigned i = 0; i < 40; i++)
    allow(8 + i, BACK, i, 0);
  guest_become_second();
  for (unsigned i = 0; i < 40; i++)
    map_ok(FRONT, 8 + i, HOLE + i, i % 2 ? 0 : GNTMAP_readonly);
  personality_domain_fini(d);
  for (unsigned i = 0; i < 40; i++)
    assert_null(guest_page(HOLE + i));
  guest_become(0);
  for (unsigned i = 0; i < 40; i++) {
    assert_int_equal(bits(8 + i), 0);
    if (i != TABLE)
      assert_int_equal(frame_of(p2m_lookup(d, GFN(i)).mfn)->refs, 1);
  }
}

/* The granter ends and begins again: the page stays with its mapper until that unmaps it, and the
 * new life's table does not hear of it. */
static void test_granter_restarts(void **unused) {
  setup_two();
  allow(8, BACK, 20, 0);
  memset(guest_page(20), 0x33, PAGE_SIZE);
  guest_become_second();
  uint32_t handle = map_ok(FRONT, 8, HOLE, 0), late = map_ok(FRONT, 8, HOLE + 1, 0);
  guest_become(0);
  mfn_t mfn = p2m_lookup(d, GFN(20)).mfn;
  personality_domain_fini(d);
  free_page(20);
  assert_true(frame_of(mfn)->refs > 0);
  guest_become_second();
  assert_int_equal(map(FRONT, 8, HOLE + 2, 0), GNTST_bad_domain);
  assert_int_equal(unmap(late, HOLE + 1), GNTST_okay);
  guest_become(0);
  assert_int_equal(personality_domain_init(d), STATUS_OK);
  assert_int_equal(balloon(XENMEM_populate_physmap, 20), 1);
  assert_true(p2m_lookup(d, GFN(20)).mfn.v != mfn.v);
  assert_int_equal(add(XENMAPSPACE_grant_table, 0, TABLE), 0);
  allow(8, BACK, 20, 0);
  guest_become_second();
  assert_int_equal(*(uint8_t *)guest_page(HOLE), 0x33);
  uint32_t fresh = map_ok(FRONT, 8, HOLE + 3, GNTMAP_readonly);
  assert_int_equal(*(uint8_t *)guest_page(HOLE + 3), 0);
  assert_int_equal(unmap(handle, HOLE), GNTST_okay);
  assert_int_equal(frame_of(mfn)->refs, 0);
  guest_become(0);
  assert_int_equal(bits(8), GTF_reading); /* the new life's */
  guest_become_second();
  assert_int_equal(unmap(fresh, HOLE + 3), GNTST_okay);
}

/* What a back end has mapped of its front it cannot grant on. */
static void test_no_grant_of_a_grant(void **unused) {
  setup_two();
  allow(8, BACK, 20, 0);
  guest_become_second();
  map_ok(FRONT, 8, HOLE, 0);
  allow(9, BACK, HOLE, 0);
  assert_int_equal(map(BACK, 9, HOLE + 1, 0), GNTST_bad_page);
}

/* --- at random
 * ------------------------------------------------------------------------------------ */

/* A granter that changes its entries at every moment, two mappers at random: nothing is counted
 * wrong, and at the end everything is where it was. */
static void disturb(void) {
  uint32_t at = 8 + rnd(16);
  struct grant_entry_v1 *e =
      (struct grant_entry_v1 *)fake_page(MFN(domains[0].grants.frame[0].shared)) + at;
  *e = (struct grant_entry_v1){(uint16_t)rnd(32), (uint16_t)(1 + rnd(2)), rnd(RAM_PAGES + 2)};
}

static void test_random(void **unused) {
  struct {
    uint32_t handle;
    bool mapped;
  } place[2][64] = {0};
  setup_two();
  rnd_seed(5);
  for (unsigned step = 0; step < 20000; step++) {
    unsigned who = rnd(2), at = rnd(64);
    who ? guest_become_second() : guest_become(0);
    disturb();
    if (place[who][at].mapped) {
      assert_int_equal(unmap(place[who][at].handle, HOLE + at), GNTST_okay);
      place[who][at].mapped = false;
      continue;
    }
    struct gnttab_map_grant_ref op =
        map_op(FRONT, 8 + rnd(16), HOLE + at, rnd(2) ? GNTMAP_readonly : 0);
    place[who][at].mapped = op.status == GNTST_okay;
    place[who][at].handle = op.handle;
  }
  for (unsigned who = 0; who < 2; who++) {
    who ? guest_become_second() : guest_become(0);
    for (unsigned at = 0; at < 64; at++)
      if (place[who][at].mapped)
        assert_int_equal(unmap(place[who][at].handle, HOLE + at), GNTST_okay);
  }
  guest_become(0);
  const uint64_t *active = fake_page(MFN(domains[0].grants.frame[0].active));
  for (unsigned i = 0; i < 512; i++)
    assert_int_equal(active[i] >> 32, 0);
  for (unsigned gfn = 0; gfn < RAM_PAGES; gfn++)
    assert_int_equal(frame_of(p2m_lookup(d, GFN(gfn)).mfn)->refs, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_questions),
      cmocka_unit_test(test_refused_operations),
      cmocka_unit_test(test_no_table),
      cmocka_unit_test(test_setup_table),
      cmocka_unit_test(test_table_pages),
      cmocka_unit_test(test_end_frees_all),
      cmocka_unit_test(test_map_and_unmap),
      cmocka_unit_test(test_read_only),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_map_refusals),
      cmocka_unit_test(test_unmap_refusals),
      cmocka_unit_test(test_place_is_held),
      cmocka_unit_test(test_handles_run_out),
      cmocka_unit_test(test_one_flush_for_a_batch),
      cmocka_unit_test(test_fault_in_a_list),
      cmocka_unit_test(test_flush_before_reuse),
      cmocka_unit_test(test_copy),
      cmocka_unit_test(test_copy_refusals),
      cmocka_unit_test(test_unmapped_while_copying),
      cmocka_unit_test(test_compat),
      cmocka_unit_test(test_swap),
      cmocka_unit_test(test_back_maps_front),
      cmocka_unit_test(test_never_the_other_way),
      cmocka_unit_test(test_mapper_ends),
      cmocka_unit_test(test_granter_restarts),
      cmocka_unit_test(test_no_grant_of_a_grant),
      cmocka_unit_test(test_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
