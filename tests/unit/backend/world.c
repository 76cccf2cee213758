// SPDX-License-Identifier: Apache-2.0
// A store, grants and event channels as variables. What the back end must not do (a copy across a
// page, an unmap of what is not mapped) is asserted here, for every test.
#include "world.h"
#include <stdio.h>
#include <stdlib.h>

enum { NODES = 512, WATCHES = 64, EVENTS = 2048, GRANTS = 1024, PORTS = 64, TEXT = 128 };

struct node {
  char path[TEXT], value[TEXT];
};

struct watch {
  char path[TEXT], token[32];
};

struct grant {
  uint16_t domid;
  bool there, writable;
  unsigned mapped;
  uint8_t *page;
};

struct port {
  uint16_t domid;
  bool there, bound, pending;
  unsigned received;
  void (*fired)(uint32_t port, void *owner);
  void *owner;
};

static struct node nodes[NODES];
static struct watch watches[WATCHES], events[EVENTS];
static unsigned event_count;
static struct grant grants[GRANTS];
static struct port ports[PORTS]; // local and remote number are the same
static void (*on_event)(const char *path, const char *token);
void (*world_before_copy)(void);
unsigned world_copies;

// --- The store --------------------------------------------------------------------

static bool is_below(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static void queue_event(const char *path, const char *token) {
  assert_true(event_count < EVENTS);
  snprintf(events[event_count].path, TEXT, "%s", path);
  snprintf(events[event_count].token, sizeof(events[0].token), "%s", token);
  event_count++;
}

void store_fire(const char *path) {
  for (struct watch *w = watches; w < watches + WATCHES; w++)
    if (w->path[0] && is_below(path, w->path))
      queue_event(path, w->token);
}

static struct node *find_node(const char *path) {
  for (struct node *n = nodes; n < nodes + NODES; n++)
    if (!strcmp(n->path, path))
      return n;
  return NULL;
}

void store_put(const char *path, const char *value) {
  struct node *n = find_node(path);
  n = n ? n : find_node("");
  assert_non_null(n);
  snprintf(n->path, TEXT, "%s", path);
  snprintf(n->value, TEXT, "%s", value);
  store_fire(path);
}

void store_put_number(const char *folder, const char *key, uint64_t value) {
  char path[TEXT], text[32];
  snprintf(path, TEXT, "%s/%s", folder, key);
  snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
  store_put(path, text);
}

void store_remove(const char *path) {
  for (struct node *n = nodes; n < nodes + NODES; n++)
    if (n->path[0] && is_below(n->path, path))
      n->path[0] = '\0';
  store_fire(path);
}

const char *store_get(const char *path) {
  struct node *n = find_node(path);
  return n ? n->value : NULL;
}

static bool world_read(const char *path, char *value, size_t size) {
  const char *found = store_get(path);
  if (!found || strlen(found) >= size)
    return false;
  strcpy(value, found);
  return true;
}

static bool world_write(const char *path, const char *value) {
  store_put(path, value);
  return true;
}

static bool is_listed(const char *names, size_t bytes, const char *name) {
  for (const char *p = names; p < names + bytes; p += strlen(p) + 1)
    if (!strcmp(p, name))
      return true;
  return false;
}

static char listed[TEXT]; // the last of what no scan lists

bool store_was_listed(const char *path) {
  return !strcmp(listed, path);
}

static size_t world_list(const char *path, char *names, size_t size) {
  if (strstr(path, "/frontend"))
    snprintf(listed, sizeof(listed), "%s", path);
  size_t bytes = 0, skip = strlen(path) + 1;
  for (struct node *n = nodes; n < nodes + NODES; n++) {
    char name[TEXT];
    if (!is_below(n->path, path) || strlen(n->path) < skip)
      continue;
    snprintf(name, TEXT, "%.*s", (int)strcspn(n->path + skip, "/"), n->path + skip);
    if (is_listed(names, bytes, name))
      continue;
    if (bytes + strlen(name) + 1 > size)
      return 0;
    strcpy(names + bytes, name);
    bytes += strlen(name) + 1;
  }
  return bytes;
}

static bool world_watch(const char *path, const char *token) {
  for (struct watch *w = watches; w < watches + WATCHES; w++)
    if (!w->path[0]) {
      snprintf(w->path, TEXT, "%s", path);
      snprintf(w->token, sizeof(w->token), "%s", token);
      queue_event(path, token); // a watch fires at its start
      return true;
    }
  return false;
}

static void world_unwatch(const char *path, const char *token) {
  for (struct watch *w = watches; w < watches + WATCHES; w++)
    if (!strcmp(w->path, path) && !strcmp(w->token, token)) {
      w->path[0] = '\0';
      return;
    }
  fail_msg("no watch on %s", path);
}

unsigned watches_held(void) {
  unsigned held = 0;
  for (unsigned i = 0; i < WATCHES; i++)
    held += watches[i].path[0] != '\0';
  return held;
}

// --- Grants ---------------------------------------------------------------------------

uint32_t grant_page(uint16_t domid, bool writable, void **page) {
  for (uint32_t ref = 8; ref < GRANTS; ref++)
    if (!grants[ref].page) {
      uint8_t *bytes = aligned_alloc(BACKEND_PAGE, BACKEND_PAGE);
      memset(bytes, 0, BACKEND_PAGE);
      grants[ref] =
          (struct grant){.domid = domid, .there = true, .writable = writable, .page = bytes};
      *page = bytes;
      return ref;
    }
  fail_msg("no grant left");
  return 0;
}

void grant_revoke(uint32_t ref) {
  grants[ref].there = false;
}

unsigned grants_mapped(void) {
  unsigned mapped = 0;
  for (unsigned i = 0; i < GRANTS; i++)
    mapped += grants[i].mapped;
  return mapped;
}

static void *world_map(uint16_t domid, uint32_t ref) {
  if (ref >= GRANTS || !grants[ref].there || grants[ref].domid != domid || !grants[ref].writable)
    return NULL;
  grants[ref].mapped++;
  return grants[ref].page;
}

static void world_unmap(void *page) {
  for (unsigned i = 0; i < GRANTS; i++)
    if (grants[i].page == page && grants[i].mapped) {
      grants[i].mapped--;
      return;
    }
  fail_msg("unmap of what is not mapped");
}

static void copy_one(struct backend_copy *c) {
  assert_true(c->length && c->length <= BACKEND_PAGE);
  assert_true((uintptr_t)c->own % BACKEND_PAGE + c->length <= BACKEND_PAGE);
  struct grant *g = c->gref < GRANTS ? &grants[c->gref] : &grants[0];
  c->failed = !g->there || g->domid != c->domid || (c->to_client && !g->writable) ||
              c->offset + c->length > (int)BACKEND_PAGE;
  if (c->failed)
    return;
  if (c->to_client)
    memcpy(g->page + c->offset, c->own, c->length);
  else
    memcpy(c->own, g->page + c->offset, c->length);
}

static void world_copy(struct backend_copy *copies, unsigned count) {
  assert_true(count > 0);
  if (world_before_copy)
    world_before_copy();
  for (unsigned i = 0; i < count; i++)
    copy_one(&copies[i]);
  world_copies += count;
}

// --- Event channels -----------------------------------------------------------------------

uint32_t port_alloc(uint16_t domid) {
  for (uint32_t i = 1; i < PORTS; i++)
    if (!ports[i].there && !ports[i].bound) {
      ports[i] = (struct port){.domid = domid, .there = true};
      return i;
    }
  fail_msg("no port left");
  return 0;
}

void port_send(uint32_t remote) {
  ports[remote].pending = true;
}

unsigned port_received(uint32_t remote) {
  return ports[remote].received;
}

unsigned ports_bound(void) {
  unsigned bound = 0;
  for (unsigned i = 0; i < PORTS; i++)
    bound += ports[i].bound;
  return bound;
}

static bool world_bind(uint16_t domid, uint32_t remote, void (*fired)(uint32_t port, void *owner),
                       void *owner, uint32_t *port) {
  if (remote >= PORTS || !ports[remote].there || ports[remote].bound ||
      ports[remote].domid != domid)
    return false;
  struct port *p = &ports[remote];
  p->bound = p->pending = true;
  p->fired = fired;
  p->owner = owner;
  *port = remote;
  return true;
}

static void world_unbind(uint32_t port) {
  assert_true(ports[port].bound);
  ports[port].bound = ports[port].pending = false;
}

static bool world_is_bound(uint32_t port) {
  return ports[port].bound && ports[port].there;
}

static void world_notify(uint32_t port) {
  assert_true(ports[port].bound);
  ports[port].received++;
}

static void world_again(uint32_t port) {
  assert_true(ports[port].bound);
  ports[port].pending = true;
}

static void world_log(const char *line) {
  (void)line;
}

const struct backend_ops world_ops = {
    .map = world_map,
    .unmap = world_unmap,
    .copy = world_copy,
    .bind = world_bind,
    .unbind = world_unbind,
    .is_bound = world_is_bound,
    .notify = world_notify,
    .again = world_again,
    .read = world_read,
    .write = world_write,
    .list = world_list,
    .watch = world_watch,
    .unwatch = world_unwatch,
    .log = world_log,
};

// --- Life ---------------------------------------------------------------------------------

void world_reset(void (*event)(const char *path, const char *token)) {
  for (unsigned i = 0; i < GRANTS; i++)
    free(grants[i].page);
  memset(grants, 0, sizeof(grants));
  memset(nodes, 0, sizeof(nodes));
  memset(watches, 0, sizeof(watches));
  memset(ports, 0, sizeof(ports));
  event_count = 0;
  world_copies = 0;
  world_before_copy = NULL;
  on_event = event;
}

void world_kill_back_end(void) {
  memset(watches, 0, sizeof(watches));
  event_count = 0;
  for (unsigned i = 0; i < PORTS; i++)
    ports[i].bound = ports[i].pending = false;
  for (unsigned i = 0; i < GRANTS; i++)
    grants[i].mapped = 0;
}

void world_kill_domain(uint16_t domid) {
  for (unsigned i = 0; i < PORTS; i++)
    if (ports[i].domid == domid)
      ports[i].there = false;
  for (unsigned i = 0; i < GRANTS; i++)
    if (grants[i].domid == domid)
      grants[i].there = false;
}

bool world_turn(void) {
  bool any = false;
  for (uint32_t i = 0; i < PORTS; i++)
    if (ports[i].bound && ports[i].pending) {
      ports[i].pending = false;
      ports[i].fired(i, ports[i].owner);
      any = true;
    }
  return any;
}

void world_run(void) {
  for (unsigned turns = 0; turns < 10000; turns++) {
    struct watch event;
    if (event_count) {
      event = events[0];
      memmove(events, events + 1, --event_count * sizeof(events[0]));
      on_event(event.path, event.token);
    } else if (!world_turn()) {
      return;
    }
  }
  fail_msg("the back end never comes to rest");
}

// --- The front end's side of a ring ----------------------------------------------------------

void front_ring_init(struct front_ring *r, uint16_t domid, uint32_t size) {
  void *page;
  *r = (struct front_ring){.size = size, .entries = 1};
  r->ref = grant_page(domid, true, &page);
  r->page = page;
  r->page->req_event = r->page->rsp_event = 1;
  while (2 * r->entries * size <= BACKEND_PAGE - sizeof(struct ring_page))
    r->entries *= 2;
}

static uint8_t *front_entry(const struct front_ring *r, uint32_t index) {
  return r->page->entry + index % r->entries * r->size;
}

void front_put(struct front_ring *r, const void *request, size_t size) {
  memcpy(front_entry(r, r->sent++), request, size);
}

void front_push(struct front_ring *r) {
  r->page->req_prod = r->sent;
}

bool front_get(struct front_ring *r, void *response, size_t size) {
  if (r->received == r->page->rsp_prod)
    return false;
  memcpy(response, front_entry(r, r->received++), size);
  r->page->rsp_event = r->received + 1;
  return true;
}
