/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that speak nonsense, do not read, or take all that they can: what they get, and that
 * nobody else notices. */
#include "store_world.h"

static int setup(void **unused) {
  (void)unused;
  world_start(&store_quota_default, false);
  return 0;
}

static int teardown(void **unused) {
  (void)unused;
  memory_left = -1;
  world_end();
  return 0;
}

/* --- Messages ------------------------------------------------------------------------------------
 */

static void test_malformed(void **unused) {
  static const uint32_t needs_path[] = {XS_DIRECTORY, XS_READ, XS_GET_PERMS,
                                        XS_MKDIR,     XS_RM,   XS_GET_DOMAIN_PATH};
  (void)unused;
  for (unsigned i = 0; i < sizeof(needs_path) / sizeof(*needs_path); i++) {
    is_error(ask(1, needs_path[i], 0, "", 0), "EINVAL");
    is_error(ask_bytes(1, needs_path[i], 0, "\0"), "EINVAL");
    is_error(ask_bytes(1, needs_path[i], 0, "data"), "EINVAL");
    is_error(ask_bytes(1, needs_path[i], 0, "1\0data\0"), "EINVAL");
  }
  static const uint32_t needs_more[] = {XS_WRITE, XS_SET_PERMS, XS_WATCH, XS_UNWATCH,
                                        XS_DIRECTORY_PART};
  for (unsigned i = 0; i < sizeof(needs_more) / sizeof(*needs_more); i++) {
    is_error(ask(1, needs_more[i], 0, "", 0), "EINVAL");
    is_error(ask_bytes(1, needs_more[i], 0, "data"), "EINVAL");
  }
  static const uint32_t unknown[] = {XS_WATCH_EVENT, XS_ERROR, 20, XS_TYPE_COUNT, 0xffff, 1u << 31};
  for (unsigned i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
    is_error(ask_bytes(1, unknown[i], 7, "data\0"), "ENOSYS");
  is_text(ask_text(1, XS_READ, 0, "name"), "one");
}

/* Bytes at random as payloads of every type: an answer each, and the store stays whole. */
static void test_random_payloads(void **unused) {
  char data[XENSTORE_PAYLOAD_MAX];
  (void)unused;
  for (unsigned i = 0; i < 3000; i++) {
    size_t size = rnd(8) ? rnd(24) : rnd(sizeof(data) + 1);
    for (size_t j = 0; j < size; j++)
      data[j] = rnd(3) ? "/adt@\0001n"[rnd(8)] : (char)rnd(256);
    (void)ask(1 + rnd(3), rnd(XS_TYPE_COUNT + 2), rnd(4), data, size);
    for (unsigned c = 1; c <= CLIENTS; c++)
      peers[c].event_count = 0;
  }
  accounts_hold();
  is_text(ask_text(2, XS_GET_DOMAIN_PATH, 0, "2"), "/local/domain/2\0");
}

static void expect_broken(unsigned domid, uint32_t error) {
  static const char request[] = "name";
  struct xsd_sockmsg m = {.type = XS_READ, .len = sizeof(request)};
  struct xenstore_domain_interface *r = &peers[domid].ring;
  settle();
  assert_int_equal(r->error, error);
  uint32_t prod = r->rsp_prod;
  ring_send(&peers[domid], &m, sizeof(m));
  ring_send(&peers[domid], request, sizeof(request));
  settle();
  assert_int_equal(r->rsp_prod, prod);
  is_text(ask_text(2, XS_GET_DOMAIN_PATH, 0, "2"), "/local/domain/2\0");
}

/* What it had is gone, and all works again. */
static void reconnect(unsigned domid, uint32_t tx) {
  struct xenstore_domain_interface *r = &peers[domid].ring;
  r->req_prod = 77;
  r->rsp_cons = 5;
  r->connection = XENSTORE_RECONNECT;
  settle();
  assert_int_equal(r->connection, XENSTORE_CONNECTED);
  assert_int_equal(r->error, XENSTORE_ERROR_NONE);
  assert_int_equal(r->req_prod, r->req_cons);
  assert_int_equal(r->rsp_prod, r->rsp_cons);
  is_error(end(domid, tx, "T"), "ENOENT");
  is_error(ask_bytes(domid, XS_UNWATCH, 0, "data\0t\0"), "ENOENT");
}

static void test_too_long(void **unused) {
  struct xsd_sockmsg m = {.type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1};
  (void)unused;
  uint32_t tx = start(1);
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t\0"));
  ring_send(&peers[1], &m, sizeof(m));
  expect_broken(1, XENSTORE_ERROR_PROTO);
  reconnect(1, tx);
}

static void test_bad_request_index(void **unused) {
  (void)unused;
  uint32_t tx = start(1);
  peers[1].ring.req_prod += XENSTORE_RING_SIZE + 1;
  expect_broken(1, XENSTORE_ERROR_RINGIDX);
  reconnect(1, tx);
}

static void test_bad_reply_index(void **unused) {
  (void)unused;
  uint32_t tx = start(1);
  peers[1].ring.rsp_cons += 1;
  is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/a\0v"));
  struct xsd_sockmsg m = {.type = XS_READ, .len = 0};
  ring_send(&peers[1], &m, sizeof(m));
  expect_broken(1, XENSTORE_ERROR_RINGIDX);
  reconnect(1, tx);
}

/* The store's own indices in the page are the client's to spoil. */
static void test_spoilt_page(void **unused) {
  (void)unused;
  for (unsigned i = 0; i < 100; i++) {
    peers[1].ring.server_features = rnd(UINT32_MAX);
    is_text(ask_text(1, XS_READ, 0, "name"), "one");
  }
  uint32_t cons = peers[1].ring.req_cons;
  peers[1].ring.req_cons = 12345;
  struct xsd_sockmsg m = {.type = 99, .len = 0};
  ring_send(&peers[1], &m, sizeof(m));
  settle();
  assert_int_equal(peers[1].ring.req_cons, cons + sizeof(m));
}

/* A message byte by byte, and one that fills the ring several times over. */
static void test_slow_and_large(void **unused) {
  char value[2048], text[] = "data/x";
  (void)unused;
  memset(value, 'v', sizeof(value));
  char request[sizeof(text) + sizeof(value)];
  memcpy(request, text, sizeof(text));
  memcpy(request + sizeof(text), value, sizeof(value));
  is_ok(ask(1, XS_WRITE, 0, request, sizeof(request)));
  is_data(ask_text(1, XS_READ, 0, text), value, sizeof(value));
  struct xsd_sockmsg m = {.type = XS_READ, .len = sizeof(text)};
  for (size_t i = 0; i < sizeof(m); i++) {
    ring_send(&peers[1], (char *)&m + i, 1);
    settle();
  }
  uint32_t prod = peers[1].ring.rsp_prod;
  ring_send(&peers[1], text, sizeof(text) - 1);
  settle();
  assert_int_equal(peers[1].ring.rsp_prod, prod);
  ring_send(&peers[1], text + sizeof(text) - 1, 1);
  settle();
  assert_int_equal(peers[1].ring.rsp_prod, prod + XENSTORE_RING_SIZE);
}

/* --- Quotas
 * ---------------------------------------------------------------------------------------- */

/* Makes nodes until that fails; returns how many. */
static unsigned fill_nodes(const char *error) {
  char path[64];
  for (unsigned i = 0;; i++) {
    snprintf(path, sizeof(path), "/shared/n%u", i);
    const struct answer *a = ask_text(1, XS_MKDIR, 0, path);
    if (a->header.type != XS_ERROR)
      continue;
    is_error(a, error);
    return i;
  }
}

static void test_quota_nodes(void **unused) {
  (void)unused;
  unsigned have = (unsigned)peers[1].client->account.nodes;
  assert_int_equal(fill_nodes("ENOSPC"), store_quota_default.nodes - have);
  is_ok(ask_text(2, XS_MKDIR, 0, "/shared/two"));
  is_ok(ask_text(1, XS_RM, 0, "/shared/n0"));
  is_ok(ask_text(1, XS_MKDIR, 0, "/shared/again"));
  is_error(ask_text(1, XS_MKDIR, 0, "/shared/more"), "ENOSPC");
  uint32_t tx = start(1);
  is_ok(ask_text(1, XS_MKDIR, tx, "/shared/more"));
  is_error(end(1, tx, "T"), "ENOSPC");
  is_error(ask_text(1, XS_READ, 0, "/shared/more"), "ENOENT");
  tx = start(1);
  is_ok(ask_text(1, XS_MKDIR, tx, "/shared/more"));
  is_ok(ask_text(1, XS_RM, tx, "/shared/n1"));
  is_ok(end(1, tx, "T"));
}

static void test_quota_sizes(void **unused) {
  char request[XENSTORE_PAYLOAD_MAX] = "/shared/big";
  (void)unused;
  is_error(ask(1, XS_WRITE, 0, request, 12 + store_quota_default.value + 1), "ENOSPC");
  unsigned i = 0;
  for (const struct answer *a;; i++) {
    snprintf(request, sizeof(request), "/shared/%03u", i);
    a = ask(1, XS_WRITE, 0, request, 12 + store_quota_default.value);
    if (a->header.type != XS_ERROR)
      continue;
    is_error(a, "ENOMEM");
    break;
  }
  assert_true(i > 100 && i < store_quota_default.memory / store_quota_default.value);
  is_error(ask_text(1, XS_READ, 0, "data/none"), "ENOENT");
  is_ok(ask(2, XS_WRITE, 0, "/shared/two\0two", 15));
}

static void test_quota_watches(void **unused) {
  char request[64];
  (void)unused;
  for (unsigned i = 0; i < store_quota_default.watches; i++) {
    int size = snprintf(request, sizeof(request), "data%c%u", 0, i);
    is_ok(ask(1, XS_WATCH, 0, request, (size_t)size + 1));
  }
  is_error(ask_bytes(1, XS_WATCH, 0, "data\0more\0"), "E2BIG");
  is_ok(ask_bytes(1, XS_UNWATCH, 0, "data\0007\0"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0more\0"));
  is_ok(ask_bytes(2, XS_WATCH, 0, "data\0t\0"));
}

static void test_quota_transactions(void **unused) {
  uint32_t tx = 0;
  (void)unused;
  for (unsigned i = 0; i < store_quota_default.transactions; i++)
    tx = start(1);
  is_error(ask_bytes(1, XS_TRANSACTION_START, 0, "\0"), "ENOSPC");
  (void)start(2);
  is_ok(end(1, tx, "F"));
  tx = start(1);
  char path[64];
  const struct answer *a;
  unsigned i = 0;
  do {
    snprintf(path, sizeof(path), "data/%u", i++);
    a = ask_text(1, XS_READ, tx, path);
  } while (!strcmp(a->data, "ENOENT"));
  assert_true(!strcmp(a->data, "ENOSPC") || !strcmp(a->data, "ENOMEM"));
  assert_true(i > 500);
  is_text(ask_text(1, XS_READ, 0, "name"), "one");
}

/* Without memory every request fails whole: what is there stays as it was. */
static void test_no_memory(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a\0v"));
  for (long left = 0; left < 40; left++) {
    uint64_t generation = 0;
    uint32_t tx = start(1);
    memory_left = left;
    (void)ask_bytes(1, XS_WRITE, tx, "data/b/c/d\0new");
    (void)ask_text(1, XS_RM, tx, "data/a");
    bool done = !strcmp(end(1, tx, "T")->data, "OK");
    memory_left = -1;
    accounts_hold();
    generation = store.generation;
    if (done)
      break;
    is_text(ask_text(1, XS_READ, 0, "data/a"), "v");
    is_text(ask_text(1, XS_DIRECTORY, 0, "data"), "a\0");
    assert_true(generation <= store.generation);
  }
  memory_left = 0;
  is_error(ask_bytes(1, XS_WATCH, 0, "data\0t\0"), "ENOMEM");
  is_error(ask_bytes(1, XS_TRANSACTION_START, 0, "\0"), "ENOMEM");
  is_error(ask_bytes(1, XS_WRITE, 0, "data/z\0v"), "ENOMEM");
  memory_left = -1;
}

/* --- Those who do not read
 * ------------------------------------------------------------------------------ */

/* Its events are kept up to the limit, the same one once; then it is told to look again. */
static void test_events_bounded(void **unused) {
  char path[64];
  (void)unused;
  is_ok(ask_bytes(1, XS_WATCH, 0, "/shared\0t\0"));
  told(1, "/shared|t");
  is_ok(ask_text(2, XS_MKDIR, 0, "/shared/x"));
  for (unsigned i = 0; i < 2000; i++)
    is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/x\0v"));
  assert_true(peers[1].client->event_count <= 1);
  for (unsigned i = 0; i < 900; i++) {
    snprintf(path, sizeof(path), "/shared/%u", i);
    is_ok(ask_text(2, XS_MKDIR, 0, path));
  }
  assert_int_equal(peers[1].client->event_count, store_quota_default.events);
  settle();
  char last[64] = "";
  unsigned count = 0;
  struct xsd_sockmsg m;
  for (; ring_take(&peers[1], &m, sizeof(m)) == sizeof(m); count++) {
    assert_int_equal(m.type, XS_WATCH_EVENT);
    for (size_t done = 0; done < m.len; settle())
      done += ring_take(&peers[1], last + done, m.len - done);
    settle();
  }
  assert_string_equal(last, "/shared");
  assert_true(count > store_quota_default.events && count < store_quota_default.events + 100);
}

#define DEVICES 200u

/* Steps of each, alone and beside a silent client. */
static uint64_t creating[2][DEVICES], removing[2][DEVICES];

static int order(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint64_t percentile_99(uint64_t *samples) {
  qsort(samples, DEVICES, sizeof(*samples), order);
  return samples[DEVICES * 99 / 100 - 1];
}

static void device_write(uint32_t tx, const char *device, const char *leaf, const char *value) {
  char request[128];
  int path = snprintf(request, sizeof(request), "/shared/%s/%s", device, leaf);
  strcpy(request + path + 1, value);
  is_ok(ask(2, XS_WRITE, tx, request, (size_t)path + 1 + strlen(value)));
}

/* As a toolstack does it: a transaction, and the other end is told. With its directory four nodes,
 * so that 200 devices stay below the 1000 that a client may own. */
static void device_create(const char *device) {
  uint32_t tx = start(2);
  device_write(tx, device, "backend", "/local/domain/2/backend/vif/1/0");
  device_write(tx, device, "mac", "00:16:3e:00:00:01");
  device_write(tx, device, "state", "1");
  is_ok(end(2, tx, "T"));
}

static void device_remove(const char *device) {
  char path[64];
  snprintf(path, sizeof(path), "/shared/%s", device);
  is_ok(ask_text(2, XS_RM, 0, path));
}

static uint64_t cost(void (*work)(const char *), unsigned device) {
  char name[32];
  uint64_t steps = store.steps;
  snprintf(name, sizeof(name), "vif-%u", device);
  work(name);
  return store.steps - steps;
}

/* All of them are there at one time. */
static void create_and_remove(uint64_t *create, uint64_t *removal) {
  for (unsigned i = 0; i < DEVICES; i++)
    create[i] = cost(device_create, i);
  for (unsigned i = 0; i < DEVICES; i++)
    removal[i] = cost(device_remove, i);
}

/* Watches everything, asks for as much as it can, and reads nothing. */
static void fall_silent(unsigned domid) {
  struct xsd_sockmsg m = {.type = XS_READ, .len = 5};
  struct peer *p = &peers[domid];
  is_ok(ask_bytes(domid, XS_WATCH, 0, "/shared\0a\0"));
  is_ok(ask_bytes(domid, XS_WATCH, 0, "/\0b\0"));
  for (unsigned i = 0; i < 1000; i++) {
    while (XENSTORE_RING_SIZE - (p->ring.req_prod - p->ring.req_cons) >= sizeof(m) + 5) {
      ring_send(p, &m, sizeof(m));
      ring_send(p, "name", 5);
    }
    (void)store_turn(&store);
  }
  assert_int_equal(p->ring.rsp_prod - p->ring.rsp_cons, XENSTORE_RING_SIZE);
}

/* The client that never answers, and the other one's 200 devices: what each costs the other one,
 * in the engine's steps, is what it costs without it but for a bound. */
static void test_never_answers(void **unused) {
  (void)unused;
  create_and_remove(creating[0], removing[0]);
  fall_silent(3);
  create_and_remove(creating[1], removing[1]);
  uint64_t create[2], removal[2];
  for (unsigned i = 0; i < 2; i++) {
    create[i] = percentile_99(creating[i]);
    removal[i] = percentile_99(removing[i]);
  }
  print_message("99th percentile, steps: create %lu alone, %lu beside the silent one; "
                "remove %lu, %lu\n",
                create[0], create[1], removal[0], removal[1]);
  /* It has two watches that see all five events, each in a queue that is looked up, not walked. */
  assert_true(create[1] <= create[0] + 2 * 5 * 8);
  assert_true(removal[1] <= removal[0] + 2 * 8);
  peers[3].ring.connection = XENSTORE_RECONNECT;
  settle();
  is_text(ask_text(3, XS_GET_DOMAIN_PATH, 0, "3"), "/local/domain/3\0");
}

/* Everybody asks all the time: after n turns each has had n answers. */
static void test_fair(void **unused) {
  struct xsd_sockmsg m = {.type = XS_READ, .len = 5};
  unsigned answers[CLIENTS + 1] = {0};
  char reply[XENSTORE_RING_SIZE];
  (void)unused;
  for (unsigned turn = 0; turn < 300; turn++) {
    for (unsigned c = 1; c <= CLIENTS; c++)
      while (XENSTORE_RING_SIZE - (peers[c].ring.req_prod - peers[c].ring.req_cons) >= 21) {
        ring_send(&peers[c], &m, sizeof(m));
        ring_send(&peers[c], "name", 5);
      }
    assert_true(store_turn(&store));
    for (unsigned c = 1; c <= CLIENTS; c++)
      answers[c] += ring_take(&peers[c], reply, sizeof(reply)) > 0;
  }
  for (unsigned c = 1; c <= CLIENTS; c++)
    assert_int_equal(answers[c], 300);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(malformed),         TEST(random_payloads),    TEST(too_long),
      TEST(bad_request_index), TEST(bad_reply_index),    TEST(spoilt_page),
      TEST(slow_and_large),    TEST(quota_nodes),        TEST(quota_sizes),
      TEST(quota_watches),     TEST(quota_transactions), TEST(no_memory),
      TEST(events_bounded),    TEST(never_answers),      TEST(fair),
  };

  return cmocka_run_group_tests_name("services_store_ring", tests, NULL, NULL);
}
