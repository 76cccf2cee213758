/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of the store and every error that it has, by messages on a ring. */
#include "store_world.h"

static int setup(void **unused) {
  (void)unused;
  world_start(&store_quota_default, true);
  return 0;
}

static int teardown(void **unused) {
  (void)unused;
  world_end();
  return 0;
}

/* --- Nodes -------------------------------------------------------------------------------------
 */

static void test_read_write(void **unused) {
  (void)unused;
  is_text(ask_text(1, XS_READ, 0, "/local/domain/1/name"), "one");
  is_text(ask_text(1, XS_READ, 0, "name"), "one");
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a/b\0v\0w"));
  is_text(ask_text(1, XS_READ, 0, "data/a/b"), "v\0w");
  is_text(ask_text(1, XS_READ, 0, "data/a"), "");
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a/b\0"));
  is_text(ask_text(1, XS_READ, 0, "data/a/b"), "");
  is_error(ask_text(1, XS_READ, 0, "data/none"), "ENOENT");
  is_error(ask_text(1, XS_READ, 0, "data/none/more"), "ENOENT");
  is_error(ask_text(1, XS_READ, 0, "/secret"), "EACCES");
  is_error(ask_text(1, XS_READ, 0, "/secret/none"), "EACCES");
  is_error(ask_text(1, XS_READ, 0, "/none"), "EACCES");
  is_error(ask_bytes(1, XS_WRITE, 0, "name\0me"), "EACCES");
  is_error(ask_bytes(1, XS_WRITE, 0, "/secret/x\0me"), "EACCES");
  is_text(ask_text(4, XS_READ, 0, "/secret"), "hidden");
}

static void test_mkdir_rm(void **unused) {
  (void)unused;
  is_ok(ask_text(1, XS_MKDIR, 0, "data/a/b/c"));
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a/b\0value"));
  is_ok(ask_text(1, XS_MKDIR, 0, "data/a/b"));
  is_text(ask_text(1, XS_READ, 0, "data/a/b"), "value");
  is_ok(ask_text(1, XS_RM, 0, "data/a"));
  is_error(ask_text(1, XS_READ, 0, "data/a/b/c"), "ENOENT");
  is_ok(ask_text(1, XS_RM, 0, "data/a"));
  is_error(ask_text(1, XS_RM, 0, "data/a/b"), "ENOENT");
  is_error(ask_text(1, XS_RM, 0, "name"), "EACCES");
  is_error(ask_text(4, XS_RM, 0, "/"), "EINVAL");
  is_error(ask_text(1, XS_MKDIR, 0, "/secret/a"), "EACCES");
}

static void test_directory(void **unused) {
  (void)unused;
  is_text(ask_text(1, XS_DIRECTORY, 0, "data"), "");
  is_ok(ask_text(1, XS_MKDIR, 0, "data/b"));
  is_ok(ask_text(1, XS_MKDIR, 0, "data/bb"));
  is_ok(ask_text(1, XS_MKDIR, 0, "data/a"));
  is_text(ask_text(1, XS_DIRECTORY, 0, "data"), "a\0b\0bb\0");
  is_ok(ask_text(1, XS_RM, 0, "data/b"));
  is_text(ask_text(1, XS_DIRECTORY, 0, "data"), "a\0bb\0");
  is_error(ask_text(1, XS_DIRECTORY, 0, "/"), "EACCES");
  is_error(ask_text(1, XS_DIRECTORY, 0, "data/none"), "ENOENT");
}

/* A list that one message cannot hold comes in parts, which make up the whole. */
static void test_directory_part(void **unused) {
  char path[128], request[160], seen[200] = {0};
  unsigned parts = 0, offset = 0, found = 0;
  (void)unused;
  for (unsigned i = 0; i < 200; i++) {
    snprintf(path, sizeof(path), "data/%03u-%080u", i, 0);
    is_ok(ask_text(1, XS_MKDIR, 0, path));
  }
  is_error(ask_text(1, XS_DIRECTORY, 0, "data"), "E2BIG");
  for (bool last = false; !last; parts++) {
    int size = snprintf(request, sizeof(request), "data%c%u", 0, offset);
    const struct answer *a = ask(1, XS_DIRECTORY_PART, 0, request, (size_t)size + 1);
    assert_int_equal(a->header.type, XS_DIRECTORY_PART);
    for (size_t at = strlen(a->data) + 1; at < a->header.len; at += strlen(a->data + at) + 1) {
      last = !a->data[at];
      offset += (unsigned)strlen(a->data + at) + 1;
      if (!last)
        found += !seen[strtoul(a->data + at, NULL, 10)]++;
    }
  }
  assert_int_equal(found, 200);
  assert_true(parts > 4);
  is_error(ask_bytes(1, XS_DIRECTORY_PART, 0, "data\0x\0"), "EINVAL");
  is_error(ask_bytes(1, XS_DIRECTORY_PART, 0, "data\0"), "EINVAL");
}

/* The number in front changes with the list, and only then. */
static void test_directory_generation(void **unused) {
  char first[32];
  (void)unused;
  strcpy(first, ask_bytes(1, XS_DIRECTORY_PART, 0, "data\0000\0")->data);
  is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/x\0y"));
  assert_string_equal(ask_bytes(1, XS_DIRECTORY_PART, 0, "data\0000\0")->data, first);
  is_ok(ask_text(1, XS_MKDIR, 0, "data/a"));
  assert_string_not_equal(ask_bytes(1, XS_DIRECTORY_PART, 0, "data\0000\0")->data, first);
}

static void test_paths(void **unused) {
  static const char *const bad[] = {"",    "//",     "/a/",      "data/", "data//a",
                                    "a b", "/a\x7f", "@nothing", "/a.b"};
  char text[4000];
  (void)unused;
  for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
    is_error(ask_text(1, XS_READ, 0, bad[i]), "EINVAL");
  memset(text, 'a', sizeof(text));
  memcpy(text, "/shared/", 8);
  text[XENSTORE_ABS_PATH_MAX] = 0;
  is_ok(ask_text(1, XS_MKDIR, 0, text));
  text[XENSTORE_ABS_PATH_MAX] = 'a';
  text[XENSTORE_ABS_PATH_MAX + 1] = 0;
  is_error(ask_text(1, XS_MKDIR, 0, text), "EINVAL");
  memcpy(text, "data/aaa", 8);
  text[XENSTORE_REL_PATH_MAX + 1] = 0;
  is_error(ask_text(1, XS_MKDIR, 0, text), "EINVAL");
  text[XENSTORE_REL_PATH_MAX] = 0;
  is_ok(ask_text(1, XS_MKDIR, 0, text));
  is_ok(ask_text(1, XS_MKDIR, 0, "/shared/aZ09-_@"));
}

static void test_depth(void **unused) {
  char text[4 * DEPTH_MAX] = "/shared";
  (void)unused;
  for (unsigned i = 1; i < DEPTH_MAX; i++)
    strcat(text, "/d");
  is_ok(ask_text(1, XS_MKDIR, 0, text));
  strcat(text, "/d");
  is_error(ask_text(1, XS_MKDIR, 0, text), "ENOSPC");
  is_error(ask_text(1, XS_READ, 0, text), "ENOENT");
}

/* --- Permissions ---------------------------------------------------------------------------------
 */

static void test_perms(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a\0v"));
  is_text(ask_text(1, XS_GET_PERMS, 0, "data/a"), "n1\0");
  is_error(ask_text(2, XS_READ, 0, "/local/domain/1/data/a"), "EACCES");
  is_ok(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0n1\0r2\0w3\0"));
  is_text(ask_text(1, XS_GET_PERMS, 0, "data/a"), "n1\0r2\0w3\0");
  is_text(ask_text(2, XS_READ, 0, "/local/domain/1/data/a"), "v");
  is_error(ask_bytes(2, XS_WRITE, 0, "/local/domain/1/data/a\0w"), "EACCES");
  is_error(ask_text(3, XS_READ, 0, "/local/domain/1/data/a"), "EACCES");
  is_error(ask_text(3, XS_GET_PERMS, 0, "/local/domain/1/data/a"), "EACCES");
  is_ok(ask_bytes(3, XS_WRITE, 0, "/local/domain/1/data/a\0three"));
  is_ok(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0b1\0n2\0"));
  is_text(ask_text(3, XS_READ, 0, "/local/domain/1/data/a"), "three");
  is_error(ask_text(2, XS_READ, 0, "/local/domain/1/data/a"), "EACCES");
}

static void test_perms_refused(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a\0v"));
  is_ok(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0b1\0"));
  is_error(ask_bytes(2, XS_SET_PERMS, 0, "/local/domain/1/data/a\0b2\0"), "EACCES");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0b2\0"), "EPERM");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/none\0b1\0"), "ENOENT");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0"), "EINVAL");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0x1\0"), "EINVAL");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0r\0"), "EINVAL");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0r1"), "EINVAL");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0r65536\0"), "EINVAL");
  is_error(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0n1\0n2\0n3\0n4\0n5\0n6\0n7\0n8\0n9\0"), "ENOSPC");
  is_text(ask_text(1, XS_GET_PERMS, 0, "data/a"), "b1\0");
  is_ok(ask_bytes(4, XS_SET_PERMS, 0, "/local/domain/1/data/a\0b2\0"));
}

/* What a domain makes is its own, with the rest of the permissions from above. */
static void test_inherit(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "/shared/a/b\0v"));
  is_text(ask_text(2, XS_GET_PERMS, 0, "/shared/a"), "b1\0");
  is_text(ask_text(2, XS_GET_PERMS, 0, "/shared/a/b"), "b1\0");
  is_ok(ask_bytes(4, XS_WRITE, 0, "/shared/a/c\0v"));
  is_text(ask_text(2, XS_GET_PERMS, 0, "/shared/a/c"), "b1\0");
}

static void test_target(void **unused) {
  (void)unused;
  is_error(ask_text(3, XS_READ, 0, "/local/domain/1/data"), "EACCES");
  is_error(ask_bytes(3, XS_SET_TARGET, 0, "3\0001\0"), "EACCES");
  is_error(ask_bytes(4, XS_SET_TARGET, 0, "3\0009\0"), "ENOENT");
  is_ok(ask_bytes(4, XS_SET_TARGET, 0, "3\0001\0"));
  is_text(ask_text(3, XS_READ, 0, "/local/domain/1/data"), "");
  is_ok(ask_bytes(3, XS_SET_PERMS, 0, "/local/domain/1/data\0r1\0"));
}

/* --- Watches
 * --------------------------------------------------------------------------------------- */

static void test_watch(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WATCH, 0, "/shared/a\0t\0"));
  told(1, "/shared/a|t");
  is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/a/b\0v"));
  told(1, "/shared/a|t", "/shared/a/b|t");
  is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/ab\0v"));
  is_ok(ask_text(2, XS_MKDIR, 0, "/shared/a/b"));
  told_nothing(1);
  is_ok(ask_bytes(2, XS_SET_PERMS, 0, "/shared/a/b\0b2\0n3\0"));
  told(1, "/shared/a/b|t");
  is_ok(ask_text(2, XS_RM, 0, "/shared/a/b"));
  told(1, "/shared/a/b|t");
  is_ok(ask_bytes(1, XS_UNWATCH, 0, "/shared/a\0t\0"));
  is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/a/b\0v"));
  told_nothing(1);
}

static void test_watch_errors(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t\0"));
  is_error(ask_bytes(1, XS_WATCH, 0, "data\0t\0"), "EEXIST");
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0u\0"));
  is_error(ask_bytes(1, XS_WATCH, 0, "data\0t"), "EINVAL");
  is_error(ask_bytes(1, XS_WATCH, 0, "data//\0t\0"), "EINVAL");
  is_error(ask_bytes(1, XS_WATCH, 0, "data\0v\0x\0"), "EINVAL");
  is_error(ask_bytes(1, XS_UNWATCH, 0, "data\0v\0"), "ENOENT");
  is_error(ask_bytes(1, XS_UNWATCH, 0, "data/a\0t\0"), "ENOENT");
  is_error(ask_bytes(1, XS_UNWATCH, 0, "data\0"), "EINVAL");
  is_error(ask_bytes(2, XS_UNWATCH, 0, "/local/domain/1/data\0t\0"), "ENOENT");
  is_ok(ask_bytes(1, XS_UNWATCH, 0, "data\0t\0"));
}

/* A watch that was named relative to home is told so. */
static void test_watch_relative(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t\0"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "/local/domain/1/data\0u\0"));
  told(1, "data|t", "/local/domain/1/data|u");
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/x\0v"));
  told(1, "/local/domain/1/data/x|u", "data/x|t");
}

static void test_watch_depth(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0zero\0000\0"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0one\0001\0"));
  told(1, "data|zero", "data|one");
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/x/y\0v"));
  told(1, "data/x|one");
  is_ok(ask_bytes(1, XS_WRITE, 0, "data\0v"));
  told(1, "data|one", "data|zero");
  is_ok(ask_bytes(4, XS_WATCH, 0, "/\0root\0002\0"));
  told(4, "/|root");
  is_ok(ask_bytes(4, XS_WRITE, 0, "/shared/x/y\0v"));
  told(4, "/shared/x|root");
}

/* Removing what stands above a watch tells it of its own path, if that was there. */
static void test_watch_above(void **unused) {
  (void)unused;
  is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/a/b/c\0v"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "/shared/a/b/c\0c\0"));
  is_ok(ask_bytes(1, XS_WATCH, 0, "/shared/a/b/none\0n\0"));
  told(1, "/shared/a/b/c|c", "/shared/a/b/none|n");
  is_ok(ask_text(2, XS_RM, 0, "/shared/a"));
  told(1, "/shared/a/b/c|c");
}

/* Nobody hears of what he may not read. */
static void test_watch_permissions(void **unused) {
  (void)unused;
  is_ok(ask_bytes(2, XS_WATCH, 0, "/local/domain/1\0t\0"));
  told(2, "/local/domain/1|t");
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a\0v"));
  told_nothing(2);
  is_ok(ask_bytes(1, XS_WRITE, 0, "device/vif/0/state\0004"));
  told(2, "/local/domain/1/device/vif/0/state|t");
  is_ok(ask_text(1, XS_RM, 0, "data/a"));
  told_nothing(2);
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a\0v"));
  is_ok(ask_bytes(1, XS_SET_PERMS, 0, "data/a\0n1\0r2\0"));
  told(2, "/local/domain/1/data/a|t");
  is_ok(ask_text(1, XS_RM, 0, "data/a"));
  told(2, "/local/domain/1/data/a|t");
}

static void test_reset_watches(void **unused) {
  (void)unused;
  uint32_t tx = start(1);
  is_ok(ask_bytes(1, XS_WATCH, 0, "data\0t\0"));
  is_ok(ask_bytes(1, XS_RESET_WATCHES, 0, "\0"));
  is_error(ask_bytes(1, XS_UNWATCH, 0, "data\0t\0"), "ENOENT");
  is_error(end(1, tx, "T"), "ENOENT");
}

/* --- Transactions
 * -------------------------------------------------------------------------------------- */

static void test_transaction(void **unused) {
  (void)unused;
  uint32_t tx = start(1);
  is_ok(ask_bytes(2, XS_WATCH, 0, "/shared\0t\0"));
  told(2, "/shared|t");
  is_ok(ask_bytes(1, XS_WRITE, tx, "/shared/a\0v"));
  is_text(ask_text(1, XS_READ, tx, "/shared/a"), "v");
  is_error(ask_text(1, XS_READ, 0, "/shared/a"), "ENOENT");
  is_text(ask_text(1, XS_DIRECTORY, tx, "/shared"), "a\0");
  is_text(ask_text(1, XS_DIRECTORY, 0, "/shared"), "");
  told_nothing(2);
  is_ok(end(1, tx, "T"));
  told(2, "/shared/a|t");
  is_text(ask_text(2, XS_READ, 0, "/shared/a"), "v");
  is_error(end(1, tx, "T"), "ENOENT");
}

static void test_transaction_abort(void **unused) {
  (void)unused;
  uint32_t tx = start(1);
  is_ok(ask_bytes(1, XS_WRITE, tx, "data/a\0v"));
  is_ok(ask_text(1, XS_RM, tx, "device/vif/0"));
  is_error(ask_text(1, XS_READ, tx, "device/vif/0/state"), "ENOENT");
  is_ok(end(1, tx, "F"));
  is_text(ask_text(1, XS_DIRECTORY, 0, "data"), "");
  is_text(ask_text(1, XS_READ, 0, "device/vif/0/state"), "1");
}

static void test_transaction_errors(void **unused) {
  (void)unused;
  uint32_t tx = start(1);
  is_error(ask_bytes(1, XS_TRANSACTION_START, tx, "\0"), "EBUSY");
  is_error(ask_bytes(1, XS_TRANSACTION_END, tx, "X\0"), "EINVAL");
  is_error(ask_bytes(1, XS_TRANSACTION_END, tx, "T"), "EINVAL");
  is_error(ask_bytes(1, XS_TRANSACTION_END, 0, "T\0"), "ENOENT");
  is_error(ask_text(1, XS_READ, tx + 1, "data"), "ENOENT");
  is_error(ask_text(2, XS_READ, tx, "/shared"), "ENOENT");
  is_ok(end(1, tx, "T"));
}

/* Whatever an answer depended on and somebody else changed meanwhile is a conflict. */
static void test_conflicts(void **unused) {
  static const struct {
    uint32_t mine;
    const char *path;
    uint32_t other;
    const char *changed;
    bool conflict;
  } cases[] = {
      {XS_READ, "/shared/a", XS_WRITE, "/shared/a", true},
      {XS_READ, "/shared/a", XS_WRITE, "/shared/a/b", false},
      {XS_READ, "/shared/a", XS_WRITE, "/shared/c", false},
      {XS_READ, "/shared/a", XS_RM, "/shared/a", true},
      {XS_READ, "/shared/none", XS_WRITE, "/shared/none", true},
      {XS_READ, "/shared/none", XS_WRITE, "/shared/none2", false},
      {XS_READ, "/shared/none/more", XS_WRITE, "/shared/none", true},
      {XS_DIRECTORY, "/shared/a", XS_WRITE, "/shared/a/b", true},
      {XS_DIRECTORY, "/shared/a", XS_WRITE, "/shared/a/there", false},
      {XS_DIRECTORY, "/shared/a", XS_RM, "/shared/a/there", true},
      {XS_WRITE, "/shared/a", XS_WRITE, "/shared/a", true},
      {XS_WRITE, "/shared/a/new", XS_WRITE, "/shared/a/new2", false},
      {XS_WRITE, "/shared/a/new", XS_RM, "/shared/a", true},
      {XS_RM, "/shared/a", XS_WRITE, "/shared/a", true},
      {XS_GET_PERMS, "/shared/a", XS_SET_PERMS, "/shared/a", true},
      {XS_WRITE, "/shared/a/new", XS_SET_PERMS, "/shared/a", true},
  };
  (void)unused;
  for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    char request[64];
    size_t size = (size_t)snprintf(request, sizeof(request), "%s%cb2", cases[i].changed, 0);
    is_ok(ask_bytes(2, XS_WRITE, 0, "/shared/a/there\0v"));
    uint32_t tx = start(1);
    (void)ask_text(1, cases[i].mine, tx, cases[i].path);
    if (cases[i].other == XS_RM)
      size = strlen(request);
    is_ok(ask(2, cases[i].other, 0, request, size + 1));
    const struct answer *a = end(1, tx, "T");
    if (cases[i].conflict != !strcmp(a->data, "EAGAIN"))
      fail_msg("case %u: %s", i, a->data);
    is_ok(ask_text(4, XS_RM, 0, "/shared/a"));
    is_ok(ask_text(4, XS_RM, 0, "/shared/none"));
    is_ok(ask_text(4, XS_RM, 0, "/shared/none2"));
  }
}

/* What a transaction sees of its own changes. */
static void test_transaction_view(void **unused) {
  (void)unused;
  is_ok(ask_bytes(1, XS_WRITE, 0, "data/a/b\0old"));
  uint32_t tx = start(1);
  is_ok(ask_text(1, XS_RM, tx, "data/a"));
  is_text(ask_text(1, XS_DIRECTORY, tx, "data"), "");
  is_ok(ask_bytes(1, XS_WRITE, tx, "data/a/c\0new"));
  is_error(ask_text(1, XS_READ, tx, "data/a/b"), "ENOENT");
  is_text(ask_text(1, XS_DIRECTORY, tx, "data/a"), "c\0");
  is_ok(ask_bytes(1, XS_SET_PERMS, tx, "data/a/c\0r1\0"));
  is_text(ask_text(1, XS_GET_PERMS, tx, "data/a/c"), "r1\0");
  is_text(ask_text(1, XS_READ, tx, "data/a/c"), "new");
  is_ok(end(1, tx, "T"));
  is_text(ask_text(1, XS_DIRECTORY, 0, "data/a"), "c\0");
  is_text(ask_text(2, XS_READ, 0, "/local/domain/1/data/a/c"), "new");
}

/* --- Domains
 * --------------------------------------------------------------------------------------------- */

static void test_domain_path(void **unused) {
  (void)unused;
  is_text(ask_text(1, XS_GET_DOMAIN_PATH, 0, "007"), "/local/domain/7\0");
  is_error(ask_text(1, XS_GET_DOMAIN_PATH, 0, "x"), "EINVAL");
  is_error(ask_text(1, XS_GET_DOMAIN_PATH, 0, "65536"), "EINVAL");
  is_error(ask_bytes(1, XS_GET_DOMAIN_PATH, 0, "7"), "EINVAL");
}

static void test_privilege(void **unused) {
  static const uint32_t types[] = {
      XS_CONTROL, XS_INTRODUCE, XS_RELEASE, XS_RESUME, XS_IS_DOMAIN_INTRODUCED, XS_SET_TARGET};
  (void)unused;
  for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++)
    is_error(ask_bytes(1, types[i], 0, "3\0001\0001\0"), "EACCES");
  is_error(ask_bytes(4, XS_CONTROL, 0, "help\0"), "ENOSYS");
  is_text(ask_text(4, XS_IS_DOMAIN_INTRODUCED, 0, "1"), "T\0");
  is_text(ask_text(4, XS_IS_DOMAIN_INTRODUCED, 0, "9"), "F\0");
  is_ok(ask_text(4, XS_RESUME, 0, "1"));
  is_error(ask_text(4, XS_RESUME, 0, "9"), "ENOENT");
}

static void test_release(void **unused) {
  (void)unused;
  is_ok(ask_bytes(3, XS_WATCH, 0, "@releaseDomain\0r\0"));
  is_ok(ask_bytes(3, XS_WATCH, 0, "@introduceDomain\0i\0001\0"));
  is_ok(ask_bytes(2, XS_WATCH, 0, "@releaseDomain\0r\0"));
  told(3, "@releaseDomain|r", "@introduceDomain|i");
  told(2, "@releaseDomain|r");
  is_ok(ask_text(4, XS_RELEASE, 0, "1"));
  is_text(ask_text(4, XS_IS_DOMAIN_INTRODUCED, 0, "1"), "F\0");
  told(3, "@releaseDomain|r");
  told_nothing(2);
  is_error(ask_text(4, XS_RELEASE, 0, "4"), "EINVAL");
  is_ok(ask_bytes(4, XS_INTRODUCE, 0, "1\0000\0000\0"));
  told(3, "@introduceDomain/1|i");
  is_error(ask_bytes(4, XS_INTRODUCE, 0, "9\0000\0000\0"), "ENOENT");
  is_error(ask_bytes(4, XS_INTRODUCE, 0, "1\0"), "EINVAL");
  is_text(ask_text(1, XS_READ, 0, "name"), "one");
}

static void test_special_perms(void **unused) {
  (void)unused;
  is_text(ask_text(3, XS_GET_PERMS, 0, "@releaseDomain"), "n0\0r3\0");
  is_error(ask_text(2, XS_GET_PERMS, 0, "@releaseDomain"), "EACCES");
  is_error(ask_bytes(3, XS_SET_PERMS, 0, "@releaseDomain\0b0\0"), "EACCES");
  is_ok(ask_bytes(4, XS_SET_PERMS, 0, "@releaseDomain\0n0\0r2\0"));
  is_text(ask_text(2, XS_GET_PERMS, 0, "@releaseDomain"), "n0\0r2\0");
  is_error(ask_bytes(2, XS_WRITE, 0, "@releaseDomain\0v"), "EINVAL");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(read_write),
      TEST(mkdir_rm),
      TEST(directory),
      TEST(directory_part),
      TEST(directory_generation),
      TEST(paths),
      TEST(depth),
      TEST(perms),
      TEST(perms_refused),
      TEST(inherit),
      TEST(target),
      TEST(watch),
      TEST(watch_errors),
      TEST(watch_relative),
      TEST(watch_depth),
      TEST(watch_above),
      TEST(watch_permissions),
      TEST(reset_watches),
      TEST(transaction),
      TEST(transaction_abort),
      TEST(transaction_errors),
      TEST(conflicts),
      TEST(transaction_view),
      TEST(domain_path),
      TEST(privilege),
      TEST(release),
      TEST(special_perms),
  };

  return cmocka_run_group_tests_name("services_store", tests, NULL, NULL);
}
