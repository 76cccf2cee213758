/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations compared with a model: a flat list of paths that knows no transactions. One
 * that commits must have been given, answer for answer, what its requests would have got one after
 * the other at the moment of the commit; one that is refused must have met a change to something
 * that it named.
 */
#include "store_world.h"

#define ENTRIES 256u
#define TEXT    64u
#define LOG     64u
#define OPS     1000u
#define RUNS    20u

struct entry {
  char path[TEXT], value[TEXT];
  uint16_t owner;
  char everybody; /* n, r, w, b; the model's nodes have one entry, the owner's */
};

static struct entry entries[ENTRIES];
static unsigned entry_count;

static struct entry *model_find(const char *path) {
  for (unsigned i = 0; i < entry_count; i++)
    if (!strcmp(entries[i].path, path))
      return &entries[i];
  return NULL;
}

static bool below(const char *path, const char *top) {
  size_t size = strlen(top);
  return !strncmp(path, top, size) && (!path[size] || path[size] == '/');
}

static bool model_may(const struct entry *e, unsigned domid, char letter) {
  return e->owner == domid || e->everybody == 'b' || e->everybody == letter;
}

/* --- Requests ------------------------------------------------------------------------------------
 */

struct op {
  uint32_t type;
  char path[TEXT];
  char value[TEXT]; /* of WRITE; the permission of SET_PERMS */
  char answer[256];
  size_t size;
  char top[TEXT]; /* the highest place that it changes: what it makes may start above `path` */
};

static void parent_of(const char *path, char *parent) {
  memmove(parent, path, strlen(path) + 1);
  *strrchr(parent, '/') = 0;
}

/* The error of looking at a path that is missing, by the nearest one that is not. */
static const char *model_missing(const char *path, unsigned domid, char letter) {
  char above[TEXT];
  parent_of(path, above);
  while (!model_find(above))
    parent_of(above, above);
  return model_may(model_find(above), domid, letter) ? "ENOENT" : "EACCES";
}

static void model_add(const char *path, const char *value, unsigned domid) {
  char above[TEXT];
  parent_of(path, above);
  if (!model_find(above))
    model_add(above, "", domid);
  struct entry *e = &entries[entry_count++];
  assert_true(entry_count < ENTRIES);
  *e = (struct entry){.owner = (uint16_t)domid, .everybody = model_find(above)->everybody};
  strcpy(e->path, path);
  strcpy(e->value, value);
}

static void model_remove(const char *path) {
  for (unsigned i = 0; i < entry_count;)
    if (below(entries[i].path, path))
      entries[i] = entries[--entry_count];
    else
      i++;
}

static int by_text(const void *a, const void *b) {
  return strcmp(a, b);
}

static size_t model_list(const char *path, char *to) {
  char names[ENTRIES][TEXT], above[TEXT];
  unsigned count = 0;
  size_t size = 0;
  for (unsigned i = 0; i < entry_count; i++) {
    parent_of(entries[i].path, above);
    if (!strcmp(above, path))
      strcpy(names[count++], strrchr(entries[i].path, '/') + 1);
  }
  qsort(names, count, TEXT, by_text);
  for (unsigned i = 0; i < count; i++) {
    strcpy(to + size, names[i]);
    size += strlen(names[i]) + 1;
  }
  return size;
}

static size_t text(char *to, const char *from) {
  strcpy(to, from);
  return strlen(from) + 1;
}

/* What changes; the caller has seen that it may. */
static size_t model_change(const struct op *op, unsigned domid, struct entry *e, char *to) {
  if (op->type == XS_RM)
    model_remove(op->path);
  else if (!e)
    model_add(op->path, op->type == XS_WRITE ? op->value : "", domid);
  else if (op->type == XS_WRITE)
    strcpy(e->value, op->value);
  else if (op->type == XS_SET_PERMS)
    e->everybody = op->value[0];
  return text(to, "OK");
}

/* The answer to the request, which changes the model. */
static size_t model_ask(const struct op *op, unsigned domid, char *to) {
  struct entry *e = model_find(op->path);
  bool reads = op->type == XS_READ || op->type == XS_DIRECTORY || op->type == XS_GET_PERMS;
  bool makes = op->type == XS_WRITE || op->type == XS_MKDIR;
  char letter = reads ? 'r' : 'w', above[TEXT];
  if (!e) {
    const char *error = model_missing(op->path, domid, letter);
    parent_of(op->path, above);
    bool fine = makes || (op->type == XS_RM && model_find(above));
    if (strcmp(error, "ENOENT") || !fine)
      return text(to, error);
    return op->type == XS_RM ? text(to, "OK") : model_change(op, domid, NULL, to);
  }
  if (!model_may(e, domid, letter) || (op->type == XS_SET_PERMS && e->owner != domid))
    return text(to, "EACCES");
  if (op->type == XS_DIRECTORY)
    return model_list(op->path, to);
  if (op->type == XS_GET_PERMS)
    return (size_t)sprintf(to, "%c%u", e->everybody, e->owner) + 1;
  if (op->type != XS_READ)
    return model_change(op, domid, e, to);
  memcpy(to, e->value, strlen(e->value));
  return strlen(e->value);
}

static void random_op(struct op *op, unsigned domid) {
  static const uint32_t types[] = {XS_READ, XS_WRITE, XS_WRITE,     XS_MKDIR,
                                   XS_RM,   XS_WRITE, XS_DIRECTORY, XS_GET_PERMS,
                                   XS_READ, XS_READ,  XS_SET_PERMS};
  *op = (struct op){.type = types[rnd(sizeof(types) / sizeof(*types))]};
  strcpy(op->path, "/shared");
  for (unsigned depth = 1 + rnd(4); depth; depth--)
    sprintf(op->path + strlen(op->path), "/%c", "abc"[rnd(3)]);
  if (op->type == XS_SET_PERMS)
    sprintf(op->value, "%c%u", "nrwb"[rnd(4)], domid);
  else
    sprintf(op->value, "v%u", rnd(1000));
}

static void engine_ask(struct op *op, unsigned domid, uint32_t tx) {
  char request[2 * TEXT];
  size_t size = text(request, op->path);
  if (op->type == XS_WRITE || op->type == XS_SET_PERMS)
    size += text(request + size, op->value) - (op->type == XS_WRITE);
  const struct answer *a = ask(domid, op->type, tx, request, size);
  assert_true(a->header.len <= sizeof(op->answer));
  op->size = a->header.len;
  memcpy(op->answer, a->data, op->size);
}

static void find_top(struct op *op) {
  char above[TEXT];
  strcpy(op->top, op->path);
  for (parent_of(op->path, above); !model_find(above); parent_of(above, above))
    strcpy(op->top, above);
}

static void compare(struct op *op, unsigned domid) {
  char expected[256];
  find_top(op);
  size_t size = model_ask(op, domid, expected);
  if (size == op->size && !memcmp(expected, op->answer, size))
    return;
  fail_msg("domain %u, request %u of %s (%s): \"%.*s\", not \"%.*s\"", domid, op->type, op->path,
           op->value, (int)op->size, op->answer, (int)size, expected);
}

/* --- Transactions
 * ----------------------------------------------------------------------------------- */

struct log {
  uint32_t tx; /* 0: none is open */
  unsigned count;
  struct op ops[LOG];
  bool disturbed; /* somebody else changed something that an op's answer may depend on */
};

static struct log logs[CLIENTS + 1];
static unsigned committed, refused;

static bool changes(const struct op *op) {
  return op->size == 3 && !memcmp(op->answer, "OK", 3) && op->type != XS_READ &&
         op->type != XS_DIRECTORY;
}

static void disturb(const struct op *op, unsigned domid) {
  for (unsigned c = 1; c < CLIENTS; c++)
    for (unsigned i = 0; c != domid && changes(op) && i < logs[c].count; i++)
      if (below(op->top, logs[c].ops[i].path) || below(logs[c].ops[i].path, op->top))
        logs[c].disturbed = true;
}

static void finish(unsigned domid, bool commit) {
  struct log *l = &logs[domid];
  const struct answer *a = end(domid, l->tx, commit ? "T" : "F");
  bool again = !strcmp(a->data, "EAGAIN");
  if (again)
    assert_true(commit && l->disturbed);
  else
    is_ok(a);
  for (unsigned i = 0; commit && !again && i < l->count; i++) {
    compare(&l->ops[i], domid);
    disturb(&l->ops[i], domid);
  }
  committed += commit && !again;
  refused += again;
  *l = (struct log){0};
}

static void step(unsigned domid) {
  struct log *l = &logs[domid];
  struct op op;
  if (l->tx && (l->count == LOG || !rnd(12))) {
    finish(domid, rnd(8));
    return;
  }
  if (!l->tx && !rnd(15)) {
    l->tx = start(domid);
    return;
  }
  random_op(&op, domid);
  uint32_t tx = rnd(4) ? l->tx : 0; /* now and then beside it */
  engine_ask(&op, domid, tx);
  if (tx) {
    l->ops[l->count++] = op;
    return;
  }
  compare(&op, domid);
  disturb(&op, 0);
}

/* --- Runs
 * -----------------------------------------------------------------------------------------------
 */

static unsigned compare_trees(const struct node *n) {
  struct path p;
  unsigned count = 1;
  node_path(n, &p);
  struct entry *e = model_find(p.text);
  if (!e)
    fail_msg("%s should not be there", p.text);
  assert_int_equal(n->size, strlen(e->value));
  assert_memory_equal(n->size ? n->value : "", e->value, n->size);
  assert_int_equal(n->perms.entry[0].domid, e->owner);
  assert_int_equal(n->perms.entry[0].access, strchr("nrwb", e->everybody) - "nrwb");
  for (unsigned i = 0; i < n->count; i++)
    count += compare_trees(n->children[i]);
  return count;
}

static void run(bool ends) {
  world_start(&store_quota_default, false);
  if (ends)
    world_keep(64 << 10);
  memset(logs, 0, sizeof(logs));
  entries[0] = (struct entry){.path = "/shared", .everybody = 'b'};
  entry_count = 1;
  for (unsigned i = 0; i < OPS; i++) {
    if (ends && until_end < 0)
      until_end = rnd(40);
    step(1 + rnd(CLIENTS - 1));
  }
  for (unsigned c = 1; c < CLIENTS; c++)
    if (logs[c].tx)
      finish(c, true);
  struct node *shared = node_child(&store, store.root, (struct name){"shared", 6});
  assert_int_equal(compare_trees(shared), entry_count);
  world_end();
}

static void test_model(void **unused) {
  (void)unused;
  for (unsigned i = 0; i < RUNS; i++)
    run(false);
  print_message("%u operations, %u transactions committed, %u refused\n", RUNS * OPS, committed,
                refused);
  assert_true(committed > 10 * RUNS && refused > RUNS);
}

/* The same while the store ends again and again, anywhere between two records: each request is
 * answered once, and what was promised holds. */
static void test_model_restarts(void **unused) {
  (void)unused;
  committed = refused = restarts = 0;
  for (unsigned i = 0; i < RUNS / 2; i++)
    run(true);
  print_message("%u restarts, %u transactions committed, %u refused\n", restarts, committed,
                refused);
  assert_true(committed > 5 * RUNS && refused > RUNS / 2 && restarts > 10 * RUNS);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_model),
                                     cmocka_unit_test(test_model_restarts)};

  return cmocka_run_group_tests_name("services_store_model", tests, NULL, NULL);
}
