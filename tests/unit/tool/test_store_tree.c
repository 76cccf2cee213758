/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that a store starts with, against lines written by hand, and what
 * holds for every line of a larger one.
 */
#include "test.h"

#include <stdio.h>

#include "../../../tools/skerry/rules.h"
#include "../../../tools/skerry/store_tree.h"
#include "make_kernel.h"

#define WORK "build/unit/store_tree"

static const char small[] =
    "system: small\n"
    "domains:\n"
    "  - {name: web, kernel: kernels/good.elf, memory: 64MiB}\n"
    "  - {name: idle, kernel: kernels/good.elf, memory: 64MiB}\n"
    "  - {name: drivers, kernel: kernels/good.elf, memory: 64MiB,\n"
    "     on_crash: restart}\n"
    "  - {name: s, kernel: kernels/good.elf, memory: 64MiB, service: store,\n"
    "     keep: 1MiB}\n"
    "channels:\n"
    "  - disk: {front: web, back: drivers, name: xvdq, source: /a b,\n"
    "           read_only: true}\n"
    "  - disk: {front: web, back: drivers, name: xvda, reconnect: true}\n"
    "  - network: {front: web, back: drivers, bridge: br0,\n"
    "              mac: \"02:00:00:00:0A:01\"}\n";

#define W     "/local/domain/1"
#define D     "/local/domain/3"
#define FRONT "node\tn1,r3\t" W "/device/"
#define STAY  "stay\tn1,r3\t" W "/device/"
#define BACK  "node\tn3,r1\t" D "/backend/"

static const char small_tree[] =
    "client\t1\t2\tweb\n"
    "client\t3\t3\tdrivers\n"
    "keep\t983040\t256\n"
    "node\tn0\t/local\t\n"
    "node\tn0\t/local/domain\t\n"
    "node\tn0,r1\t" W "\t\n"
    "node\tn0,r1\t" W "/name\tweb\n"
    "node\tn0,r1\t" W "/domid\t1\n"
    "node\tn0,r1\t" W "/control\t\n"
    "node\tn1\t" W "/control/shutdown\t\n"
    "node\tn1\t" W "/control/feature-poweroff\t\n"
    "node\tn1\t" W "/control/feature-reboot\t\n"
    "node\tn1\t" W "/control/feature-suspend\t\n"
    "node\tn1\t" W "/data\t\n"
    "node\tn1\t" W "/error\t\n"
    "node\tn0,r1\t" W "/cpu\t\n"
    "node\tn0,r1\t" W "/cpu/0\t\n"
    "node\tn0,r1\t" W "/cpu/0/availability\tonline\n"
    "node\tn0,r1\t" W "/device\t\n"
    "node\tn0,r1\t" W "/device/vbd\t\n" FRONT "vbd/268439552\t\n" FRONT "vbd/268439552/backend\t" D
    "/backend/vbd/1/268439552\n" FRONT "vbd/268439552/backend-id\t3\n" FRONT
    "vbd/268439552/virtual-device\t268439552\n" FRONT "vbd/268439552/device-type\tdisk\n" FRONT
    "vbd/268439552/state\t1\n" STAY "vbd/51712\t\n" STAY "vbd/51712/backend\t" D
    "/backend/vbd/1/51712\n" STAY "vbd/51712/backend-id\t3\n" STAY
    "vbd/51712/virtual-device\t51712\n" STAY "vbd/51712/device-type\tdisk\n" STAY
    "vbd/51712/state\t1\n"
    "node\tn0,r1\t" W "/device/vif\t\n" FRONT "vif/0\t\n" FRONT "vif/0/backend\t" D
    "/backend/vif/1/0\n" FRONT "vif/0/backend-id\t3\n" FRONT "vif/0/mac\t02:00:00:00:0a:01\n" FRONT
    "vif/0/handle\t0\n" FRONT "vif/0/state\t1\n"
    "node\tn0,r3\t" D "\t\n"
    "node\tn0,r3\t" D "/name\tdrivers\n"
    "node\tn0,r3\t" D "/domid\t3\n"
    "node\tn0,r3\t" D "/control\t\n"
    "node\tn3\t" D "/control/shutdown\t\n"
    "node\tn3\t" D "/control/feature-poweroff\t\n"
    "node\tn3\t" D "/control/feature-reboot\t\n"
    "node\tn3\t" D "/control/feature-suspend\t\n"
    "node\tn3\t" D "/data\t\n"
    "node\tn3\t" D "/error\t\n"
    "node\tn0,r3\t" D "/cpu\t\n"
    "node\tn0,r3\t" D "/cpu/0\t\n"
    "node\tn0,r3\t" D "/cpu/0/availability\tonline\n"
    "node\tn0,r3\t" D "/device\t\n"
    "node\tn3\t" D "/backend\t\n"
    "node\tn3\t" D "/backend/vbd\t\n" BACK "vbd/1\t\n" BACK "vbd/1/268439552\t\n" BACK
    "vbd/1/268439552/frontend\t" W "/device/vbd/268439552\n" BACK
    "vbd/1/268439552/frontend-id\t1\n" BACK "vbd/1/268439552/online\t1\n" BACK
    "vbd/1/268439552/dev\txvdq\n" BACK "vbd/1/268439552/mode\tr\n" BACK
    "vbd/1/268439552/device-type\tdisk\n" BACK "vbd/1/268439552/removable\t0\n" BACK
    "vbd/1/268439552/params\t/a b\n" BACK "vbd/1/268439552/state\t1\n" BACK "vbd/1/51712\t\n" BACK
    "vbd/1/51712/frontend\t" W "/device/vbd/51712\n" BACK "vbd/1/51712/frontend-id\t1\n" BACK
    "vbd/1/51712/online\t1\n" BACK "vbd/1/51712/dev\txvda\n" BACK "vbd/1/51712/mode\tw\n" BACK
    "vbd/1/51712/device-type\tdisk\n" BACK "vbd/1/51712/removable\t0\n" BACK
    "vbd/1/51712/state\t1\n"
    "node\tn3\t" D "/backend/vif\t\n" BACK "vif/1\t\n" BACK "vif/1/0\t\n" BACK
    "vif/1/0/frontend\t" W "/device/vif/0\n" BACK "vif/1/0/frontend-id\t1\n" BACK
    "vif/1/0/online\t1\n" BACK "vif/1/0/mac\t02:00:00:00:0a:01\n" BACK "vif/1/0/handle\t0\n" BACK
    "vif/1/0/script\tvif-bridge\n" BACK "vif/1/0/bridge\tbr0\n" BACK "vif/1/0/state\t1\n";

/* The tree of the last domain of a file in WORK. */
static void build(const char *path, struct buf *tree) {
  struct yaml y;
  struct system s;
  struct diag d = {0};
  if (rules_load(path, &y, &s, &d))
    fail_msg("%s", buf_text(&d.text));
  store_tree_build(&s, s.count - 1, tree);
  const struct source *ramdisk = s.domains[s.count - 1].ramdisk;
  assert_int_equal(ramdisk->bytes.size, tree->size);
  assert_memory_equal(ramdisk->bytes.data, tree->data, tree->size);
  diag_free(&d);
  system_free(&s);
  yaml_close(&y);
}

static void test_small(void **state) {
  (void)state;
  struct buf tree = {0};
  assert_int_equal(file_write(WORK "/small.yaml", small, sizeof(small) - 1), 0);
  build(WORK "/small.yaml", &tree);
  assert_string_equal(buf_text(&tree), small_tree);
  buf_free(&tree);
}

static int has_path(const char *text, const char *end, const char *path, size_t length) {
  char wanted[256];
  snprintf(wanted, sizeof(wanted), "\t%.*s\t", (int)length, path);
  const char *found = strstr(text, wanted);
  return found && found < end;
}

/* A node comes once, after its parent, in four fields. */
static void test_every_node(void **state) {
  (void)state;
  struct buf text, tree = {0};
  unsigned nodes = 0, clients = 0, keeps = 0;
  assert_int_equal(file_read("tests/manifests/good/everything.yaml", 1 << 20, &text), 0);
  assert_int_equal(file_write(WORK "/everything.yaml", text.data, text.size), 0);
  build(WORK "/everything.yaml", &tree);
  const char *all = buf_text(&tree);
  for (const char *line = all; *line; line = strchr(line, '\n') + 1) {
    char path[256];
    if (sscanf(line, "node\t%*[n0-9,r]\t%255[^\t\n]\t", path) != 1) {
      clients += !memcmp(line, "client\t", 7);
      keeps += !memcmp(line, "keep\t", 5);
      continue;
    }
    const char *last = strrchr(path, '/');
    assert_false(has_path(all, line, path, strlen(path)));
    assert_true(last == path || has_path(all, line, path, (size_t)(last - path)));
    nodes++;
  }
  assert_int_equal(clients, 2);
  assert_int_equal(keeps, 1);
  assert_true(nodes > 60);
  buf_free(&text);
  buf_free(&tree);
}

static int set_up(void **state) {
  (void)state;
  make_example_files(WORK "/kernels");
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small),
      cmocka_unit_test(test_every_node),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
