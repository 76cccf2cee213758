/* SPDX-License-Identifier: Apache-2.0 */
/* The engine and its clients, for tests. */
#include "store_world.h"

struct store store;
struct peer peers[CLIENTS + 1];
long memory_left = -1;

static const char tree[] = "client\t1\t11\tone\n"
                           "client\t2\t12\ttwo\n"
                           "client\t3\t13\tthree\n"
                           "client\t4\t14\tfour\n"
                           "node\tn0,r1\t/local/domain/1\t\n"
                           "node\tn0,r1\t/local/domain/1/name\tone\n"
                           "node\tn1,r2\t/local/domain/1/device/vif/0\n"
                           "node\tn1,r2\t/local/domain/1/device/vif/0/state\t1\n"
                           "node\tn1,r2\t/local/domain/1/device/vif/0/backend"
                           "\t/local/domain/2/backend/vif/1/0\n"
                           "node\tn1\t/local/domain/1/data\t\n"
                           "node\tn2\t/local/domain/2\t\n"
                           "node\tn2,r1\t/local/domain/2/backend/vif/1/0\t\n"
                           "node\tn2,r1\t/local/domain/2/backend/vif/1/0/state\t1\n"
                           "node\tn3\t/local/domain/3\t\n"
                           "node\tn4\t/local/domain/4\t\n"
                           "node\tn3,r4\t/local/domain/3/backend/vbd/4/0/state\t1\n"
                           "stay\tn4,r3\t/local/domain/4/device/vbd/0\n"
                           "stay\tn4,r3\t/local/domain/4/device/vbd/0/state\t1\n"
                           "stay\tn4,r3\t/local/domain/4/device/vbd/0/backend"
                           "\t/local/domain/3/backend/vbd/4/0\n"
                           "node\tb0\t/shared\t\n"
                           "node\tn0\t/secret\thidden\n"
                           "node\tn0,r3\t@releaseDomain\n"
                           "node\tn0,r3\t@introduceDomain\n";

_Alignas(8) char kept[1 << 20];
static size_t kept_size;
long until_end = -1;
unsigned restarts;
static char world[sizeof(tree) + 32]; /* the text */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool allowed(void) {
  if (memory_left > 0)
    memory_left--;
  return memory_left;
}

void *__wrap_malloc(size_t size) {
  return allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size) {
  return allowed() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *p, size_t size) {
  return allowed() ? __real_realloc(p, size) : NULL;
}

static void load(const char *text) {
  unsigned line;
  assert_int_equal(store_load(&store, text, strlen(text), &line), 0);
  for (unsigned i = 1; i <= CLIENTS; i++)
    peers[i].client = store_client(&store, (uint16_t)i);
}

void world_text(const char *text) {
  load(text);
  for (unsigned i = 1; i <= CLIENTS; i++) {
    struct client *c = peers[i].client;
    memset(&peers[i], 0, sizeof(peers[i]));
    peers[i].client = c;
    /* A ring that has been used before, about to wrap. */
    peers[i].ring.req_prod = peers[i].ring.req_cons = 0u - 100 * i;
    peers[i].ring.rsp_prod = peers[i].ring.rsp_cons = 0u - 50 * i;
    if (peers[i].client)
      store_connect(&store, peers[i].client, &peers[i].ring, 1);
  }
}

void world_start(const struct store_quota *quota, bool privileged) {
  assert_true(store_init(&store, quota));
  snprintf(world, sizeof(world), "%s%s", tree, privileged ? "privileged\t4\n" : "");
  world_text(world);
}

void world_end(void) {
  accounts_hold();
  store_free(&store);
  kept_size = 0;
  until_end = -1;
}

/* --- The store's own end -------------------------------------------------------------------------
 */

void __real_journal_close(struct journal *j);
bool __real_store_turn(struct store *s);
void __wrap_journal_close(struct journal *j);
bool __wrap_store_turn(struct store *s);

/* What others can see of the store at the moment of its end. */
static struct {
  bool taken;
  char kept[sizeof(kept)];
  struct xenstore_domain_interface ring[CLIENTS + 1];
} photo;

static void photo_step(void) {
  if (until_end < 0 || until_end--)
    return;
  photo.taken = true;
  memcpy(photo.kept, kept, kept_size);
  for (unsigned i = 1; i <= CLIENTS; i++)
    photo.ring[i] = peers[i].ring;
}

void __wrap_journal_close(struct journal *j) {
  photo_step();
  __real_journal_close(j);
  photo_step();
}

void world_restart(void) {
  restarts++;
  store_free(&store);
  assert_true(store_init(&store, &store_quota_default));
  load(world);
  assert_int_equal(store_keep(&store, kept, kept_size), STORE_KEPT_ALL);
  for (unsigned i = 1; i <= CLIENTS; i++)
    store_connect(&store, peers[i].client, &peers[i].ring, peers[i].lives + 1);
}

/* The rest of the turn in which the photo was taken has never been. */
bool __wrap_store_turn(struct store *s) {
  bool moved = __real_store_turn(s);
  if (!photo.taken)
    return moved;
  photo.taken = false;
  memcpy(kept, photo.kept, kept_size);
  for (unsigned i = 1; i <= CLIENTS; i++)
    peers[i].ring = photo.ring[i];
  world_restart();
  return true;
}

void world_keep(size_t size) {
  memset(kept, 0, sizeof(kept));
  kept_size = size;
  assert_int_equal(store_keep(&store, kept, size), STORE_KEPT_NEW);
}

void settle(void) {
  for (unsigned turns = 0; store_turn(&store); turns++)
    assert_true(turns < 100000);
}

void ring_send(struct peer *p, const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    p->ring.req[p->ring.req_prod++ % XENSTORE_RING_SIZE] = ((const char *)bytes)[i];
}

size_t ring_take(struct peer *p, void *to, size_t size) {
  size_t n = 0;
  for (; n < size && p->ring.rsp_cons != p->ring.rsp_prod; n++)
    ((char *)to)[n] = p->ring.rsp[p->ring.rsp_cons++ % XENSTORE_RING_SIZE];
  return n;
}

static void take_all(struct peer *p, void *to, size_t size) {
  for (size_t done = 0; done < size;) {
    size_t n = ring_take(p, (char *)to + done, size - done);
    assert_true(n || store_turn(&store));
    done += n;
  }
}

static void take_message(struct peer *p, struct answer *a) {
  take_all(p, &a->header, sizeof(a->header));
  assert_true(a->header.len <= XENSTORE_PAYLOAD_MAX);
  take_all(p, a->data, a->header.len);
  a->data[a->header.len] = 0;
}

static void keep_event(struct peer *p, const struct answer *a) {
  assert_int_equal(a->header.req_id, 0);
  assert_int_equal(a->header.tx_id, 0);
  assert_true(p->event_count < EVENTS_MAX);
  p->events[p->event_count++] = *a;
}

static void send_all(struct peer *p, const char *bytes, size_t size) {
  while (size) {
    size_t room = XENSTORE_RING_SIZE - (p->ring.req_prod - p->ring.req_cons);
    size_t n = size < room ? size : room;
    ring_send(p, bytes, n);
    bytes += n;
    size -= n;
    (void)store_turn(&store);
  }
}

const struct answer *ask(unsigned domid, uint32_t type, uint32_t tx, const void *data,
                         size_t size) {
  static struct answer a;
  static uint32_t id;
  struct peer *p = &peers[domid];
  struct xsd_sockmsg m = {.type = type, .req_id = ++id, .tx_id = tx, .len = (uint32_t)size};
  send_all(p, (char *)&m, sizeof(m));
  send_all(p, data, size);
  for (;;) {
    take_message(p, &a);
    if (a.header.type != XS_WATCH_EVENT)
      break;
    keep_event(p, &a);
  }
  assert_int_equal(a.header.req_id, id);
  assert_int_equal(a.header.tx_id, tx);
  assert_true(a.header.type == type || a.header.type == XS_ERROR);
  return &a;
}

const struct answer *ask_text(unsigned domid, uint32_t type, uint32_t tx, const char *text) {
  return ask(domid, type, tx, text, strlen(text) + 1);
}

void is_error(const struct answer *a, const char *name) {
  if (a->header.type != XS_ERROR)
    fail_msg("answered \"%s\" where %s was due", a->data, name);
  assert_string_equal(a->data, name);
  assert_int_equal(a->header.len, strlen(name) + 1);
}

void is_data(const struct answer *a, const void *data, size_t size) {
  if (a->header.type == XS_ERROR)
    fail_msg("error %s", a->data);
  assert_int_equal(a->header.len, size);
  assert_memory_equal(a->data, data, size);
}

void events_are(unsigned domid, unsigned count, const char *const *expected) {
  struct peer *p = &peers[domid];
  static struct answer a;
  settle();
  while (p->ring.rsp_cons != p->ring.rsp_prod) {
    take_message(p, &a);
    assert_int_equal(a.header.type, XS_WATCH_EVENT);
    keep_event(p, &a);
    settle();
  }
  for (unsigned i = 0; i < p->event_count; i++) {
    char text[XENSTORE_PAYLOAD_MAX + 1];
    const struct answer *e = &p->events[i];
    snprintf(text, sizeof(text), "%s|%s", e->data, e->data + strlen(e->data) + 1);
    if (i >= count)
      fail_msg("one event too many: %s", text);
    assert_string_equal(text, expected[i]);
    assert_int_equal(e->header.len, strlen(text) + 1);
  }
  assert_int_equal(p->event_count, count);
  p->event_count = 0;
}

uint32_t start(unsigned domid) {
  const struct answer *a = ask_bytes(domid, XS_TRANSACTION_START, 0, "\0");
  assert_int_equal(a->header.type, XS_TRANSACTION_START);
  return (uint32_t)strtoul(a->data, NULL, 10);
}

const struct answer *end(unsigned domid, uint32_t tx, const char *how) {
  return ask_text(domid, XS_TRANSACTION_END, tx, how);
}

struct sum {
  size_t nodes, bytes;
};

static void add_up(const struct node *n, struct sum *sums) {
  struct client *c = store_client(&store, n->perms.entry[0].domid);
  struct sum *sum = &sums[c ? c->domid : 0];
  sum->nodes++;
  sum->bytes += node_cost(n);
  for (unsigned i = 0; i < n->count; i++) {
    assert_ptr_equal(n->children[i]->parent, n);
    assert_true(!i || strcmp(n->children[i - 1]->name, n->children[i]->name) < 0);
    add_up(n->children[i], sums);
  }
}

/* The root was there before there were accounts. */
void accounts_hold(void) {
  struct sum sums[CLIENTS + 1] = {0};
  for (unsigned i = 0; i < store.root->count; i++)
    add_up(store.root->children[i], sums);
  for (unsigned i = 0; i < store.client_count; i++) {
    struct client *c = &store.clients[i];
    assert_int_equal(c->account.nodes, sums[c->domid].nodes);
    if (!c->watches && !c->transactions)
      assert_int_equal(c->account.bytes, sums[c->domid].bytes);
    else
      assert_true(c->account.bytes > sums[c->domid].bytes);
  }
}

uint32_t rnd(uint32_t below) {
  static uint64_t state = 0x2545f4914f6cdd1dull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 33) % below;
}
