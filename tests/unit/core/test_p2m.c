/* SPDX-License-Identifier: Apache-2.0 */
/* The guest memory map against a model: after every operation, and after every single store on the
 * way; what a failure leaves; and the flush, on CPUs that keep what they have seen. */
#include "world.h"
#include <arena.h>
#include <p2m.h>

#define M2  512u
#define M1G (512u * 512u)

static struct domain *d;
static struct p2m_locked locked;

static void setup(uint64_t frames, unsigned cpu_total) {
  fake_init(frames, cpu_total, 1);
  world_domains(2, 1);
  d = world_arena(&domains[0]);
  assert_int_equal(p2m_init(d), STATUS_OK);
  locked = p2m_lock(d);
}

static bool same(struct p2m_entry a, struct p2m_entry b) {
  return a.type == b.type && (a.type == P2M_NONE || a.mfn.v == b.mfn.v);
}

static void assert_maps(uint64_t gfn, uint64_t mfn, enum p2m_type t, unsigned order) {
  struct p2m_entry e = p2m_lookup(d, GFN(gfn));

  assert_int_equal(e.type, t);
  assert_int_equal(e.mfn.v, mfn);
  assert_int_equal(e.order, order);
  assert_true(same(e, fake_walk(d->stub, GFN(gfn))));
}

static void assert_absent(uint64_t gfn) {
  assert_int_equal(p2m_lookup(d, GFN(gfn)).type, P2M_NONE);
  assert_int_equal(fake_walk(d->stub, GFN(gfn)).type, P2M_NONE);
}

static enum status add(uint64_t gfn, uint64_t mfn, unsigned order) {
  return p2m_add(locked, GFN(gfn), MFN(mfn), order, P2M_RAM);
}

static enum status take_out(uint64_t gfn) {
  struct p2m_entry old;

  return p2m_remove(locked, GFN(gfn), &old);
}

/* --- single operations --------------------------------------------------------------------- */

static void test_empty(void **unused) {
  struct p2m_entry old;
  gfn_t next;

  setup(64, 1);
  assert_absent(0);
  assert_absent(1ull << 33);
  assert_absent(1ull << 50);
  assert_int_equal(p2m_highest(d).v, 0);
  assert_int_equal(take_out(5), STATUS_NOT_FOUND);
  assert_int_equal(take_out(1ull << 50), STATUS_NOT_FOUND);
  assert_int_equal(p2m_set_type(locked, GFN(5), P2M_RAM_RO), STATUS_NOT_FOUND);
  assert_int_equal(p2m_remove_leaf(locked, GFN(77), &old, &next), STATUS_NOT_FOUND);
  assert_int_equal(next.v, M1G * 512ull);
}

static void test_leaves_of_each_size(void **unused) {
  setup(64, 1);
  assert_int_equal(add(M1G, M1G * 3, 18), STATUS_OK);
  assert_int_equal(add(M2 * 5, M2 * 9, 9), STATUS_OK);
  assert_int_equal(add(7, 1234567, 0), STATUS_OK);
  assert_maps(M1G + 70000, M1G * 3 + 70000, P2M_RAM, 18);
  assert_maps(M2 * 5 + 511, M2 * 9 + 511, P2M_RAM, 9);
  assert_maps(7, 1234567, P2M_RAM, 0);
  assert_absent(6);
  assert_absent(8);
  assert_absent(M2 * 6);
  assert_absent(M1G * 2);
  assert_int_equal(p2m_highest(d).v, M1G * 2 - 1);
}

static void test_refusals(void **unused) {
  setup(64, 1);
  fake_leaf_allowed[2] = false;
  assert_int_equal(add(M1G, M1G, 18), STATUS_INVALID);
  assert_int_equal(add(5, M2, 9), STATUS_INVALID);
  assert_int_equal(add(M2, 5, 9), STATUS_INVALID);
  assert_int_equal(add(M2, M2, 8), STATUS_INVALID);
  assert_int_equal(add(M2, M2, 36), STATUS_INVALID);
  assert_int_equal(add(1ull << 34, 5, 0), STATUS_RANGE);
  assert_int_equal(add((1ull << 34) - 1, 5, 0), STATUS_OK);
  assert_int_equal(add((1ull << 34) - 1, 6, 0), STATUS_EXISTS);
  assert_int_equal(add((1ull << 34) - M2, M2, 9), STATUS_EXISTS);
  assert_int_equal(add(M2, M2, 9), STATUS_OK);
  assert_int_equal(add(M2, M2, 9), STATUS_EXISTS);
  assert_int_equal(add(M2 + 3, 5, 0), STATUS_EXISTS);
  assert_maps((1ull << 34) - 1, 5, P2M_RAM, 0);
}

static void test_split_keeps_the_rest(void **unused) {
  struct p2m_entry old;

  setup(64, 1);
  assert_int_equal(add(0, M1G, 18), STATUS_OK);
  assert_int_equal(p2m_remove(locked, GFN(M2 + 3), &old), STATUS_OK);
  assert_int_equal(old.mfn.v, M1G + M2 + 3);
  assert_int_equal(old.order, 18);
  assert_int_equal(p2m_set_type(locked, GFN(M2 + 4), P2M_RAM_RO), STATUS_OK);
  assert_absent(M2 + 3);
  assert_maps(M2 + 4, M1G + M2 + 4, P2M_RAM_RO, 0);
  assert_maps(M2 + 5, M1G + M2 + 5, P2M_RAM, 0);
  assert_maps(M2 - 1, M1G + M2 - 1, P2M_RAM, 9);
  assert_maps(M1G - 1, M1G + M1G - 1, P2M_RAM, 9);
  assert_int_equal(d->p2m.table_pages, 4);
}

static void test_same_type_splits_nothing(void **unused) {
  setup(64, 1);
  assert_int_equal(add(0, M2, 9), STATUS_OK);
  uint64_t tables = d->p2m.table_pages, writes = fake_writes;
  assert_int_equal(p2m_set_type(locked, GFN(5), P2M_RAM), STATUS_OK);
  assert_int_equal(d->p2m.table_pages, tables);
  assert_int_equal(fake_writes, writes);
}

/* A 2 MiB page that was split and emptied takes 512 small leaves; nothing is freed under a walker.
 */
static void test_large_leaf_over_empty_tables(void **unused) {
  setup(64, 1);
  assert_int_equal(add(M2 * 2, M2 * 3, 9), STATUS_OK);
  for (unsigned i = 0; i < M2; i++)
    assert_int_equal(take_out(M2 * 2 + i), STATUS_OK);
  uint64_t tables = d->p2m.table_pages;
  assert_int_equal(add(M2 * 2, M2 * 7, 9), STATUS_OK);
  assert_maps(M2 * 2 + 9, M2 * 7 + 9, P2M_RAM, 0);
  assert_int_equal(take_out(M2 * 2 + 9), STATUS_OK);
  assert_int_equal(add(0, M1G, 18), STATUS_EXISTS);
  for (unsigned i = 0; i < M2; i++)
    (void)!take_out(M2 * 2 + i);
  assert_int_equal(add(0, M1G, 18), STATUS_OK);
  assert_maps(M2 * 2 + 9, M1G + M2 * 2 + 9, P2M_RAM, 0);
  assert_maps(M2 * 3 + 9, M1G + M2 * 3 + 9, P2M_RAM, 9);
  assert_int_equal(d->p2m.table_pages, tables);
}

static void test_teardown(void **unused) {
  struct p2m_entry old;
  uint64_t frames = 0;

  setup(64, 1);
  uint64_t before = frame_count_free();
  assert_int_equal(add(0, M2, 9), STATUS_OK);
  assert_int_equal(take_out(17), STATUS_OK);
  assert_int_equal(add(M2 * 3, M2 * 5, 9), STATUS_OK);
  assert_int_equal(add(M1G * 4, M1G, 18), STATUS_OK);
  assert_int_equal(add(M1G * 512ull + 1, 99, 0), STATUS_OK);
  for (gfn_t g = GFN(0); g.v <= p2m_highest(d).v;)
    if (p2m_remove_leaf(locked, g, &old, &g) == STATUS_OK)
      frames += BIT(old.order);
  assert_int_equal(frames, 511 + 512 + M1G + 1);
  p2m_trim(locked);
  assert_int_equal(d->p2m.table_pages, 1);
  /* The address space of the tables costs a host table and the chunk's own, no more. */
  assert_in_range(frame_count_free(), before - 2, before);
  assert_int_equal(p2m_init(d), STATUS_OK);
  assert_int_equal(p2m_highest(d).v, 0);
  assert_absent(0);
  assert_int_equal(add(0, M2, 9), STATUS_OK);
  assert_maps(3, M2 + 3, P2M_RAM, 9);
}

/* --- random operations, every store checked --------------------------------------------------- */

/* A few places in gfn space, close together and far apart, so that every level is exercised. */
#define SPOTS 6u
#define WIDTH 24u
static const uint64_t spot[SPOTS] = {
    0, M2 - WIDTH / 2, M2 * 5, M1G - WIDTH / 2, M1G * 512ull - WIDTH / 2, (1ull << 34) - WIDTH};
static struct p2m_entry before[SPOTS * WIDTH], after[SPOTS * WIDTH];
static bool torn;

static uint64_t gfn_of(unsigned i) {
  return spot[i / WIDTH] + i % WIDTH;
}

static void look(struct p2m_entry *out) {
  for (unsigned i = 0; i < SPOTS * WIDTH; i++)
    out[i] = fake_walk(d->stub, GFN(gfn_of(i)));
}

/* The model says how every page stands after the operation. */
static void model_set(uint64_t first, uint64_t count, struct p2m_entry e) {
  for (unsigned i = 0; i < SPOTS * WIDTH; i++) {
    uint64_t offset = gfn_of(i) - first;

    if (gfn_of(i) < first || offset >= count)
      continue;
    after[i] = e;
    after[i].mfn.v += offset;
  }
}

/* After each store every page reads as before or as after. */
static void check_store(void) {
  for (unsigned i = 0; i < SPOTS * WIDTH; i++) {
    struct p2m_entry now = fake_walk(d->stub, GFN(gfn_of(i)));

    if (!same(now, before[i]) && !same(now, after[i]))
      torn = true;
  }
}

static bool model_absent(uint64_t first, uint64_t count) {
  for (unsigned i = 0; i < SPOTS * WIDTH; i++)
    if (gfn_of(i) >= first && gfn_of(i) - first < count && before[i].type != P2M_NONE)
      return false;
  return true;
}

static enum status step_add(uint64_t gfn, enum p2m_type t) {
  unsigned order = rnd(4) ? 0 : rnd(3) ? 9 : 18;
  uint64_t first = ALIGN_DOWN(gfn, BIT(order)), mfn = (uint64_t)(1 + rnd(8000)) << order;

  if (model_absent(first, BIT(order)))
    model_set(first, BIT(order), (struct p2m_entry){.mfn = MFN(mfn), .type = t});
  enum status status = p2m_add(locked, GFN(first), MFN(mfn), order, t);

  if (order == 0 && status != STATUS_NO_MEMORY)
    assert_int_equal(status, model_absent(gfn, 1) ? STATUS_OK : STATUS_EXISTS);
  return status;
}

static enum status step_leaf(uint64_t gfn) {
  struct p2m_entry e = fake_walk(d->stub, GFN(gfn)), old;
  gfn_t next;

  if (e.type != P2M_NONE)
    model_set(ALIGN_DOWN(gfn, BIT(e.order)), BIT(e.order), (struct p2m_entry){.type = P2M_NONE});
  return p2m_remove_leaf(locked, GFN(gfn), &old, &next);
}

static enum status step(unsigned i) {
  static const enum p2m_type types[] = {P2M_RAM, P2M_RAM_RO, P2M_LOG_DIRTY, P2M_MMIO};
  enum p2m_type t = types[rnd(4)];
  uint64_t gfn = gfn_of(i);

  switch (rnd(6)) {
  case 0:
  case 1:
  case 2:
    return step_add(gfn, t);
  case 3:
    after[i].type = P2M_NONE;
    return take_out(gfn);
  case 4:
    if (before[i].type != P2M_NONE)
      after[i].type = t;
    return p2m_set_type(locked, GFN(gfn), t);
  default:
    return step_leaf(gfn);
  }
}

static void run_random(unsigned steps) {
  for (unsigned n = 0; n < steps; n++) {
    look(before);
    memcpy(after, before, sizeof(after));
    fake_written = check_store;
    enum status status = step(rnd(SPOTS * WIDTH));
    fake_written = NULL;
    assert_false(torn);
    if (status != STATUS_OK)
      memcpy(after, before, sizeof(after));
    for (unsigned i = 0; i < SPOTS * WIDTH; i++) {
      assert_true(same(fake_walk(d->stub, GFN(gfn_of(i))), after[i]));
      assert_true(same(p2m_lookup(d, GFN(gfn_of(i))), after[i]));
    }
  }
}

static void test_random_every_store(void **unused) {
  setup(2000, 1);
  run_random(20000);
}

/* The same with memory for a few tables only: failures leave everything as it was. */
static void test_random_short_of_memory(void **unused) {
  for (unsigned frames = 6; frames < 30; frames += 3) {
    setup(frames, 1);
    run_random(400);
  }
}

static void test_split_without_memory(void **unused) {
  setup(64, 1);
  assert_int_equal(add(0, M1G, 18), STATUS_OK);
  while (mfn_valid(frame_alloc(0, 2, FRAME_RAM)))
    ;
  assert_int_equal(take_out(5), STATUS_NO_MEMORY);
  assert_int_equal(p2m_set_type(locked, GFN(5), P2M_RAM_RO), STATUS_NO_MEMORY);
  assert_int_equal(add(M1G * 512ull, 5, 0), STATUS_NO_MEMORY);
  assert_maps(5, M1G + 5, P2M_RAM, 18);
  assert_absent(M1G * 512ull);
}

/* Three tables are needed; the second or third cannot be had. Those made are given back. */
static void test_chain_without_memory(void **unused) {
  for (unsigned spare = 0; spare < 3; spare++) {
    setup(64, 1);
    assert_int_equal(add(0, 5, 0), STATUS_OK);
    while (frame_count_free() > spare)
      (void)!frame_alloc(0, 2, FRAME_RAM).v;
    assert_int_equal(add(M1G * 512ull, 5, 0), STATUS_NO_MEMORY);
    assert_int_equal(frame_count_free(), spare);
    assert_int_equal(d->p2m.table_pages, 4);
  }
}

/* --- flush ------------------------------------------------------------------------------------ */

static bool sees(unsigned cpu, uint64_t gfn) {
  fake_cpu_set(cpu);
  bool guest = fake_touch(GFN(gfn), VIEW_GUEST).type != P2M_NONE;
  bool arena = fake_touch(GFN(gfn), VIEW_ARENA).type != P2M_NONE;
  fake_cpu_set(0);
  assert_int_equal(guest, arena);
  return guest;
}

static void link_on(unsigned cpu, struct domain_stub *stub) {
  fake_cpu_set(cpu);
  arch_arena_switch(stub);
  fake_cpu_set(0);
}

static void flush_setup(void) {
  setup(256, 4);
  assert_int_equal(add(3, 77, 0), STATUS_OK);
  for (unsigned cpu = 1; cpu < 4; cpu++)
    link_on(cpu, d->stub);
  for (unsigned cpu = 0; cpu < 4; cpu++)
    assert_true(sees(cpu, 3));
}

static void test_stale_until_flushed(void **unused) {
  flush_setup();
  assert_int_equal(take_out(3), STATUS_OK);
  for (unsigned cpu = 0; cpu < 4; cpu++)
    assert_true(sees(cpu, 3)); /* the machine is as hostile as it should be */
  p2m_flush(d);
  for (unsigned cpu = 0; cpu < 4; cpu++) {
    assert_false(sees(cpu, 3));
    assert_false(cpus[cpu].serve);
  }
  assert_int_equal(fake_kicks, 3);
}

static void test_only_linked_cpus_are_kicked(void **unused) {
  flush_setup();
  assert_int_equal(arch_arena_create(&domains[1]), STATUS_OK);
  link_on(1, NULL);
  link_on(2, &domains[1]);
  p2m_flush(d);
  assert_int_equal(fake_kicks, 1);
  assert_int_equal(fake_flushes[2], 0);
  assert_int_equal(fake_flushes[3], 1);
}

/* CPUs that had the domain, and come back after the flush, drop what they kept. */
static void test_links_later(void **unused) {
  flush_setup();
  assert_int_equal(arch_arena_create(&domains[1]), STATUS_OK);
  link_on(1, NULL);
  link_on(2, &domains[1]);
  assert_int_equal(take_out(3), STATUS_OK);
  p2m_flush(d);
  link_on(1, d->stub);
  link_on(2, d->stub);
  for (unsigned cpu = 0; cpu < 4; cpu++)
    assert_false(sees(cpu, 3));
}

static void test_comes_back_with_nothing_flushed(void **unused) {
  flush_setup();
  link_on(1, NULL);
  assert_int_equal(take_out(3), STATUS_OK);
  link_on(1, d->stub);
  assert_true(sees(1, 3)); /* translations outlive a switch; nobody has flushed */
  p2m_flush(d);
  assert_false(sees(1, 3));
}

static unsigned came;

/* While CPU 0 waits for the others: CPU 1 goes away to another domain and comes back, CPU 2 goes
 * idle. */
static void switch_about(void) {
  if (came++)
    return;
  link_on(1, &domains[1]);
  link_on(1, d->stub);
  link_on(2, NULL);
}

static void test_switches_during_the_wait(void **unused) {
  flush_setup();
  assert_int_equal(arch_arena_create(&domains[1]), STATUS_OK);
  came = 0;
  fake_meanwhile = switch_about;
  assert_int_equal(take_out(3), STATUS_OK);
  p2m_flush(d);
  fake_meanwhile = NULL;
  assert_int_equal(came > 0, true);
  link_on(2, d->stub);
  for (unsigned cpu = 0; cpu < 4; cpu++)
    assert_false(sees(cpu, 3));
}

/* Another domain's generation, however high, does not pass for this one's. */
static void test_acknowledgement_is_the_domains_own(void **unused) {
  flush_setup();
  struct domain_stub *mine = d->stub;
  assert_int_equal(arch_arena_create(&domains[1]), STATUS_OK);
  domains[1].flush_gen = 1000;
  link_on(1, &domains[1]);
  link_on(1, mine);
  assert_true(sees(1, 3));
  assert_int_equal(take_out(3), STATUS_OK);
  p2m_flush(d);
  assert_false(sees(1, 3));
}

static uint64_t read_generation;

static void finish_link(void) {
  if (came++ == 0)
    flush_ack(&cpus[1], read_generation);
}

/* A CPU that is about to link has published itself and read the generation before the flush raises
 * it. What it acknowledged for another domain counts for nothing: the flush waits. */
static void test_link_half_done(void **unused) {
  flush_setup();
  assert_int_equal(arch_arena_create(&domains[1]), STATUS_OK);
  domains[1].flush_gen = 1000;
  link_on(1, &domains[1]);
  link_on(1, NULL);
  read_generation = flush_link(&cpus[1], d->stub);
  assert_int_equal(take_out(3), STATUS_OK);
  came = 0;
  fake_meanwhile = finish_link;
  p2m_flush(d);
  fake_meanwhile = NULL;
  assert_true(came > 0);
  assert_false(sees(1, 3));
}

/* Table pages are freed by a trim: no CPU may still walk through them. */
static void test_trim_flushes_before_it_frees(void **unused) {
  struct p2m_entry old;
  gfn_t next;

  flush_setup();
  assert_int_equal(p2m_remove_leaf(locked, GFN(3), &old, &next), STATUS_OK);
  for (unsigned cpu = 0; cpu < 4; cpu++)
    (void)sees(cpu, 4); /* remembers the tables on the way */
  p2m_trim(locked);
  for (mfn_t m; mfn_valid(m = frame_alloc(0, 2, FRAME_RAM));)
    memset(fake_page(m), 0xff, PAGE_SIZE);
  for (unsigned cpu = 0; cpu < 4; cpu++)
    assert_false(sees(cpu, 4)); /* an entry of ones is no entry: the machine would panic */
}

static void test_giving_needs_no_flush(void **unused) {
  flush_setup();
  for (unsigned cpu = 0; cpu < 4; cpu++)
    assert_false(sees(cpu, 9));
  assert_int_equal(add(9, 88, 0), STATUS_OK);
  for (unsigned cpu = 0; cpu < 4; cpu++)
    assert_true(sees(cpu, 9));
  assert_int_equal(fake_kicks, 0);
}

static void lose_kicks(void) {
  memset(fake_kicked, 0, sizeof(fake_kicked));
}

/* It does not return before every CPU has answered: here none ever does. */
static void test_flush_waits(void **unused) {
  flush_setup();
  fake_meanwhile = lose_kicks;
  assert_true(PANICS(p2m_flush(d)));
}

/* --- from another domain ---------------------------------------------------------------------- */

static mfn_t far_frame(uint64_t gfn, uint16_t owner, enum frame_kind kind, enum p2m_type t) {
  mfn_t mfn = frame_alloc(0, owner, kind);
  assert_int_equal(p2m_add(locked, GFN(gfn), mfn, 0, t), STATUS_OK);
  return mfn;
}

static void second_domain(void) {
  fake_cpu_set(1);
  assert_int_equal(p2m_init(world_arena(&domains[1])), STATUS_OK);
}

static enum status far(uint64_t gfn, bool write, mfn_t *mfn) {
  return p2m_get_far(&domains[0], GFN(gfn), write, mfn);
}

static void test_far(void **unused) {
  mfn_t got, large = MFN_INVALID;
  setup(2048, 2);
  mfn_t ram = far_frame(7, 1, FRAME_RAM, P2M_RAM);
  (void)far_frame(8, 1, FRAME_RAM, P2M_RAM_RO);
  (void)far_frame(9, 2, FRAME_RAM, P2M_FOREIGN);
  (void)far_frame(10, 1, FRAME_SHARED, P2M_RAM);
  (void)far_frame(11, 2, FRAME_RAM, P2M_RAM);
  large = frame_alloc(9, 1, FRAME_RAM);
  assert_int_equal(p2m_add(locked, GFN(M2), large, 9, P2M_RAM), STATUS_OK);
  second_domain();
  assert_int_equal(far(7, true, &got), STATUS_OK);
  assert_int_equal(got.v, ram.v);
  assert_int_equal(frame_of(ram)->refs, 2);
  assert_int_equal(far(8, true, &got), STATUS_NOT_FOUND);
  assert_int_equal(far(8, false, &got), STATUS_OK);
  for (uint64_t gfn = 9; gfn < 13; gfn++) /* foreign, no memory, another's, nothing */
    assert_int_equal(far(gfn, false, &got), STATUS_NOT_FOUND);
  assert_int_equal(far(1ull << 50, false, &got), STATUS_NOT_FOUND);
  assert_int_equal(far(M2 + 300, true, &got), STATUS_OK);
  assert_int_equal(got.v, large.v + 300);
  frame_of(ram)->refs = UINT32_MAX;
  assert_int_equal(far(7, true, &got), STATUS_BUSY);
}

/* The owner gives the page back and has it for something else, at each moment of the look-up. */
static unsigned opens, strike_at;
static mfn_t prey;
static void strike(void) {
  struct p2m_entry old;
  if (++opens != strike_at)
    return;
  fake_cpu_set(0);
  assert_int_equal(p2m_remove(locked, GFN(7), &old), STATUS_OK);
  frame_free(old.mfn, 0);
  fake_cpu_set(1);
}

static void test_far_against_the_owner(void **unused) {
  for (strike_at = 1; strike_at < 10; strike_at++) {
    mfn_t got;
    setup(256, 2);
    prey = far_frame(7, 1, FRAME_RAM, P2M_RAM);
    second_domain();
    opens = 0;
    fake_window_opens = strike;
    enum status s = far(7, true, &got);
    fake_window_opens = NULL;
    bool struck = opens >= strike_at;
    assert_int_equal(s, struck ? STATUS_NOT_FOUND : STATUS_OK);
    assert_int_equal(frame_of(prey)->kind == FRAME_FREE || !frame_of(prey)->refs, struck);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_leaves_of_each_size),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_split_keeps_the_rest),
      cmocka_unit_test(test_same_type_splits_nothing),
      cmocka_unit_test(test_large_leaf_over_empty_tables),
      cmocka_unit_test(test_teardown),
      cmocka_unit_test(test_random_every_store),
      cmocka_unit_test(test_random_short_of_memory),
      cmocka_unit_test(test_split_without_memory),
      cmocka_unit_test(test_chain_without_memory),
      cmocka_unit_test(test_stale_until_flushed),
      cmocka_unit_test(test_only_linked_cpus_are_kicked),
      cmocka_unit_test(test_links_later),
      cmocka_unit_test(test_comes_back_with_nothing_flushed),
      cmocka_unit_test(test_switches_during_the_wait),
      cmocka_unit_test(test_acknowledgement_is_the_domains_own),
      cmocka_unit_test(test_link_half_done),
      cmocka_unit_test(test_trim_flushes_before_it_frees),
      cmocka_unit_test(test_giving_needs_no_flush),
      cmocka_unit_test(test_flush_waits),
      cmocka_unit_test(test_far),
      cmocka_unit_test(test_far_against_the_owner),
  };

  return cmocka_run_group_tests_name("core_p2m", tests, NULL, NULL);
}
