/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client reads and changes. A transaction has a tree of its own that lies over the store's:
 * the nodes that it wrote, the places that it removed, and the generation of everything that its
 * answers depended on. A request outside of a transaction is a transaction of its own. Nothing
 * here changes the store: commit.c does.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

/* A place as the transaction sees it. */
struct spot {
  struct node *over; /* its own node, or NULL */
  struct node *main; /* the store's; NULL if there is none or it is removed */
};

struct found {
  struct spot spot;
  struct node *node;  /* NULL: missing */
  struct node *above; /* if missing: the last on the way to it that exists */
  size_t above_at;    /* where above's path ends */
  size_t above_depth;
  size_t missing_at; /* where the path of the first one that is missing ends */
};

static struct node *spot_node(struct spot s) {
  return s.over && s.over->over->written ? s.over : s.main;
}

static struct spot spot_child(struct store *store, struct spot s, struct name name) {
  struct spot c = {s.over ? node_child(store, s.over, name) : NULL, NULL};
  if (s.main && !(c.over && c.over->over->hides))
    c.main = node_child(store, s.main, name);
  return c;
}

static void find(struct transaction *t, const struct path *p, struct found *f) {
  struct name name;
  size_t at = 0;
  *f = (struct found){.spot = {t->over, t->store->root}};
  f->node = spot_node(f->spot);
  for (size_t depth = 0;; depth++) {
    f->above = f->node;
    f->above_at = at;
    f->above_depth = depth;
    if (!path_next(p, &at, &name))
      return;
    f->spot = spot_child(t->store, f->spot, name);
    f->node = spot_node(f->spot);
    f->missing_at = at;
    if (!f->node)
      return;
  }
}

/* --- The transaction's own tree ----------------------------------------------------------------
 */

struct place {
  struct node *over;
  struct node *main; /* the store's, be it removed or not */
  bool hidden;       /* something above it is removed */
};

static bool charge(struct transaction *t, size_t bytes) {
  if (!t->id)
    return true;
  if (!account_charge(t->store, t->client, bytes))
    return false;
  t->bytes += bytes;
  return true;
}

static enum xs_error over_new(struct transaction *t, struct node *parent, struct name name,
                              struct node **made) {
  if (t->changes >= t->store->quota.changes && !t->client->privileged)
    return E_NOSPC;
  struct node *n = node_new(name, true);
  if (!n || (parent && !node_reserve(parent, 1)) ||
      !charge(t, node_cost(n) + sizeof(struct over))) {
    node_free(n);
    return E_NOMEM;
  }
  t->changes++;
  if (parent)
    node_attach(parent, n);
  *made = n;
  return OK;
}

/* Its own node for the path's first `upto` bytes, made if need be. Says nothing about the place
 * yet, so a failure on the way leaves nothing to undo. */
static enum xs_error over_at(struct transaction *t, const struct path *p, size_t upto,
                             struct place *place) {
  struct name name = {"", 0};
  size_t at = 0;
  enum xs_error e = t->over ? OK : over_new(t, NULL, name, &t->over);
  *place = (struct place){t->over, t->store->root, false};
  while (!e && at < upto && path_next(p, &at, &name)) {
    struct node *child = node_child(t->store, place->over, name);
    if (!child)
      e = over_new(t, place->over, name, &child);
    place->hidden |= place->over->over->hides;
    place->over = child;
    place->main = place->main ? node_child(t->store, place->main, name) : NULL;
  }
  return e;
}

/* From now on the transaction depends on what the store has at this place. */
static enum xs_error see(struct transaction *t, const struct path *p, size_t upto) {
  struct place place;
  if (!t->id)
    return OK;
  enum xs_error e = over_at(t, p, upto, &place);
  if (e || place.hidden || place.over->over->seen)
    return e;
  place.over->over->seen = true;
  place.over->over->seen_generation = place.main ? place.main->generation : 0;
  return OK;
}

/* The same for the list of its children. */
static enum xs_error see_list(struct transaction *t, const struct path *p) {
  struct place place;
  if (!t->id)
    return OK;
  enum xs_error e = over_at(t, p, p->size, &place);
  struct over *o = e ? NULL : place.over->over;
  if (e || place.hidden || o->hides || o->listed)
    return e;
  o->listed = true;
  o->listed_generation = place.main ? place.main->list_generation : 0;
  return OK;
}

static void over_write(struct transaction *t, struct node *over, const struct perms *perms) {
  over->over->written = true;
  over->perms = *perms;
  over->generation = ++t->store->generation;
}

static void over_value(struct node *over, char *value, size_t size) {
  free(over->value);
  over->value = value;
  over->size = (uint32_t)size;
}

/* Takes back what was written here and below; what was seen stays. */
static void over_clear(struct node *over) {
  over_value(over, NULL, 0);
  over->over->written = false;
  for (unsigned i = 0; i < over->count; i++)
    over_clear(over->children[i]);
}

/* *copy is NULL where there is nothing to copy. */
static enum xs_error value_copy(struct transaction *t, const char *value, size_t size,
                                char **copy) {
  *copy = NULL;
  if (!size)
    return OK;
  if (!charge(t, size) || !(*copy = malloc(size)))
    return E_NOMEM;
  memcpy(*copy, value, size);
  return OK;
}

/* --- Operations ----------------------------------------------------------------------------------
 */

/* Who may not look at a place does not learn whether something is there. */
static enum xs_error look(struct transaction *t, const struct path *p, unsigned want,
                          struct found *f) {
  if (p->text[0] != '/')
    return E_INVAL;
  find(t, p, f);
  enum xs_error e = see(t, p, f->node ? p->size : f->above_at);
  if (!e && !f->node)
    e = see(t, p, f->missing_at);
  if (e)
    return e;
  if (f->node)
    return access_allowed(t->client, &f->node->perms, want) ? OK : E_ACCES;
  want &= ACCESS_READ | ACCESS_WRITE;
  return access_allowed(t->client, &f->above->perms, want) ? E_NOENT : E_ACCES;
}

enum xs_error transaction_read(struct transaction *t, const struct path *p, struct node **n) {
  struct found f;
  enum xs_error e = look(t, p, ACCESS_READ, &f);
  *n = f.node;
  return e;
}

/* Makes the node and what is missing above it. Each inherits permissions, but belongs to who makes
 * it. */
static enum xs_error create(struct transaction *t, const struct path *p, const struct found *f,
                            const char *value, size_t size) {
  struct perms perms = f->above->perms;
  struct place place;
  char *copy;
  if (p->depth > DEPTH_MAX)
    return E_NOSPC;
  enum xs_error e = over_at(t, p, p->size, &place);
  if (!e)
    e = value_copy(t, value, size, &copy);
  if (e)
    return e;
  if (!t->client->privileged)
    perms.entry[0].domid = t->client->domid;
  over_value(place.over, copy, size);
  struct node *n = place.over;
  for (size_t depth = p->depth; depth > f->above_depth; depth--, n = n->parent) {
    over_write(t, n, &perms);
    n->parent->list_generation = n->generation;
  }
  return OK;
}

enum xs_error transaction_write(struct transaction *t, const struct path *p, const char *value,
                                size_t size) {
  struct found f;
  struct place place;
  char *copy;
  if (size > t->store->quota.value && !t->client->privileged)
    return E_NOSPC;
  enum xs_error e = look(t, p, ACCESS_WRITE, &f);
  if (e == E_NOENT)
    return create(t, p, &f, value, size);
  if (!e)
    e = over_at(t, p, p->size, &place);
  if (!e)
    e = value_copy(t, value, size, &copy);
  if (e)
    return e;
  over_value(place.over, copy, size);
  over_write(t, place.over, &f.node->perms);
  return OK;
}

enum xs_error transaction_mkdir(struct transaction *t, const struct path *p) {
  struct found f;
  enum xs_error e = look(t, p, ACCESS_WRITE, &f);
  return e == E_NOENT ? create(t, p, &f, NULL, 0) : e;
}

enum xs_error transaction_rm(struct transaction *t, const struct path *p) {
  struct found f;
  struct place place;
  if (p->size == 1)
    return E_INVAL;
  enum xs_error e = look(t, p, ACCESS_WRITE, &f);
  if (e == E_NOENT)
    return f.missing_at == p->size ? OK : E_NOENT;
  if (!e)
    e = over_at(t, p, p->size, &place);
  if (e)
    return e;
  over_clear(place.over);
  place.over->over->hides = true;
  place.over->parent->list_generation = ++t->store->generation;
  return OK;
}

enum xs_error transaction_set_perms(struct transaction *t, const struct path *p,
                                    const struct perms *perms) {
  struct found f;
  struct place place;
  char *copy;
  enum xs_error e = look(t, p, ACCESS_WRITE | ACCESS_OWN, &f);
  if (!e && !t->client->privileged && perms->entry[0].domid != f.node->perms.entry[0].domid)
    e = E_PERM;
  if (!e)
    e = over_at(t, p, p->size, &place);
  if (!e && !place.over->over->written) {
    e = value_copy(t, f.node->value, f.node->size, &copy);
    if (!e)
      over_value(place.over, copy, f.node->size);
  }
  if (!e)
    over_write(t, place.over, perms);
  return e;
}

/* --- Lists
 * ---------------------------------------------------------------------------------------- */

static uint64_t newest(const struct node *n, uint64_t other) {
  if (n && n->generation > other)
    other = n->generation;
  return n && n->list_generation > other ? n->list_generation : other;
}

static void list_children(struct store *s, struct spot spot, void (*each)(void *, struct name),
                          void *arg) {
  unsigned i = 0, j = 0, mains = spot.main ? spot.main->count : 0,
           overs = spot.over ? spot.over->count : 0;
  while (i < mains || j < overs) {
    struct node *main = i < mains ? spot.main->children[i] : NULL;
    struct node *over = j < overs ? spot.over->children[j] : NULL;
    int order = !main ? 1 : !over ? -1 : strcmp(main->name, over->name);
    struct name name = node_name(order <= 0 ? main : over);
    i += order <= 0;
    j += order >= 0;
    s->steps++;
    if (spot_node(spot_child(s, spot, name)))
      each(arg, name);
  }
}

enum xs_error transaction_list(struct transaction *t, const struct path *p, uint64_t *generation,
                               void (*each)(void *arg, struct name n), void *arg) {
  struct found f;
  enum xs_error e = look(t, p, ACCESS_READ, &f);
  if (!e)
    e = see_list(t, p);
  if (e)
    return e;
  find(t, p, &f); /* again: see_list may have made a node */
  *generation = newest(f.spot.main, newest(f.spot.over, 0));
  list_children(t->store, f.spot, each, arg);
  return OK;
}

/* --- Start and end
 * -------------------------------------------------------------------------------- */

struct transaction *transaction_find(struct client *c, uint32_t id) {
  struct transaction *t = c->transactions;
  while (t && t->id != id)
    t = t->next;
  return t;
}

enum xs_error transaction_start(struct store *s, struct client *c, uint32_t *id) {
  if (c->transaction_count >= s->quota.transactions && !c->privileged)
    return E_NOSPC;
  struct transaction *t = calloc(1, sizeof(*t));
  if (!t)
    return E_NOMEM;
  do
    t->id = ++c->last_id;
  while (!t->id || transaction_find(c, t->id));
  t->store = s;
  t->client = c;
  if (!charge(t, sizeof(*t))) {
    free(t);
    return E_NOMEM;
  }
  t->next = c->transactions;
  c->transactions = t;
  c->transaction_count++;
  *id = t->id;
  return OK;
}

void transaction_discard(struct transaction *t) {
  t->client->account.bytes -= t->bytes;
  t->bytes = 0;
  node_free(t->over);
  t->over = NULL;
}

enum xs_error transaction_end(struct transaction *t, bool wanted) {
  struct client *c = t->client;
  struct transaction **at = &c->transactions;
  while (*at != t)
    at = &(*at)->next;
  *at = t->next;
  c->transaction_count--;
  enum xs_error e = wanted ? commit(t) : OK;
  transaction_discard(t);
  free(t);
  return e;
}

void transactions_drop(struct client *c) {
  while (c->transactions)
    (void)transaction_end(c->transactions, false);
}
