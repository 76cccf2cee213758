/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lives of domains. A line of the initial tree is about the domain in whose home it stands and, if
 * it belongs to a device, about the device's other end: /local/domain/B/backend/TYPE/F/... is about
 * B and F, /local/domain/F/device/TYPE/ID/... about F and the one that its `backend` names. When a
 * domain ends, all that is about it goes; it comes back when both live and who used the device has
 * seen it gone. A line `stay` stays in its home when the peer ends: a new back end finds the front
 * end as the last one left it.
 */
#include <string.h>

#include "engine.h"

/* A path's first names; the ones it has not are empty. */
#define NAMES 6u

struct names {
  struct name name[NAMES];
  size_t end[NAMES]; /* where each ends in the path */
  unsigned count;
};

static void split(const struct path *p, struct names *n) {
  size_t at = 0;
  *n = (struct names){0};
  while (n->count < NAMES && path_next(p, &at, &n->name[n->count]))
    n->end[n->count++] = at;
}

static bool name_is(const struct names *n, unsigned i, const char *word) {
  return i < n->count && n->name[i].size == strlen(word) &&
         !memcmp(n->name[i].text, word, n->name[i].size);
}

static uint16_t name_domain(const struct names *n, unsigned i) {
  uint32_t domid;
  if (i < n->count && number_parse(n->name[i].text, n->name[i].size, UINT16_MAX - 1, &domid))
    return (uint16_t)domid;
  return STORE_NOBODY;
}

/* The domain of /local/domain/N and what is below. */
static uint16_t home_of(const struct names *n) {
  return name_is(n, 0, "local") && name_is(n, 1, "domain") ? name_domain(n, 2) : STORE_NOBODY;
}

/* The domain that the `backend` in the device's directory, which ends at `end`, lies in. */
static uint16_t backend_of(struct store *s, const struct path *p, size_t end) {
  static const char leaf[] = "/backend";
  struct transaction t = {.store = s, .client = &s->owner};
  struct path q = *p;
  char text[64];
  struct node *n;
  struct names names;
  if (end + sizeof(leaf) > sizeof(q.text))
    return STORE_NOBODY;
  memcpy(q.text + end, leaf, sizeof(leaf));
  q.size = end + sizeof(leaf) - 1;
  if (transaction_read(&t, &q, &n) || n->size >= sizeof(text))
    return STORE_NOBODY;
  if (n->size)
    memcpy(text, n->value, n->size);
  text[n->size] = 0;
  if (!path_resolve(&q, 0, text))
    return STORE_NOBODY;
  split(&q, &names);
  return home_of(&names);
}

static void learn(struct store *s, const struct path *p, struct initial *i) {
  struct names n;
  split(p, &n);
  i->home = home_of(&n);
  i->peer = STORE_NOBODY;
  if (name_is(&n, 3, "backend"))
    i->peer = name_domain(&n, 5);
  else if (name_is(&n, 3, "device") && n.count > 5)
    i->peer = backend_of(s, p, n.end[5]);
}

void life_learn(struct store *s) {
  struct line l;
  struct path p;
  for (size_t at = 0, start = 0; load_line(s, &at, &l); start = at) {
    if (!load_path(&l, &p) || p.text[0] != '/')
      continue;
    struct initial *i = &s->initial[s->initial_count++];
    i->at = start;
    i->stays = load_stays(&l);
    learn(s, &p, i);
  }
}

/* --- End
 * -----------------------------------------------------------------------------------------------
 */

static void remove_path(struct store *s, const struct path *p) {
  struct transaction t = {.store = s, .client = &s->owner};
  if (!transaction_rm(&t, p))
    (void)commit(&t); /* without memory it stays; the next life writes over it */
  transaction_discard(&t);
}

/* Of a line with a peer: .../backend/TYPE/F or .../device/TYPE/ID, which goes as a whole. */
static bool device_path(const struct store *s, const struct initial *i, struct path *p) {
  struct line l;
  struct names n;
  size_t at = i->at;
  if (!load_line(s, &at, &l) || !load_path(&l, p))
    return false;
  split(p, &n);
  p->size = n.end[5];
  p->text[p->size] = 0;
  return true;
}

/* What a peer's home has about the domain. */
static void remove_line(struct store *s, const struct initial *i) {
  struct path p;
  if (device_path(s, i, &p))
    remove_path(s, &p);
}

/* Is it there, and no longer what the text says? Then somebody drives the device. */
static bool line_used(struct store *s, const struct initial *i) {
  struct transaction t = {.store = s, .client = &s->owner};
  struct line l;
  struct path p;
  struct node *n;
  size_t at = i->at;
  if (!load_line(s, &at, &l) || !load_path(&l, &p) || transaction_read(&t, &p, &n))
    return false;
  size_t size = l.count == FIELDS_MAX ? l.field[3].size : 0;
  return n->size != size || (size && memcmp(n->value, l.field[3].text, size));
}

/* Who drives a device of the domain's has to see it gone before it comes back. A domain that ends
 * has nothing left to see. */
static void mark_unseen(struct store *s, uint16_t domid) {
  for (size_t i = 0; i < s->initial_count; i++) {
    struct initial *line = &s->initial[i];
    if (line->home == domid)
      line->unseen = false;
    else if (line->peer == domid && !line->stays && line_used(s, line))
      line->unseen = true;
  }
}

void store_domain_ended(struct store *s, uint16_t domid) {
  struct client *c = store_client(s, domid);
  struct path home;
  if (!c || c->gone)
    return;
  connection_reset(s, c);
  c->ring = NULL;
  c->connected = false;
  c->target = NULL;
  c->gone = true;
  home.size = path_home(home.text, domid);
  mark_unseen(s, domid);
  remove_path(s, &home);
  for (size_t i = 0; i < s->initial_count; i++)
    if (s->initial[i].peer == domid && !s->initial[i].stays)
      remove_line(s, &s->initial[i]);
  watch_fire_special(s, s->release, domid);
  keep(s, KEPT_ENDED, c, NULL, 0);
}

/* --- Beginning
 * ------------------------------------------------------------------------------------------- */

/* What a front end has told its back end since is not to be undone. */
static bool is_there(struct store *s, const struct line *l) {
  struct transaction t = {.store = s, .client = &s->owner};
  struct path p;
  struct node *n;
  return load_path(l, &p) && !transaction_read(&t, &p, &n);
}

static bool alive(struct store *s, uint16_t domid) {
  struct client *c = domid == STORE_NOBODY ? NULL : store_client(s, domid);
  return !c || !c->gone;
}

static bool between(const struct initial *line, uint16_t a, uint16_t b) {
  return (line->home == a && line->peer == b) || (line->home == b && line->peer == a);
}

static bool pair_unseen(const struct store *s, uint16_t a, uint16_t b) {
  for (size_t i = 0; i < s->initial_count; i++)
    if (s->initial[i].unseen && between(&s->initial[i], a, b))
      return true;
  return false;
}

static void line_begin(struct store *s, const struct initial *line) {
  struct line l;
  size_t at = line->at;
  if (!alive(s, line->home) || !alive(s, line->peer) || pair_unseen(s, line->home, line->peer) ||
      !load_line(s, &at, &l))
    return;
  if (!line->stays || !is_there(s, &l))
    (void)load_node(s, &l);
}

void life_begin(struct store *s, struct client *c) {
  c->gone = false;
  for (size_t i = 0; i < s->initial_count; i++)
    if (s->initial[i].home == c->domid || s->initial[i].peer == c->domid)
      line_begin(s, &s->initial[i]);
  watch_fire_special(s, s->introduce, c->domid);
}

static bool is_below(const struct path *p, const struct path *top) {
  return p->size >= top->size && !memcmp(p->text, top->text, top->size) &&
         (p->size == top->size || p->text[top->size] == '/');
}

void life_missed(struct store *s, const struct client *c, const struct path *p) {
  struct path device;
  uint16_t peer = STORE_NOBODY;
  for (size_t i = 0; i < s->initial_count; i++) {
    struct initial *line = &s->initial[i];
    if (!line->unseen || line->home != c->domid || !device_path(s, line, &device) ||
        !is_below(p, &device))
      continue;
    line->unseen = false;
    peer = line->peer;
  }
  for (size_t i = 0; peer != STORE_NOBODY && i < s->initial_count; i++)
    if (between(&s->initial[i], c->domid, peer))
      line_begin(s, &s->initial[i]);
}
