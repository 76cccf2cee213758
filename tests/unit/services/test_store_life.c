/* SPDX-License-Identifier: Apache-2.0 */
/* How the store is set up from its text, and what becomes of a domain's part when it ends. */
#include "store_world.h"

static int setup(void **unused) {
  (void)unused;
  world_start(&store_quota_default, false);
  return 0;
}

static int teardown(void **unused) {
  (void)unused;
  world_end();
  return 0;
}

/* --- The text
 * -------------------------------------------------------------------------------------- */

static unsigned load(const char *text, unsigned *line) {
  assert_true(store_init(&store, &store_quota_default));
  return store_load(&store, text, strlen(text), line);
}

static void test_load(void **unused) {
  unsigned line;
  (void)unused;
  assert_int_equal(load("node\tn1,r2\t/a/b\tv\tw x\nclient\t1\t7\tone\n\nnode\tn0\t/c\t", &line),
                   0);
  struct client *c = store_client(&store, 1);
  assert_non_null(c);
  assert_string_equal(c->name, "one");
  assert_int_equal(c->port, 7);
  assert_int_equal(c->account.nodes, 1);
  store_connect(&store, c, &peers[1].ring, 1);
  peers[1].client = c;
  is_text(ask_text(1, XS_READ, 0, "/a/b"), "v\tw x");
  is_text(ask_text(1, XS_GET_PERMS, 0, "/a/b"), "n1\0r2\0");
  is_error(ask_text(1, XS_READ, 0, "/c"), "EACCES");
  store_free(&store);
}

static void test_load_bad(void **unused) {
  static const char *const bad[] = {
      "client\t1\t1\tone\textra\n",
      "client\t1\t1\n",
      "client\tx\t1\tone\n",
      "client\t65535\t1\tone\n",
      "client\t1\t\tone\n",
      "client\t1\t1\ta-name-that-is-longer-than-a-name-may-be\n",
      "client\t1\t1\tone\nclient\t1\t2\tother\n",
      "privileged\t9\n",
      "node\tn0\n",
      "node\tn0\trelative\tv\n",
      "node\tn0\t/a//b\tv\n",
      "node\t\t/a\tv\n",
      "node\tn0,\t/a\tv\n",
      "node\tq0\t/a\tv\n",
      "node\tn0,n1,n2,n3,n4,n5,n6,n7,n8\t/a\tv\n",
      "node\tn0\t@other\tv\n",
      "nodes\tn0\t/a\tv\n",
      " \n",
  };
  (void)unused;
  for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
    char text[256];
    unsigned line, count = 0;
    snprintf(text, sizeof(text), "%snode\tn0\t/good\tv\n", bad[i]);
    for (const char *at = bad[i]; *at; at++)
      count += *at == '\n';
    if (load(text, &line) != 1 || line != count)
      fail_msg("%s: line %u", bad[i], line);
    assert_non_null(node_child(&store, store.root, (struct name){"good", 4}));
    store_free(&store);
  }
}

/* Bytes at random, zeroes too: counted, never worse. */
static void test_load_random(void **unused) {
  char text[512];
  unsigned line;
  (void)unused;
  for (unsigned i = 0; i < 2000; i++) {
    size_t size = rnd(sizeof(text));
    for (size_t j = 0; j < size; j++)
      text[j] = rnd(20) ? "nodeclient\t\t\t\n\n/1/a0,rb@"[rnd(25)] : (char)rnd(256);
    assert_true(store_init(&store, &store_quota_default));
    (void)store_load(&store, text, size, &line);
    store_free(&store);
  }
}

/* --- Ends and beginnings
 * -------------------------------------------------------------------------------- */

static void restart(unsigned domid) {
  static uint64_t life = 1;
  memset(&peers[domid].ring, 0, sizeof(peers[domid].ring));
  store_connect(&store, peers[domid].client, &peers[domid].ring, ++life);
}

/* The front end's domain ends: what it had goes, and the back end sees the device gone, and come
 * back when the domain speaks again. */
static void test_front_ends(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/mine\0v"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t\0"));
  is_ok(ask_bytes(2, XS_WRITE, 0, "backend/vif/1/0/state\0004"));
  is_ok(ask_bytes(2, XS_WATCH, 0, "backend\0b\0"));
  is_ok(ask_bytes(3, XS_WATCH, 0, "@releaseDomain\0r\0"));
  is_ok(ask_bytes(3, XS_WATCH, 0, "@introduceDomain\0i\0001\0"));
  told(2, "backend|b");
  told(3, "@releaseDomain|r", "@introduceDomain|i");
  uint32_t tx = start(1);
  store_domain_ended(&store, 1);
  store_domain_ended(&store, 1);
  accounts_hold();
  told(2, "backend/vif/1|b");
  told(3, "@releaseDomain|r");
  is_error(ask_text(2, XS_DIRECTORY, 0, "backend/vif/1/0"), "ENOENT");
  restart(1);
  settle();
  told_nothing(3);
  is_text(ask_text(1, XS_READ, 0, "name"), "one");
  is_error(ask_text(1, XS_READ, 0, "data/mine"), "ENOENT");
  is_error(end(1, tx, "T"), "ENOENT");
  is_error(ask_bytes(1, XS_UNWATCH, 0, "data\0t\0"), "ENOENT");
  told(3, "@introduceDomain/1|i");
  is_text(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "1");
}

/* A front end whose new life speaks before the back end, which drove the device, has noticed the
 * end of the last: the device is back when it has, and not for anything else that it does. */
static void test_front_ends_unseen(void **unused) {
  (void)unused;
  is_ok(ask_bytes(2, XS_WRITE, 0, "backend/vif/1/0/state\0004"));
  store_domain_ended(&store, 1);
  restart(1);
  is_text(ask_text(1, XS_READ, 0, "name"), "one");
  is_error(ask_text(1, XS_READ, 0, "device/vif/0/state"), "ENOENT");
  is_text(ask_text(2, XS_DIRECTORY, 0, "backend/vif"), "");
  is_error(ask_text(2, XS_DIRECTORY, 0, "backend/vif/11"), "ENOENT");
  is_error(ask_text(3, XS_DIRECTORY, 0, "/local/domain/2/backend/vif/1"), "EACCES");
  is_error(ask_text(1, XS_READ, 0, "device/vif/0/state"), "ENOENT");
  store_domain_ended(&store, 1);
  is_error(ask_text(2, XS_DIRECTORY, 0, "backend/vif/1"), "ENOENT");
  is_error(ask_text(2, XS_DIRECTORY, 0, "backend/vif/1"), "ENOENT"); /* nor while it is away */
  restart(1);
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
  is_text(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "1");
  is_ok(ask_bytes(2, XS_WRITE, 0, "backend/vif/1/0/state\0002"));
  store_domain_ended(&store, 1);
  restart(1);
  is_error(ask_text(1, XS_READ, 0, "device/vif/0/state"), "ENOENT");
  is_ok(ask_bytes(1, XS_WATCH, 0, "device\0d\0"));
  told(1, "device|d");
  is_error(ask_text(2, XS_DIRECTORY, 0, "backend/vif/1/0/state"), "ENOENT");
  told(1, "device|d", "device/vif|d", "device/vif/0|d", "device/vif/0/state|d",
       "device/vif/0/backend|d");
  is_text(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "1");
}

/* A driver domain's programs ask through the ring that its driver has: what they read in vain is
 * not the driver's knowing. */
static void test_programs_look(void **unused) {
  (void)unused;
  is_ok(ask_bytes(2, XS_WRITE, 0, "backend/vif/1/0/state\0004"));
  store_domain_ended(&store, 1);
  restart(1);
  is_error(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "ENOENT");
  is_error(ask_text(2, XS_READ, 0, "backend/vif/1"), "ENOENT");
  is_error(ask_text(2, XS_GET_PERMS, 0, "backend/vif/1/0/state"), "ENOENT");
  is_error(ask_text(1, XS_READ, 0, "device/vif/0/state"), "ENOENT");
  is_error(ask_text(2, XS_DIRECTORY, 0, "backend/vif/1/0"), "ENOENT");
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
}

/* One that ends itself has nothing left to notice. */
static void test_unseen_ends(void **unused) {
  (void)unused;
  is_ok(ask_bytes(2, XS_WRITE, 0, "backend/vif/1/0/state\0004"));
  store_domain_ended(&store, 1);
  restart(1);
  is_error(ask_text(1, XS_READ, 0, "device/vif/0/state"), "ENOENT");
  store_domain_ended(&store, 2);
  restart(2);
  is_text(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "1");
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
}

/* The back end's domain ends: the front end, which drove it, loses the device until it is back. */
static void test_back_ends(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "device/vif/0/state\0004"));
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/mine\0v"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "device\0d\0"));
  told(1, "device|d");
  store_domain_ended(&store, 2);
  told(1, "device/vif/0|d");
  is_text(ask_text(1, XS_READ, 0, "data/mine"), "v");
  restart(2);
  is_error(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "ENOENT");
  is_error(ask_text(1, XS_DIRECTORY, 0, "device/vif/0"), "ENOENT");
  is_text(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "1");
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
}

#define BACK_STATE  "/local/domain/3/backend/vbd/4/0/state"
#define FRONT_STATE "/local/domain/4/device/vbd/0/state"

/* A device that is kept: the front end sees its back end gone and come back, and the back end finds
 * what the front end told the last one. */
static void test_back_ends_kept(void **unused) {
  (void)unused;
  is_ok(ask_bytes(4, XS_WRITE, 0, FRONT_STATE "\0004"));
  is_ok(ask_bytes(4, XS_WRITE, 0, "device/vbd/0/ring-ref\0008"));
  is_ok(ask_bytes(3, XS_WRITE, 0, BACK_STATE "\0004"));
  is_ok(ask_bytes(4, XS_WATCH, 0, "device\0d\0"));
  is_ok(ask_bytes(4, XS_WATCH, 0, BACK_STATE "\0b\0"));
  told(4, "device|d", BACK_STATE "|b");
  store_domain_ended(&store, 3);
  told(4, BACK_STATE "|b");
  is_error(ask_text(4, XS_READ, 0, BACK_STATE), "EACCES");
  is_text(ask_text(4, XS_READ, 0, FRONT_STATE), "4");
  restart(3);
  is_text(ask_text(3, XS_READ, 0, FRONT_STATE), "4");
  is_text(ask_text(3, XS_READ, 0, "/local/domain/4/device/vbd/0/ring-ref"), "8");
  is_text(ask_text(4, XS_READ, 0, BACK_STATE), "1");
}

/* The front end started anew while its back end was gone: a kept device starts anew as well. */
static void test_both_end_kept(void **unused) {
  (void)unused;
  is_ok(ask_bytes(4, XS_WRITE, 0, FRONT_STATE "\0004"));
  store_domain_ended(&store, 3);
  store_domain_ended(&store, 4);
  restart(4);
  is_error(ask_text(4, XS_READ, 0, FRONT_STATE), "ENOENT");
  restart(3);
  is_text(ask_text(3, XS_READ, 0, FRONT_STATE), "1");
  is_text(ask_text(4, XS_READ, 0, BACK_STATE), "1");
}

/* Both have ended: the device is back when both are. */
static void test_both_end(void **unused) {
  (void)unused;
  store_domain_ended(&store, 1);
  store_domain_ended(&store, 2);
  restart(2);
  is_error(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "ENOENT");
  restart(1);
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
  is_text(ask_text(2, XS_READ, 0, "backend/vif/1/0/state"), "1");
}

/* Many lives cost nothing that stays. */
static void test_many_lives(void **unused) {
  (void)unused;
  size_t bytes = peers[1].client->account.bytes;
  for (unsigned i = 0; i < 500; i++) {
    (void)start(1);
    is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t\0"));
    is_ok(ask_bytes(1, XS_WRITE, 0, "data/x\0v"));
    store_domain_ended(&store, 1);
    restart(1);
    is_text(ask_text(1, XS_READ, 0, "name"), "one");
    peers[1].event_count = 0;
  }
  assert_int_equal(peers[1].client->account.bytes, bytes);
}

static void test_unknown_ends(void **unused) {
  (void)unused;
  store_domain_ended(&store, 77);
  is_text(ask_text(1, XS_READ, 0, "name"), "one");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_load),
      cmocka_unit_test(test_load_bad),
      cmocka_unit_test(test_load_random),
      TEST(front_ends),
      TEST(front_ends_unseen),
      TEST(programs_look),
      TEST(unseen_ends),
      TEST(back_ends),
      TEST(back_ends_kept),
      TEST(both_end),
      TEST(both_end_kept),
      TEST(many_lives),
      TEST(unknown_ends),
  };

  return cmocka_run_group_tests_name("services_store_life", tests, NULL, NULL);
}
