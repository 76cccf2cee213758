/* SPDX-License-Identifier: Apache-2.0 */
/* XENMEM_acquire_resource: the size, the pages at places that are listed, what is refused; and that
 * what is charged to a domain but not its to map never comes into its map. */
#include "compat_arguments.h"
#include "guest.h"
#include <abi/xen/grant_table.h>
#include <abi/xen/memory.h>

#define ACQUIRE(op) CALL(__HYPERVISOR_memory_op, XENMEM_acquire_resource, op)
#define LIST        0xa000u
#define HOLE        0x40000u /* gfn where nothing is */
#define FRAMES      4u

static struct xen_mem_acquire_resource table_op(uint64_t frame, uint32_t n) {
  return (struct xen_mem_acquire_resource){.domid = DOMID_SELF,
                                           .type = XENMEM_resource_grant_table,
                                           .nr_frames = n,
                                           .frame = frame,
                                           .frame_list = LIST};
}

static void setup(uint32_t frames) {
  guest_grant_frames = frames;
  guest_maptrack = 4;
  guest_setup(1);
}

static void list(uint64_t first, uint64_t second) {
  uint64_t gfns[] = {first, second};
  guest_put(LIST, gfns, sizeof(gfns));
}

static bool mapped(uint64_t gfn) {
  return fake_touch(GFN(gfn), VIEW_GUEST).type != P2M_NONE;
}

static void test_size(void **unused) {
  struct xen_mem_acquire_resource op = table_op(77, 0);
  setup(FRAMES);
  op.frame_list = 0;
  assert_int_equal(ACQUIRE(op), 0);
  assert_int_equal(op.nr_frames, FRAMES);
  op.nr_frames = 1;
  assert_int_equal(ACQUIRE(op), -XEN_EINVAL); /* a number and no list */
}

/* The pages are the table's own: an entry that is written there is granted. */
static void test_pages(void **unused) {
  struct xen_mem_acquire_resource op = table_op(1, 2);
  setup(FRAMES);
  list(HOLE, HOLE + 7);
  assert_int_equal(ACQUIRE(op), 0);
  assert_true(mapped(HOLE) && mapped(HOLE + 7) && !mapped(HOLE + 1));
  *(struct grant_entry_v1 *)guest_page(HOLE) = (struct grant_entry_v1){GTF_permit_access, 1, 20};
  struct gnttab_map_grant_ref map = {.host_addr = (uint64_t)(HOLE + 9) << PAGE_SHIFT,
                                     .flags = GNTMAP_host_map,
                                     .ref = 512,
                                     .dom = 1};
  guest_put(ARGUMENT, &map, sizeof(map));
  assert_int_equal(call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, ARGUMENT, 1), 0);
  guest_get(&map, ARGUMENT, sizeof(map));
  assert_int_equal(map.status, GNTST_okay);
  op = table_op(1, 1); /* the page moves; no frame is made for it */
  list(HOLE + 3, 0);
  assert_int_equal(ACQUIRE(op), 0);
  assert_true(mapped(HOLE + 3) && !mapped(HOLE));
  op = table_op(99, 0); /* a list of nothing */
  assert_int_equal(ACQUIRE(op), 0);
}

static void test_compat(void **unused) {
  struct compat_mem_acquire_resource op = {.domid = DOMID_SELF,
                                           .type = XENMEM_resource_grant_table,
                                           .nr_frames = 1,
                                           .frame = 2,
                                           .frame_list = LIST};
  uint32_t gfn = HOLE + 5;
  setup(FRAMES);
  guest_put(LIST, &gfn, sizeof(gfn));
  assert_int_equal(
      compat_call_with(__HYPERVISOR_memory_op, XENMEM_acquire_resource, &op, sizeof(op)), 0);
  assert_true(mapped(HOLE + 5));
}

static void test_refusals(void **unused) {
  static const struct {
    struct xen_mem_acquire_resource op;
    int64_t error;
  } cases[] = {
      {{.domid = 2, .type = 1}, -XEN_EPERM},
      {{.domid = 77, .type = 1}, -XEN_ESRCH},
      {{.domid = DOMID_SELF, .type = 1, .pad = 1}, -XEN_EINVAL},
      {{.domid = DOMID_SELF, .type = 0}, -XEN_EINVAL},
      {{.domid = DOMID_SELF, .type = 2}, -XEN_EINVAL},
      {{.domid = DOMID_SELF, .type = 1, .id = 1}, -XEN_EINVAL}, /* version 2's */
      {{.domid = DOMID_SELF, .type = 1, .nr_frames = FRAMES + 1, .frame_list = LIST}, -XEN_EINVAL},
      {{.domid = DOMID_SELF, .type = 1, .nr_frames = 1, .frame = FRAMES, .frame_list = LIST},
       -XEN_EINVAL},
      {{.domid = DOMID_SELF, .type = 1, .nr_frames = 2, .frame = ~0ull, .frame_list = LIST},
       -XEN_EINVAL},
      {{.domid = DOMID_SELF, .type = 1, .nr_frames = 1, .frame_list = UNMAPPED}, -XEN_EFAULT},
  };
  setup(FRAMES);
  for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
    struct xen_mem_acquire_resource op = cases[i].op;
    assert_int_equal(ACQUIRE(op), cases[i].error);
  }
  assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_acquire_resource, UNMAPPED, 0), -XEN_EFAULT);
  struct xen_mem_acquire_resource half = table_op(0, 2);
  list(HOLE, ~0ull >> 12);
  assert_int_equal(ACQUIRE(half), -XEN_EIO);
  assert_true(mapped(HOLE));
}

/* A domain that has no grants has no table. */
static void test_none(void **unused) {
  struct xen_mem_acquire_resource op = table_op(0, 0);
  setup(0);
  op.frame_list = 0;
  assert_int_equal(ACQUIRE(op), -XEN_EINVAL);
}

/* The counts behind the table's pages are charged to the domain and are no page of its map; nor
 * does anything that it may ask for put them there. */
static void test_held(void **unused) {
  struct xen_mem_acquire_resource op = table_op(0, 2);
  setup(FRAMES);
  list(HOLE, HOLE + 1);
  assert_int_equal(ACQUIRE(op), 0);
  const struct grant_table *t = &domains[0].grants;
  for (uint64_t gfn = 0; gfn <= HOLE + 1; gfn++) {
    struct p2m_entry e = p2m_lookup(d, GFN(gfn));
    for (unsigned i = 0; e.type != P2M_NONE && i < t->frames; i++)
      assert_int_not_equal(e.mfn.v, t->frame[i].active);
  }
  for (unsigned i = 0; i < t->frames; i++) {
    assert_int_equal(frame_of(MFN(t->frame[i].active))->kind, FRAME_HELD);
    assert_int_equal(frame_of(MFN(t->frame[i].active))->owner, domains[0].domid);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_size),     cmocka_unit_test(test_pages), cmocka_unit_test(test_compat),
      cmocka_unit_test(test_refusals), cmocka_unit_test(test_none),  cmocka_unit_test(test_held),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
