/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that channels share: the same frames at both ends in every life, with the rights of the
 * channel, and none of them free before the machine ends. */
#include "world.h"
#include <arch/boot.h>
#include <builder/builder.h>

#define PAGES 3u
#define LENT  0x100u /* gfn of the first range at its owner, domain 1; the second follows a gap */
#define GAP   5u
#define SEEN  0x800u /* gfn of the first range at its borrower, domain 2 */

static uint64_t shared_heap[512], shared_used;

void *mm_shared_alloc(uint64_t size) {
  uint64_t *at = &shared_heap[shared_used];
  shared_used += DIV_ROUND_UP(size, 8);
  return shared_used <= ARRAY_SIZE(shared_heap) ? at : NULL;
}

static struct {
  struct manifest_header header;
  struct manifest_channel channel[3];
} m;

static struct manifest_channel lend(unsigned nth, uint16_t flags) {
  return (struct manifest_channel){.kind = MANIFEST_CHANNEL_MEMORY,
                                   .flags = flags,
                                   .front = 1,
                                   .back = 0,
                                   .front_gpa = (SEEN + nth * 16) * PAGE_SIZE,
                                   .back_gpa = (LENT + nth * (PAGES + GAP)) * PAGE_SIZE,
                                   .size = PAGES * PAGE_SIZE};
}

static void setup(uint64_t frames) {
  fake_init(frames, 2, 1);
  world_domains(2, 1);
  shared_used = 0;
  memset(shared_heap, 0, sizeof(shared_heap));
  m.header.channels =
      (struct manifest_table){(uint32_t)offsetof(__typeof__(m), channel), ARRAY_SIZE(m.channel)};
  m.channel[0] = (struct manifest_channel){.kind = MANIFEST_CHANNEL_DISK, .front = 0, .back = 1};
  m.channel[1] = lend(1, 0);
  m.channel[2] = lend(0, MANIFEST_CHANNEL_WRITABLE);
  system_config = &m.header;
}

static struct domain *second(void) {
  struct domain *d = world_arena(&domains[1]);
  assert_int_equal(p2m_init(d), STATUS_OK);
  return d;
}

/* What build_release does with the leaves of a range. */
static void release(struct domain *d) {
  for (gfn_t gfn = GFN(SEEN); gfn.v < SEEN + 32;) {
    struct p2m_entry old;
    struct p2m_locked p = p2m_lock(d);
    enum status s = p2m_remove_leaf(p, gfn, &old, &gfn);
    p2m_unlock(p);
    p2m_flush(d);
    if (!s)
      frame_free(old.mfn, old.order);
  }
}

static void test_owner(void **unused) {
  uint64_t next;
  setup(256);
  struct domain *d = world_arena(&domains[0]);
  assert_int_equal(ranges_make(), STATUS_OK);
  assert_int_equal(ranges_borrowed(0), 0);
  assert_int_equal(ranges_borrowed(1), 2 * PAGES);
  assert_false(mfn_valid(range_frame(d, 0, &next)));
  assert_int_equal(next, LENT);
  assert_false(mfn_valid(range_frame(d, LENT + PAGES, &next)));
  assert_int_equal(next, LENT + PAGES + GAP);
  assert_false(mfn_valid(range_frame(d, LENT + 2 * PAGES + GAP, &next)));
  assert_int_equal(next, ~0ull);
  mfn_t a = range_frame(d, LENT + 2, &next), b = range_frame(d, LENT + PAGES + GAP, &next);
  assert_true(mfn_valid(a) && mfn_valid(b) && a.v != b.v);
  assert_int_equal(frame_of(a)->owner, 1);
  assert_int_equal(frame_of(a)->refs, 2);
  frame_free(a, 0); /* the owner's life ends: */
  assert_int_equal(range_frame(d, LENT + 2, &next).v, a.v);
}

static void test_borrower(void **unused) {
  uint64_t next;
  setup(256);
  struct domain *d = world_arena(&domains[0]);
  assert_int_equal(ranges_make(), STATUS_OK);
  mfn_t lent = range_frame(d, LENT + 1, &next);
  fake_cpu_set(1);
  d = second();
  for (unsigned life = 0; life < 2; life++) {
    assert_int_equal(ranges_map(d), STATUS_OK);
    struct p2m_entry e = p2m_lookup(d, GFN(SEEN + 1));
    assert_int_equal(e.type, P2M_FOREIGN);
    assert_int_equal(e.mfn.v, lent.v);
    assert_int_equal(p2m_lookup(d, GFN(SEEN + 16)).type, P2M_FOREIGN_RO);
    assert_int_equal(p2m_lookup(d, GFN(SEEN + PAGES)).type, P2M_NONE);
    assert_int_equal(d->pages, 0);
    assert_int_equal(frame_of(lent)->refs, 3);
    release(d);
    assert_int_equal(frame_of(lent)->refs, 2);
  }
}

/* Lent to oneself: nothing is borrowed, and each life finds the same frames. */
static void test_keep(void **unused) {
  uint64_t next;
  setup(256);
  m.channel[1].front = m.channel[2].front = 0;
  struct domain *d = world_arena(&domains[0]);
  assert_int_equal(p2m_init(d), STATUS_OK);
  assert_int_equal(ranges_make(), STATUS_OK);
  assert_int_equal(ranges_borrowed(0), 0);
  mfn_t first = range_frame(d, LENT, &next);
  for (unsigned life = 0; life < 3; life++) {
    assert_int_equal(ranges_map(d), STATUS_OK);
    assert_int_equal(p2m_lookup(d, GFN(SEEN)).type, P2M_NONE);
    assert_int_equal(frame_of(first)->refs, 2);
    frame_free(first, 0);
    assert_int_equal(range_frame(d, LENT, &next).v, first.v);
  }
}

static void test_without_memory(void **unused) {
  setup(16);
  (void)world_arena(&domains[0]);
  while (frame_count_free() > 4)
    assert_true(mfn_valid(frame_alloc(0, 1, FRAME_RAM)));
  assert_int_equal(ranges_make(), STATUS_NO_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_owner),
      cmocka_unit_test(test_borrower),
      cmocka_unit_test(test_keep),
      cmocka_unit_test(test_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
