/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state as records (state.h), in the order in which they are read again: a watch before its
 * events, a node before those below it.
 */
#include "state.h"

enum {
  STATE_STORE = 1,
  STATE_CLIENT,
  STATE_WATCH, /* the last one that was set first: watch_restore puts each before the others */
  STATE_EVENT, /* in the order they wait */
  STATE_TRANSACTION, /* the last one first, as watches */
  STATE_OVER,        /* nodes of the transaction before */
  STATE_NODE,        /* the store's */
  STATE_SPECIAL,     /* @introduceDomain, then @releaseDomain */
  STATE_UNSEEN,      /* the place of a line in `initial` */
  STATE_END,
};

struct state_client {
  uint64_t life;
  uint32_t last_id, req_cons, rsp_prod, in, out;
  uint16_t target;
  uint8_t released, gone, event_next, broken, connected;
};

struct state_watch {
  int64_t levels;
  uint32_t path, token; /* bytes with their zeroes, which follow */
  uint32_t skip, lost;
};

struct state_event {
  uint32_t watch; /* how many of the client's stand before it */
  uint32_t path;
};

struct state_transaction {
  uint64_t bytes;
  uint32_t id, changes;
};

struct state_node {
  uint64_t generation, list_generation;
  uint64_t seen_generation, listed_generation;
  uint32_t depth, name, value; /* name and value follow, without a zero */
  uint8_t written, hides, seen, listed;
  struct perms perms;
};

/* --- Writing
 * --------------------------------------------------------------------------------------- */

struct piece {
  const void *bytes;
  size_t size;
};

static bool put(struct store *s, uint16_t type, uint16_t domid, const struct piece *pieces,
                unsigned count) {
  size_t size = 0;
  for (unsigned i = 0; i < count; i++)
    size += pieces[i].size;
  char *to = journal_room(&s->journal, type, domid, size);
  if (!to)
    return false;
  for (unsigned i = 0; i < count; to += pieces[i++].size)
    if (pieces[i].size)
      memcpy(to, pieces[i].bytes, pieces[i].size);
  journal_close(&s->journal);
  return true;
}

#define PUT(s, type, domid, ...)                                                                   \
  put(s, type, domid, (const struct piece[]){__VA_ARGS__},                                         \
      sizeof((const struct piece[]){__VA_ARGS__}) / sizeof(struct piece))

static bool put_node(struct store *s, uint16_t type, const struct node *n, uint32_t depth) {
  static const struct over none;
  const struct over *o = n->over ? n->over : &none;
  struct state_node k;
  memset(&k, 0, sizeof(k)); /* what lies between the fields is summed too */
  k.generation = n->generation;
  k.list_generation = n->list_generation;
  k.seen_generation = o->seen_generation;
  k.listed_generation = o->listed_generation;
  k.depth = depth;
  k.name = (uint32_t)strlen(n->name);
  k.value = n->size;
  k.written = o->written;
  k.hides = o->hides;
  k.seen = o->seen;
  k.listed = o->listed;
  k.perms.count = n->perms.count;
  memcpy(k.perms.entry, n->perms.entry, n->perms.count * sizeof(k.perms.entry[0]));
  return PUT(s, type, 0, {&k, sizeof(k)}, {n->name, k.name}, {n->value, k.value});
}

static bool put_tree(struct store *s, uint16_t type, const struct node *n, uint32_t depth) {
  bool fits = put_node(s, type, n, depth);
  for (unsigned i = 0; fits && i < n->count; i++)
    fits = put_tree(s, type, n->children[i], depth + 1);
  return fits;
}

static bool put_transactions(struct store *s, uint16_t domid, const struct transaction *t) {
  if (!t)
    return true;
  const struct state_transaction k = {t->bytes, t->id, t->changes};
  return put_transactions(s, domid, t->next) && PUT(s, STATE_TRANSACTION, domid, {&k, sizeof(k)}) &&
         (!t->over || put_tree(s, STATE_OVER, t->over, 0));
}

static const struct watch *watch_at(const struct client *c, unsigned place) {
  const struct watch *w = c->watches;
  while (place--)
    w = w->next;
  return w;
}

static bool put_watches(struct store *s, const struct client *c) {
  bool fits = true;
  for (unsigned i = c->watch_count; fits && i; i--) {
    const struct watch *w = watch_at(c, i - 1);
    const struct state_watch k = {w->levels, (uint32_t)w->size + 1, (uint32_t)strlen(w->token) + 1,
                                  (uint32_t)w->skip, w->lost};
    fits = PUT(s, STATE_WATCH, c->domid, {&k, sizeof(k)}, {w->path, k.path}, {w->token, k.token});
  }
  return fits;
}

static uint32_t watch_place(const struct client *c, const struct watch *watch) {
  uint32_t place = 0;
  for (const struct watch *w = c->watches; w != watch; w = w->next)
    place++;
  return place;
}

static bool put_events(struct store *s, const struct client *c) {
  bool fits = true;
  for (const struct event *e = c->first_event; fits && e; e = e->next) {
    const struct state_event k = {watch_place(c, e->watch), (uint32_t)e->size};
    fits = PUT(s, STATE_EVENT, c->domid, {&k, sizeof(k)}, {e->path, k.path});
  }
  return fits;
}

/* The outgoing message from its start: the ring tells how much of it is there. */
static bool put_client(struct store *s, const struct client *c) {
  struct state_client k;
  memset(&k, 0, sizeof(k));
  k.life = c->life;
  k.last_id = c->last_id;
  k.req_cons = c->req_cons;
  k.rsp_prod = c->rsp_prod - (uint32_t)(c->out.have ? c->out.sent : 0);
  k.in = (uint32_t)c->in.have;
  k.out = (uint32_t)c->out.have;
  k.target = c->target ? c->target->domid : STORE_NOBODY;
  k.released = c->released;
  k.gone = c->gone;
  k.event_next = c->event_next;
  k.broken = c->broken;
  k.connected = c->connected;
  return PUT(s, STATE_CLIENT, c->domid, {&k, sizeof(k)}, {c->in.data, k.in},
             {c->out.data, k.out}) &&
         put_watches(s, c) && put_events(s, c) && put_transactions(s, c->domid, c->transactions);
}

static bool put_unseen(struct store *s) {
  bool fits = true;
  for (size_t i = 0; fits && i < s->initial_count; i++)
    if (s->initial[i].unseen)
      fits = PUT(s, STATE_UNSEEN, 0, {&i, sizeof(i)});
  return fits;
}

bool state_write(struct store *s) {
  bool fits = PUT(s, STATE_STORE, 0, {&s->generation, sizeof(s->generation)}) &&
              put_tree(s, STATE_NODE, s->root, 0) && put_node(s, STATE_SPECIAL, s->introduce, 0) &&
              put_node(s, STATE_SPECIAL, s->release, 0) && put_unseen(s);
  for (unsigned i = 0; fits && i < s->client_count; i++)
    fits = put_client(s, &s->clients[i]);
  return fits && PUT(s, STATE_END, 0, {NULL, 0});
}

/* --- Reading
 * --------------------------------------------------------------------------------------- */

struct reader {
  struct store *store;
  struct transaction *transaction; /* whose nodes follow */
  struct node *at;                 /* the node before */
  uint32_t depth;                  /* its depth */
  bool special;                    /* one has been read */
};

static void node_fill(struct node *n, const struct state_node *k) {
  n->generation = k->generation;
  n->list_generation = k->list_generation;
  n->perms = k->perms;
  if (n->over)
    *n->over = (struct over){.written = k->written,
                             .hides = k->hides,
                             .seen = k->seen,
                             .listed = k->listed,
                             .seen_generation = k->seen_generation,
                             .listed_generation = k->listed_generation};
}

static bool value_fill(struct node *n, const char *value, uint32_t size) {
  free(n->value);
  n->value = size ? malloc(size) : NULL;
  n->size = n->value ? size : 0;
  if (n->value)
    memcpy(n->value, value, size);
  return n->size == size;
}

static void node_charge(struct store *s, const struct node *n) {
  struct account *a = &account_of(s, n->perms.entry[0].domid)->account;
  a->nodes++;
  a->bytes += node_cost(n);
}

static bool node_add(struct reader *r, const struct state_node *k, const char *text, bool over) {
  struct node *parent = r->at, *n = node_new((struct name){text, k->name}, over);
  for (uint32_t depth = r->depth; parent && depth + 1 > k->depth; depth--)
    parent = parent->parent;
  if (!n || !parent || !parent->over == over || !node_reserve(parent, 1)) {
    node_free(n);
    return false;
  }
  node_attach(parent, n);
  r->at = n;
  return true;
}

/* The store's root is there; a transaction's is made. */
static bool root_take(struct reader *r, bool over) {
  r->at = over ? node_new((struct name){"", 0}, true) : r->store->root;
  if (over && r->transaction)
    r->transaction->over = r->at;
  return r->at;
}

static bool read_node(struct reader *r, const struct journal_record *record) {
  const struct state_node *k = (const void *)record->body;
  const char *text = (const char *)(k + 1);
  bool over = record->type == STATE_OVER;
  if (record->size < sizeof(*k) || record->size - sizeof(*k) != (uint64_t)k->name + k->value ||
      k->depth > DEPTH_MAX || k->perms.count > PERMS_MAX || (over && !r->transaction) ||
      (over && !k->depth && r->transaction->over))
    return false;
  if (!(k->depth ? node_add(r, k, text, over) : root_take(r, over)))
    return false;
  r->depth = k->depth;
  node_fill(r->at, k);
  if (!value_fill(r->at, text + k->name, k->value))
    return false;
  if (!over && k->depth)
    node_charge(r->store, r->at);
  return true;
}

static bool read_special(struct reader *r, const struct journal_record *record) {
  const struct state_node *k = (const void *)record->body;
  if (record->size < sizeof(*k) || k->perms.count > PERMS_MAX)
    return false;
  node_fill(r->special ? r->store->release : r->store->introduce, k);
  r->special = true;
  return true;
}

static bool read_unseen(struct store *s, const struct journal_record *record) {
  size_t i;
  if (record->size != sizeof(i))
    return false;
  memcpy(&i, record->body, sizeof(i));
  if (i < s->initial_count)
    s->initial[i].unseen = true;
  return i < s->initial_count;
}

static bool read_client(struct store *s, struct client *c, const struct journal_record *r) {
  const struct state_client *k = (const void *)r->body;
  const char *text = (const char *)(k + 1);
  if (r->size < sizeof(*k) || r->size - sizeof(*k) != (uint64_t)k->in + k->out ||
      k->in >= sizeof(c->in.data) || k->out >= sizeof(c->out.data))
    return false;
  c->life = k->life;
  c->last_id = k->last_id;
  c->req_cons = k->req_cons;
  c->rsp_prod = k->rsp_prod;
  c->in.have = k->in;
  c->out.have = k->out;
  memcpy(c->in.data, text, k->in);
  memcpy(c->out.data, text + k->in, k->out);
  c->target = k->target == STORE_NOBODY ? NULL : store_client(s, k->target);
  c->released = k->released;
  c->gone = k->gone;
  c->event_next = k->event_next;
  c->broken = k->broken;
  c->connected = k->connected;
  return true;
}

static bool read_watch(struct store *s, struct client *c, const struct journal_record *r) {
  const struct state_watch *k = (const void *)r->body;
  const char *text = (const char *)(k + 1);
  struct path p;
  if (r->size < sizeof(*k) || r->size - sizeof(*k) != (uint64_t)k->path + k->token || !k->token ||
      !k->path || text[k->path - 1] || text[k->path + k->token - 1] ||
      !path_resolve(&p, c->domid, text) || k->skip > p.size)
    return false;
  struct watch *w = watch_restore(s, c, &p, text + k->path, k->levels);
  if (!w)
    return false;
  w->skip = k->skip;
  w->lost = k->lost;
  c->watches_lost += w->lost;
  return true;
}

static bool read_event(struct client *c, const struct journal_record *r) {
  const struct state_event *k = (const void *)r->body;
  struct watch *w = c->watches;
  if (r->size < sizeof(*k) || r->size - sizeof(*k) != k->path || k->watch >= c->watch_count)
    return false;
  for (uint32_t i = 0; i < k->watch; i++)
    w = w->next;
  return event_restore(w, (struct name){(const char *)(k + 1), k->path});
}

static bool read_transaction(struct reader *r, struct client *c,
                             const struct journal_record *record) {
  const struct state_transaction *k = (const void *)record->body;
  struct transaction *t = record->size == sizeof(*k) ? calloc(1, sizeof(*t)) : NULL;
  if (!t)
    return false;
  *t = (struct transaction){.store = r->store,
                            .client = c,
                            .id = k->id,
                            .bytes = k->bytes,
                            .changes = k->changes,
                            .next = c->transactions};
  c->transactions = r->transaction = t;
  c->transaction_count++;
  c->account.bytes += t->bytes;
  return true;
}

static bool read_of_client(struct reader *r, const struct journal_record *record) {
  struct client *c = store_client(r->store, record->domid);
  if (!c)
    return false;
  switch (record->type) {
  case STATE_CLIENT:
    return read_client(r->store, c, record);
  case STATE_WATCH:
    return read_watch(r->store, c, record);
  case STATE_EVENT:
    return read_event(c, record);
  case STATE_TRANSACTION:
    return read_transaction(r, c, record);
  default:
    return false;
  }
}

static bool read_one(struct reader *r, const struct journal_record *record) {
  switch (record->type) {
  case STATE_STORE:
    if (record->size == sizeof(r->store->generation))
      memcpy(&r->store->generation, record->body, sizeof(r->store->generation));
    return record->size == sizeof(r->store->generation);
  case STATE_NODE:
  case STATE_OVER:
    return read_node(r, record);
  case STATE_SPECIAL:
    return read_special(r, record);
  case STATE_UNSEEN:
    return read_unseen(r->store, record);
  default:
    return read_of_client(r, record);
  }
}

/* The tree of the text gives way. */
static void tree_clear(struct store *s) {
  while (s->root->count) {
    struct node *n = s->root->children[s->root->count - 1];
    node_detach(n);
    node_free(n);
  }
  s->owner.account = (struct account){0};
  for (unsigned i = 0; i < s->client_count; i++)
    s->clients[i].account = (struct account){0};
}

bool state_read(struct store *s, const struct journal *j, size_t *at) {
  struct reader r = {.store = s};
  tree_clear(s);
  for (const struct journal_record *record; (record = journal_next(j, at));) {
    if (record->type == STATE_END)
      return true;
    if (!read_one(&r, record))
      return false;
  }
  return false;
}
