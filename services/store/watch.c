/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches and the events that they make. A changed path looks up the watches at each of its
 * prefixes in a hash table, so it costs its own depth and not the number of watches. Events wait
 * in a queue of the watcher's, which is bounded: the same event does not wait twice, and of a watch
 * that could not be told something only that is told, by an event with the watch's own path.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define TOKEN_MAX                                                                                  \
  (XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2u) /* any event fits a message                  \
                                                       */

static uint32_t hash_more(uint32_t hash, char c) { /* FNV-1a */
  return (hash ^ (uint8_t)c) * 16777619u;
}

#define HASH_START 2166136261u

static uint32_t hash_of(const char *text, size_t size) {
  uint32_t hash = HASH_START;
  for (size_t i = 0; i < size; i++)
    hash = hash_more(hash, text[i]);
  return hash;
}

/* --- Events
 * --------------------------------------------------------------------------------------- */

static struct event **event_bucket(struct client *c, const struct watch *w, uint32_t hash) {
  return &c->event_buckets[(hash ^ w->hash ^ (uint32_t)w->levels) % CLIENT_BUCKETS];
}

static bool event_waits(struct store *s, const struct watch *w, const struct name *path,
                        uint32_t hash) {
  for (const struct event *e = *event_bucket(w->client, w, hash); e; e = e->same) {
    s->steps++;
    if (e->watch == w && e->size == path->size && !memcmp(e->path, path->text, path->size))
      return true;
  }
  return false;
}

static void event_lose(struct watch *w) {
  w->client->watches_lost += !w->lost;
  w->lost = true;
}

static void event_queue(struct event *e, struct client *c) {
  struct event **bucket = event_bucket(c, e->watch, e->hash);
  e->same = *bucket;
  *bucket = e;
  *(c->first_event ? &c->last_event->next : &c->first_event) = e;
  c->last_event = e;
  c->event_count++;
  c->event_bytes += e->size;
}

static bool event_new(struct watch *w, struct name path, uint32_t hash) {
  struct event *e = calloc(1, sizeof(*e) + path.size + 1);
  if (!e)
    return false;
  *e = (struct event){.watch = w, .hash = hash, .size = path.size};
  memcpy(e->path, path.text, path.size);
  event_queue(e, w->client);
  return true;
}

bool event_restore(struct watch *w, struct name path) {
  return event_new(w, path, hash_of(path.text, path.size));
}

static void event_add(struct store *s, struct watch *w, struct name path, uint32_t hash) {
  struct client *c = w->client;
  if (w->lost) /* it will be told to look again anyway */
    return;
  if (event_waits(s, w, &path, hash))
    return;
  bool room =
      c->event_count < s->quota.events && c->event_bytes + path.size <= s->quota.event_bytes;
  if (!room || !event_new(w, path, hash))
    event_lose(w);
}

/* Takes out the first event, or the first of watch `w`. */
static struct event *event_unlink(struct client *c, const struct watch *w) {
  struct event *before = NULL, *e = c->first_event;
  while (e && w && e->watch != w) {
    before = e;
    e = e->next;
  }
  if (!e)
    return NULL;
  *(before ? &before->next : &c->first_event) = e->next;
  if (c->last_event == e)
    c->last_event = before;
  struct event **same = event_bucket(c, e->watch, e->hash);
  while (*same != e)
    same = &(*same)->same;
  *same = e->same;
  c->event_count--;
  c->event_bytes -= e->size;
  return e;
}

static void event_put(struct client *c, const struct watch *w, const char *path, size_t size) {
  struct message *m = &c->out;
  size_t token = strlen(w->token) + 1, body = size - w->skip + 1;
  memcpy(m->data + sizeof(m->header), path + w->skip, body);
  memcpy(m->data + sizeof(m->header) + body, w->token, token);
  m->header = (struct xsd_sockmsg){.type = XS_WATCH_EVENT, .len = (uint32_t)(body + token)};
  m->have = sizeof(m->header) + body + token;
  m->sent = 0;
}

bool event_take(struct client *c) {
  struct event *e = event_unlink(c, NULL);
  if (e) {
    event_put(c, e->watch, e->path, e->size);
    free(e);
    return true;
  }
  struct watch *w = c->watches_lost ? c->watches : NULL;
  while (w && !w->lost)
    w = w->next;
  if (!w)
    return false;
  w->lost = false;
  c->watches_lost--;
  event_put(c, w, w->path, w->size);
  return true;
}

/* --- Firing
 * ---------------------------------------------------------------------------------------- */

struct change {
  const struct path *path;
  const struct perms *perms;
  uint32_t hash; /* of the path */
  bool special;
};

static void fire_at(struct store *s, const struct change *c, size_t prefix, size_t depth,
                    uint32_t hash) {
  for (struct watch *w = s->buckets[hash % STORE_BUCKETS]; w; w = w->same) {
    s->steps++;
    if (w->hash != hash || w->size != prefix || memcmp(w->path, c->path->text, prefix))
      continue;
    if (!access_allowed(w->client, c->perms, ACCESS_READ))
      continue;
    if (c->special && w->levels < 1)
      event_add(s, w, (struct name){w->path, w->size}, w->hash);
    else if (w->levels < 0 || c->path->depth - depth <= (size_t)w->levels)
      event_add(s, w, (struct name){c->path->text, c->path->size}, c->hash);
  }
}

/* At every prefix that is a path of its own. */
static void fire(struct store *s, const struct path *p, const struct perms *perms, bool special) {
  const struct change change = {p, perms, hash_of(p->text, p->size), special}, *c = &change;
  uint32_t hash = HASH_START;
  size_t depth = 0;
  if (p->text[0] == '/')
    fire_at(s, c, 1, 0, hash_of("/", 1));
  for (size_t i = 0; i < p->size; i++) {
    hash = hash_more(hash, p->text[i]);
    if (p->size > 1 && (i + 1 == p->size || (i && p->text[i + 1] == '/')))
      fire_at(s, c, i + 1, ++depth, hash);
  }
}

void watch_fire_changed(struct store *s, const struct node *n) {
  struct path p;
  node_path(n, &p);
  fire(s, &p, &n->perms, false);
}

static void fire_exactly(struct store *s, const struct node *n) {
  struct path p;
  node_path(n, &p);
  const struct change c = {&p, &n->perms, hash_of(p.text, p.size), false};
  fire_at(s, &c, p.size, p.depth, c.hash);
}

/* Who watches something below what is removed learns of its own path alone. */
static void fire_below(struct store *s, const struct node *n) {
  for (unsigned i = 0; i < n->count; i++) {
    fire_exactly(s, n->children[i]);
    fire_below(s, n->children[i]);
  }
}

void watch_fire_removed(struct store *s, const struct node *n) {
  watch_fire_changed(s, n);
  fire_below(s, n);
}

void watch_fire_special(struct store *s, const struct node *special, uint16_t domid) {
  struct path p = {.depth = 2};
  size_t size = strlen(special->name);
  memcpy(p.text, special->name, size);
  p.text[size++] = '/';
  p.size = size + number_print(p.text + size, domid) - 1;
  fire(s, &p, &special->perms, true);
}

/* --- Setting
 * --------------------------------------------------------------------------------------- */

static size_t watch_cost(const struct watch *w) {
  return sizeof(*w) + w->size + 1 + strlen(w->token) + 1;
}

static struct watch **watch_find(struct client *c, const struct path *p, const char *token) {
  struct watch **at = &c->watches;
  while (*at && (strcmp((*at)->path, p->text) || strcmp((*at)->token, token)))
    at = &(*at)->next;
  return at;
}

static struct watch *watch_new(struct client *c, const struct path *p, const char *token) {
  size_t size = strlen(token) + 1;
  struct watch *w = calloc(1, sizeof(*w) + p->size + 1 + size);
  if (!w)
    return NULL;
  *w = (struct watch){.client = c, .size = p->size, .depth = p->depth};
  w->hash = hash_of(p->text, p->size);
  w->token = w->path + p->size + 1;
  memcpy(w->path, p->text, p->size + 1);
  memcpy(w->token, token, size);
  return w;
}

static void watch_insert(struct store *s, struct watch *w) {
  struct client *c = w->client;
  w->same = s->buckets[w->hash % STORE_BUCKETS];
  s->buckets[w->hash % STORE_BUCKETS] = w;
  w->next = c->watches;
  c->watches = w;
  c->watch_count++;
}

enum xs_error watch_add(struct store *s, struct client *c, const struct path *p, bool relative,
                        const char *token, long levels) {
  char home[24];
  if (strlen(token) > TOKEN_MAX)
    return E_INVAL;
  if (*watch_find(c, p, token))
    return E_EXIST;
  if (c->watch_count >= s->quota.watches && !c->privileged)
    return E_2BIG;
  struct watch *w = watch_new(c, p, token);
  if (!w || !account_charge(s, c, watch_cost(w))) {
    free(w);
    return E_NOMEM;
  }
  w->levels = levels;
  w->skip = relative ? path_home(home, c->domid) + 1 : 0;
  watch_insert(s, w);
  event_add(s, w, (struct name){w->path, w->size}, w->hash);
  return OK;
}

struct watch *watch_restore(struct store *s, struct client *c, const struct path *p,
                            const char *token, long levels) {
  struct watch *w = watch_new(c, p, token);
  if (!w)
    return NULL;
  w->levels = levels;
  c->account.bytes += watch_cost(w);
  watch_insert(s, w);
  return w;
}

static void watch_free(struct store *s, struct watch **at) {
  struct watch *w = *at, **same = &s->buckets[w->hash % STORE_BUCKETS];
  struct client *c = w->client;
  for (struct event *e; (e = event_unlink(c, w));)
    free(e);
  while (*same != w)
    same = &(*same)->same;
  *same = w->same;
  *at = w->next;
  c->watch_count--;
  c->watches_lost -= w->lost;
  c->account.bytes -= watch_cost(w);
  free(w);
}

enum xs_error watch_remove(struct store *s, struct client *c, const struct path *p,
                           const char *token) {
  struct watch **at = watch_find(c, p, token);
  if (!*at)
    return E_NOENT;
  watch_free(s, at);
  return OK;
}

void watches_drop(struct store *s, struct client *c) {
  while (c->watches)
    watch_free(s, &c->watches);
}
