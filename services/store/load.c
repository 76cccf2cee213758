/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setting the store up from the text that stands for the system file's part in it. A line that
 * cannot be used is counted and left out.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

const struct store_quota store_quota_default = {
    .nodes = 1000,
    .watches = 128,
    .transactions = 10,
    .changes = 1024,
    .events = 256,
    .event_bytes = 32 << 10,
    .value = 2048,
    .memory = 256 << 10,
};

bool load_line(const struct store *s, size_t *at, struct line *l) {
  if (*at >= s->text_size)
    return false;
  const char *text = s->text + *at, *end = memchr(text, '\n', s->text_size - *at);
  size_t left = end ? (size_t)(end - text) : s->text_size - *at;
  *at += left + 1;
  for (l->count = 0; l->count < FIELDS_MAX; l->count++) {
    const char *tab = l->count + 1 < FIELDS_MAX ? memchr(text, '\t', left) : NULL;
    size_t size = tab ? (size_t)(tab - text) : left;
    l->field[l->count] = (struct name){text, size};
    if (!tab) {
      l->count++;
      return true;
    }
    text += size + 1;
    left -= size + 1;
  }
  return true;
}

static bool field_is(const struct line *l, unsigned i, const char *word) {
  return i < l->count && l->field[i].size == strlen(word) &&
         !memcmp(l->field[i].text, word, l->field[i].size);
}

static bool field_number(const struct line *l, unsigned i, uint32_t max, uint32_t *n) {
  return i < l->count && number_parse(l->field[i].text, l->field[i].size, max, n);
}

/* --- Clients
 * ----------------------------------------------------------------------------------------- */

static bool load_client(struct store *s, const struct line *l) {
  uint32_t domid, port;
  if (!field_number(l, 1, UINT16_MAX - 1, &domid) || !field_number(l, 2, UINT32_MAX, &port) ||
      l->count != 4 || store_client(s, (uint16_t)domid))
    return false;
  if (l->field[3].size >= STORE_NAME_MAX || memchr(l->field[3].text, '\t', l->field[3].size))
    return false;
  struct client *c = &s->clients[s->client_count++];
  c->domid = (uint16_t)domid;
  c->port = port;
  memcpy(c->name, l->field[3].text, l->field[3].size);
  return true;
}

static bool load_privileged(struct store *s, const struct line *l) {
  uint32_t domid;
  struct client *c = NULL;
  if (l->count == 2 && field_number(l, 1, UINT16_MAX, &domid))
    c = store_client(s, (uint16_t)domid);
  if (c)
    c->privileged = true;
  return c;
}

/* --- Nodes
 * ------------------------------------------------------------------------------------------- */

static bool parse_perms(struct name text, struct perms *p) {
  p->count = 0;
  for (const char *at = text.text, *end = at + text.size; at <= end;) {
    const char *comma = memchr(at, ',', (size_t)(end - at));
    size_t size = (size_t)((comma ? comma : end) - at);
    if (p->count == PERMS_MAX || !perm_parse(at, size, &p->entry[p->count]))
      return false;
    p->count++;
    at += size + 1;
  }
  return true;
}

bool load_stays(const struct line *l) {
  return field_is(l, 0, "stay");
}

static bool is_node(const struct line *l) {
  return field_is(l, 0, "node") || load_stays(l);
}

bool load_path(const struct line *l, struct path *p) {
  char text[XENSTORE_ABS_PATH_MAX + 1];
  if (!is_node(l) || l->count < 3 || l->field[2].size >= sizeof(text))
    return false;
  memcpy(text, l->field[2].text, l->field[2].size);
  text[l->field[2].size] = 0;
  return (text[0] == '/' || text[0] == '@') && strlen(text) == l->field[2].size &&
         path_resolve(p, 0, text);
}

bool load_node(struct store *s, const struct line *l) {
  struct path p;
  struct perms perms;
  struct name value = l->count == FIELDS_MAX ? l->field[3] : (struct name){"", 0};
  struct transaction t = {.store = s, .client = &s->owner};
  if (!load_path(l, &p) || !parse_perms(l->field[1], &perms))
    return false;
  if (!strcmp(p.text, s->introduce->name) || !strcmp(p.text, s->release->name)) {
    (p.text[1] == 'i' ? s->introduce : s->release)->perms = perms;
    return true;
  }
  enum xs_error e = transaction_write(&t, &p, value.text, value.size);
  if (!e)
    e = transaction_set_perms(&t, &p, &perms);
  if (!e)
    e = commit(&t);
  transaction_discard(&t);
  return !e;
}

/* --- All
 * ---------------------------------------------------------------------------------------------- */

static bool load_one(struct store *s, const struct line *l, bool nodes) {
  if (is_node(l))
    return !nodes || load_node(s, l);
  if (nodes)
    return true;
  if (field_is(l, 0, "client"))
    return load_client(s, l);
  if (field_is(l, 0, "privileged"))
    return load_privileged(s, l);
  if (field_is(l, 0, "keep"))
    return l->count == 3 && field_number(l, 1, UINT32_MAX, &s->keep_page) &&
           field_number(l, 2, UINT32_MAX, &s->keep_pages);
  return l->count == 1 && !l->field[0].size;
}

/* Clients first: nodes are charged to them. */
static unsigned load_all(struct store *s, bool nodes, unsigned *first) {
  struct line l;
  unsigned number = 0, bad = 0;
  for (size_t at = 0; load_line(s, &at, &l);) {
    number++;
    if (load_one(s, &l, nodes))
      continue;
    bad++;
    *first = *first && *first < number ? *first : number;
  }
  return bad;
}

static unsigned count_lines(const struct store *s, const char *word) {
  struct line l;
  unsigned n = 0;
  for (size_t at = 0; load_line(s, &at, &l);)
    n += field_is(&l, 0, word);
  return n;
}

unsigned store_load(struct store *s, const char *text, size_t size, unsigned *line) {
  *line = 0;
  s->text = text;
  s->text_size = size;
  s->clients = calloc(count_lines(s, "client") + 1, sizeof(*s->clients));
  s->initial = calloc(count_lines(s, "node") + count_lines(s, "stay") + 1, sizeof(*s->initial));
  if (!s->clients || !s->initial)
    return *line = 1;
  unsigned bad = load_all(s, false, line);
  bad += load_all(s, true, line);
  life_learn(s);
  return bad;
}

/* --- The empty store
 * ------------------------------------------------------------------------------------ */

static struct node *node_named(const char *name) {
  struct node *n = node_new((struct name){name, strlen(name)}, false);
  if (n)
    n->perms.count = 1; /* n0 */
  return n;
}

bool store_init(struct store *s, const struct store_quota *quota) {
  *s = (struct store){.quota = *quota, .owner = {.privileged = true}};
  s->root = node_named("");
  s->introduce = node_named("@introduceDomain");
  s->release = node_named("@releaseDomain");
  if (s->root && s->introduce && s->release) {
    s->root->generation = ++s->generation;
    s->root->list_generation = s->generation;
    return true;
  }
  store_free(s);
  return false;
}

void store_free(struct store *s) {
  for (unsigned i = 0; i < s->client_count; i++)
    connection_reset(s, &s->clients[i]);
  node_free(s->root);
  node_free(s->introduce);
  node_free(s->release);
  free(s->clients);
  free(s->initial);
  *s = (struct store){0};
}

struct client *store_client(struct store *s, uint16_t domid) {
  for (unsigned i = 0; i < s->client_count; i++)
    if (s->clients[i].domid == domid)
      return &s->clients[i];
  return NULL;
}
