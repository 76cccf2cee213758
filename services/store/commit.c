/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a transaction's changes the store's: look for conflicts, then prepare everything that may
 * fail (memory, quotas), then apply, which cannot. Accounts too.
 */
#include <stdlib.h>

#include "engine.h"

/* --- Accounts ------------------------------------------------------------------------------------
 */

struct client *account_of(struct store *s, uint16_t domid) {
  struct client *c = store_client(s, domid);
  return c ? c : &s->owner;
}

bool account_charge(struct store *s, struct client *c, size_t bytes) {
  if (!c->privileged && c->account.bytes + bytes > s->quota.memory)
    return false;
  c->account.bytes += bytes;
  return true;
}

static void account_node(struct store *s, const struct node *n, int sign) {
  struct account *a = &account_of(s, n->perms.entry[0].domid)->account;
  a->more_nodes += sign;
  a->more_bytes += sign * (long)node_cost(n);
}

static void account_tree(struct store *s, const struct node *n, int sign) {
  account_node(s, n, sign);
  s->steps++;
  for (unsigned i = 0; i < n->count; i++)
    account_tree(s, n->children[i], sign);
}

static enum xs_error account_check(const struct store *s, const struct client *c) {
  const struct account *a = &c->account;
  if (c->privileged)
    return OK;
  if (a->more_nodes > 0 && a->nodes + (size_t)a->more_nodes > s->quota.nodes)
    return E_NOSPC;
  return a->more_bytes > 0 && a->bytes + (size_t)a->more_bytes > s->quota.memory ? E_NOMEM : OK;
}

static void account_settle(struct client *c, bool apply) {
  if (apply) {
    c->account.nodes += (size_t)c->account.more_nodes;
    c->account.bytes += (size_t)c->account.more_bytes;
  }
  c->account.more_nodes = c->account.more_bytes = 0;
}

static enum xs_error accounts_check(const struct store *s) {
  enum xs_error e = OK;
  for (unsigned i = 0; !e && i < s->client_count; i++)
    e = account_check(s, &s->clients[i]);
  return e;
}

static void accounts_settle(struct store *s, bool apply) {
  account_settle(&s->owner, apply);
  for (unsigned i = 0; i < s->client_count; i++)
    account_settle(&s->clients[i], apply);
}

/* --- The three steps
 * ------------------------------------------------------------------------------ */

/* Whether the store has changed where the transaction looked. */
static bool conflicts(struct store *s, const struct node *over, const struct node *main) {
  const struct over *o = over->over;
  if (o->seen && o->seen_generation != (main ? main->generation : 0))
    return true;
  if (o->listed && o->listed_generation != (main ? main->list_generation : 0))
    return true;
  for (unsigned i = 0; i < over->count; i++) {
    const struct node *child = over->children[i];
    if (conflicts(s, child, main ? node_child(s, main, node_name(child)) : NULL))
      return true;
  }
  return false;
}

static unsigned written_below(const struct node *over) {
  unsigned n = 0;
  for (unsigned i = 0; i < over->count; i++)
    n += over->children[i]->over->written;
  return n;
}

/* Makes the nodes that will be needed and room for them, and counts what changes for whom. */
static enum xs_error prepare(struct store *s, struct node *over, struct node *main) {
  struct over *o = over->over;
  if (o->hides && main) {
    account_tree(s, main, -1);
    main = NULL;
  }
  if (o->written) {
    if (main)
      account_node(s, main, -1);
    else if (!(main = o->twin = node_new(node_name(over), false)))
      return E_NOMEM;
    account_node(s, over, 1);
  }
  if (main && !node_reserve(main, written_below(over)))
    return E_NOMEM;
  enum xs_error e = OK;
  for (unsigned i = 0; !e && i < over->count; i++) {
    struct node *child = over->children[i];
    e = prepare(s, child, main ? node_child(s, main, node_name(child)) : NULL);
  }
  return e;
}

static void apply_removal(struct store *s, struct node *main) {
  watch_fire_removed(s, main);
  main->parent->list_generation = ++s->generation;
  node_detach(main);
  node_free(main);
}

static void apply_write(struct store *s, struct node *over, struct node *main) {
  char *value = main->value;
  main->value = over->value;
  over->value = value;
  main->size = over->size;
  main->perms = over->perms;
  main->generation = ++s->generation;
  watch_fire_changed(s, main);
}

static void apply(struct store *s, struct node *over, struct node *parent, struct node *main) {
  struct over *o = over->over;
  if (o->hides && main) {
    apply_removal(s, main);
    main = NULL;
  }
  if (o->written && !main) {
    main = o->twin;
    o->twin = NULL;
    node_attach(parent, main);
    parent->list_generation = ++s->generation;
  }
  if (o->written)
    apply_write(s, over, main);
  for (unsigned i = 0; main && i < over->count; i++) {
    struct node *child = over->children[i];
    apply(s, child, main, node_child(s, main, node_name(child)));
  }
}

enum xs_error commit(struct transaction *t) {
  struct store *s = t->store;
  if (!t->over)
    return OK;
  if (conflicts(s, t->over, s->root))
    return E_AGAIN;
  t->client->account.bytes -= t->bytes; /* what it holds becomes the nodes' */
  t->bytes = 0;
  enum xs_error e = prepare(s, t->over, s->root);
  if (!e)
    e = accounts_check(s);
  accounts_settle(s, !e);
  if (!e)
    apply(s, t->over, NULL, s->root);
  return e;
}
