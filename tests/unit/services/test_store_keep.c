/* SPDX-License-Identifier: Apache-2.0 */
/* The store over its own end: what clients see of it, and what becomes of a journal that is cut off
 * or spoilt anywhere. That answers stay right shows test_store_model.c. */
#include <store/state.h>

#include "store_world.h"

#define AREA (96u << 10)

static int setup(void **unused) {
  (void)unused;
  world_start(&store_quota_default, true);
  world_keep(AREA);
  return 0;
}

static int teardown(void **unused) {
  (void)unused;
  world_end();
  return 0;
}

/* Everything that a store can have: open transactions with all that they hold, watches of every
 * form with events that wait, a client that has not read, half a message. */
static void make_rich(void) {
  static const struct xsd_sockmsg half = {.type = XS_WRITE, .len = 30};
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a\0value"));
  is_ok(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0n1\0b2\0r3\0"));
  is_ok(ask_bytes(2, XS_MKDIR, 0, "/shared/dir/below\0"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t1\0"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "/shared\0t2\0001\0"));
  is_ok(ask_bytes(3, XS_WATCH, 0, "@releaseDomain\0t3\0"));
  is_ok(ask_bytes(4, XS_SET_TARGET, 0, "3\0001\0"));
  is_ok(ask_bytes(4, XS_SET_PERMS, 0, "@introduceDomain\0n0\0r2\0"));
  uint32_t tx = start(1), other = start(2);
  is_ok(ask_bytes(1, XS_RM, tx, "data/a\0"));
  is_ok(ask_bytes(1, XS_WRITE, tx, "data/b/c\0new"));
  is_text(ask_bytes(1, XS_DIRECTORY, tx, "data\0"), "b\0");
  is_error(ask_bytes(2, XS_READ, other, "/shared/none\0"), "ENOENT");
  ring_send(&peers[2], &half, sizeof(half));
  ring_send(&peers[2], "/sha", 4);
  settle();
}

static size_t dump(char *to) {
  static _Alignas(8) char area[AREA];
  struct journal mine = store.journal;
  size_t at = 0, size = 0;
  memset(area, 0, sizeof(area));
  (void)journal_open(&store.journal, area, sizeof(area));
  journal_begin(&store.journal);
  assert_true(state_write(&store));
  journal_turn(&store.journal);
  for (const struct journal_record *r; (r = journal_next(&store.journal, &at));) {
    memcpy(to + size, r, sizeof(*r) + r->size);
    size += sizeof(*r) + r->size;
  }
  store.journal = mine;
  return size;
}

/* What was delivered meanwhile is not told twice, so the message on its way is the only one that
 * may differ; everybody has read before. */
static void same_after_restart(void) {
  static char before[AREA], after[AREA];
  size_t size = dump(before);
  world_restart();
  assert_int_equal(dump(after), size);
  assert_memory_equal(before, after, size);
}

static void test_same(void **unused) {
  (void)unused;
  same_after_restart();
  make_rich();
  same_after_restart();
  same_after_restart();
}

/* Who has yet to see a device gone. */
static void test_unseen(void **unused) {
  (void)unused;
  is_ok(ask_bytes(2, XS_WRITE, 0, "backend/vif/1/0/state\0004"));
  store_domain_ended(&store, 1);
  memset(&peers[1].ring, 0, sizeof(peers[1].ring));
  store_connect(&store, peers[1].client, &peers[1].ring, ++peers[1].lives + 1);
  is_error(ask_text(1, XS_READ, 0, "device/vif/0/state"), "ENOENT");
  same_after_restart();
  is_error(ask_text(1, XS_READ, 0, "device/vif/0/state"), "ENOENT");
  is_error(ask_text(2, XS_DIRECTORY, 0, "backend/vif/1"), "ENOENT");
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
  same_after_restart();
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
}

/* Watches still fire, each change is told once, and a transaction goes on. */
static void test_goes_on(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t\0"));
  told(1, "data|t");
  uint32_t tx = start(1);
  is_ok(ask_bytes(1, XS_WRITE, tx, "data/x\0v"));
  world_restart();
  told_nothing(1);
  is_text(ask_bytes(1, XS_READ, tx, "data/x\0"), "v");
  is_error(ask_bytes(1, XS_READ, 0, "data/x\0"), "ENOENT");
  is_ok(end(1, tx, "T"));
  told(1, "data/x|t");
  world_restart();
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/x\0w"));
  told(1, "data/x|t");
}

/* A transaction that was open conflicts with what came in between, in both lives. */
static void test_conflict(void **unused) {
  (void)unused;
  uint32_t tx = start(1);
  is_error(ask_bytes(1, XS_READ, tx, "/shared/a\0"), "ENOENT");
  world_restart();
  is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/a\0v"));
  world_restart();
  is_ok(ask_bytes(1, XS_WRITE, tx, "data/x\0v"));
  is_error(end(1, tx, "T"), "EAGAIN");
}

/* The store ends at each step of the way of one large message and its large answer. */
static void test_every_step(void **unused) {
  char request[2048], value[2000];
  (void)unused;
  memset(value, 'v', sizeof(value));
  memcpy(request, "data/x", 7);
  memcpy(request + 7, value, sizeof(value));
  for (unsigned step = 0, before = restarts; step == restarts - before; step++) {
    until_end = step;
    is_ok(ask(1, XS_WRITE, 0, request, 7 + sizeof(value)));
    is_data(ask_bytes(1, XS_READ, 0, "data/x\0"), value, sizeof(value));
    is_ok(ask_bytes(1, XS_RM, 0, "data/x\0"));
  }
  assert_true(restarts > 10);
  until_end = -1;
}

/* A request that ends the store twice costs its sender the connection; the rest goes on. */
static void test_strikes(void **unused) {
  static const struct xsd_sockmsg m = {.type = XS_READ, .len = 5};
  struct journal_head *head = (void *)kept;
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/x\0v"));
  ring_send(&peers[2], &m, sizeof(m));
  ring_send(&peers[2], "name", 5);
  until_end = 4; /* behind the header's record and the body's: while it is served */
  (void)store_turn(&store);
  assert_int_equal(head->strikes, 1);
  assert_int_equal(peers[2].ring.error, XENSTORE_ERROR_NONE);
  head->serving = 3;
  world_restart();
  assert_int_equal(peers[2].ring.error, XENSTORE_ERROR_COMM);
  is_text(ask_bytes(1, XS_READ, 0, "data/x\0"), "v");
}

/* --- A journal that is spoilt
 * -------------------------------------------------------------------------------- */

static char spoilt[AREA], good[AREA];

/* A store of its own on `spoilt`. */
static enum store_kept try(size_t size) {
  static _Alignas(8) char area[AREA];
  struct store mine = store;
  static char text[] = "client\t1\t11\tone\nclient\t2\t12\ttwo\nclient\t3\t13\tthree\n"
                       "client\t4\t14\tfour\nprivileged\t4\n";
  unsigned line;
  memcpy(area, spoilt, sizeof(area));
  assert_true(store_init(&store, &store_quota_default));
  assert_int_equal(store_load(&store, text, sizeof(text) - 1, &line), 0);
  enum store_kept kept_now = store_keep(&store, area, size);
  if (kept_now != STORE_KEPT_DAMAGED)
    settle();
  store_free(&store);
  store = mine;
  return kept_now;
}

static size_t rich_journal(void) {
  make_rich();
  world_restart();                                   /* a state */
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/z\0value")); /* and something behind it */
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t9\0"));
  store_domain_ended(&store, 3);
  memcpy(good, kept, AREA);
  memcpy(spoilt, good, AREA);
  assert_int_equal(try(AREA), STORE_KEPT_ALL);
  return sizeof(struct journal_head) + (((struct journal_head *)(void *)kept)->half
                                            ? ((AREA - sizeof(struct journal_head)) / 2 & ~7u)
                                            : 0);
}

static uint64_t *tail_at(char *area, size_t half) {
  return (uint64_t *)(void *)(area + half);
}

/* Cut off at each byte: at a record's end it is what it was then, else it is refused. */
static void test_cut(void **unused) {
  (void)unused;
  size_t half = rich_journal(), whole = 0;
  uint64_t tail = *tail_at(good, half);
  for (uint64_t cut = 0; cut < tail; cut++) {
    memcpy(spoilt, good, AREA);
    *tail_at(spoilt, half) = cut;
    enum store_kept k = try(AREA);
    assert_true(k == STORE_KEPT_ALL || k == STORE_KEPT_DAMAGED || k == STORE_KEPT_NEW);
    whole += k == STORE_KEPT_ALL;
  }
  assert_int_equal(whole, 8); /* so many records stand behind the state */
}

/* One bit wrong anywhere between the tail and the end of the records. */
static void test_bit(void **unused) {
  (void)unused;
  size_t half = rich_journal();
  size_t end = half + sizeof(uint64_t) + *tail_at(good, half);
  for (size_t at = half; at < end; at++) {
    memcpy(spoilt, good, AREA);
    spoilt[at] ^= (char)(1u << rnd(8));
    if (try(AREA) == STORE_KEPT_ALL)
      fail_msg("byte %zu of %zu may be anything", at - half, end - half);
  }
}

/* Records with the right sums that say nonsense: refused or taken, never worse. */
static void test_nonsense(void **unused) {
  (void)unused;
  (void)rich_journal();
  for (unsigned i = 0; i < 3000; i++) {
    struct journal from, to;
    size_t at = 0;
    static _Alignas(8) char copy[AREA];
    memcpy(copy, good, AREA);
    assert_true(journal_open(&from, copy, AREA));
    memset(spoilt, 0, AREA);
    (void)journal_open(&to, spoilt, AREA);
    journal_begin(&to);
    for (const struct journal_record *r; (r = journal_next(&from, &at));) {
      uint32_t size = rnd(200) ? r->size : rnd(r->size + 1);
      char *body = journal_room(&to, rnd(200) ? r->type : (uint16_t)rnd(80), r->domid, size);
      memcpy(body, r->body, size);
      if (size && !rnd(40))
        body[rnd(size)] ^= (char)(1u << rnd(8));
      journal_close(&to);
      if (!rnd(200))
        (void)journal_next(&from, &at);
    }
    journal_turn(&to);
    (void)try(AREA);
  }
}

/* Too small an area is told; too full a one is given up, and the store goes on. */
static void test_small(void **unused) {
  struct journal_head *head = (void *)kept;
  char request[2048] = "data/0";
  (void)unused;
  memset(spoilt, 0, AREA);
  assert_int_equal(try(8 << 10), STORE_KEPT_NONE);
  for (unsigned i = 0; i < 26; i++) {
    request[5] = (char)('A' + i);
    is_ok(ask(1, XS_WRITE, 0, request, sizeof(request) - 100));
  }
  assert_null(store.journal.head);
  assert_int_equal(head->magic, 0);
}

/* A store that ends before it serves anything, again and again, begins anew. */
static void test_starts(void **unused) {
  struct journal_head *head = (void *)kept;
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/x\0v"));
  for (unsigned i = 0; i < 5; i++)
    world_restart();
  assert_int_equal(head->starts, 5);
  memcpy(spoilt, kept, AREA);
  assert_int_equal(try(AREA), STORE_KEPT_DAMAGED);
  is_text(ask_bytes(1, XS_READ, 0, "data/x\0"), "v");
  assert_int_equal(head->starts, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_same, setup, teardown),
      cmocka_unit_test_setup_teardown(test_unseen, setup, teardown),
      cmocka_unit_test_setup_teardown(test_goes_on, setup, teardown),
      cmocka_unit_test_setup_teardown(test_conflict, setup, teardown),
      cmocka_unit_test_setup_teardown(test_every_step, setup, teardown),
      cmocka_unit_test_setup_teardown(test_strikes, setup, teardown),
      cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
      cmocka_unit_test_setup_teardown(test_bit, setup, teardown),
      cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
      cmocka_unit_test_setup_teardown(test_small, setup, teardown),
      cmocka_unit_test_setup_teardown(test_starts, setup, teardown),
  };
  return cmocka_run_group_tests_name("services_store_keep", tests, NULL, NULL);
}
