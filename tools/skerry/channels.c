/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of channels, and the way from the tree to struct channels with what
 * services imply. channels_place.c chooses the numbers.
 */
#include "channels.h"

#include <stdlib.h>
#include <string.h>

#include "../../abi/manifest/manifest.h"
#include "system.h"

#define PAGE        4096ull

/* What a store keeps for each client: twice its quotas (docs/design/store.md), messages and the
 * initial tree's part; and the least that a half of its journal has. */
#define KEEP_CLIENT (2ull * 384 << 10)
#define KEEP_LEAST  (2ull * 64 << 10)

#define AT(member)  .offset = offsetof(struct channel, member)
#define NAME_MAX_31 .max = MANIFEST_NAME_SIZE - 1
#define FRONT                                                                                      \
  { "front", FIELD_NAME, true, NAME_MAX_31, AT(front_name) }
#define BACK                                                                                       \
  { "back", FIELD_NAME, true, NAME_MAX_31, AT(back_name) }
#define NAME                                                                                       \
  { "name", FIELD_NAME, NAME_MAX_31, AT(name) }

static const struct field disk_fields[] = {
    FRONT,
    BACK,
    NAME,
    {"source", FIELD_TEXT, .max = 255, AT(source)},
    {"read_only", FIELD_BOOL, AT(read_only)},
    {"reconnect", FIELD_BOOL, AT(reconnect)},
    {0},
};

static const struct field network_fields[] = {
    FRONT, BACK, {"mac", FIELD_MAC, AT(mac)}, {"bridge", FIELD_NAME, .max = 15, AT(bridge)}, {0},
};

static const struct field pair_fields[] = {FRONT, BACK, {0}};

static const struct field events_fields[] = {
    FRONT,
    BACK,
    NAME,
    {"front_port", FIELD_COUNT, .min = CHANNEL_FIRST_PORT, .max = 4095, AT(front_port)},
    {"back_port", FIELD_COUNT, .min = CHANNEL_FIRST_PORT, .max = 4095, AT(back_port)},
    {0},
};

static const struct field memory_fields[] = {
    {"owner", FIELD_NAME, true, NAME_MAX_31, AT(back_name)},
    {"borrower", FIELD_NAME, true, NAME_MAX_31, AT(front_name)},
    NAME,
    {"size", FIELD_SIZE, true, PAGE, 64ull << 30, AT(size)},
    {"writable", FIELD_BOOL, AT(writable)},
    {"at", FIELD_ADDRESS, .min = PAGE, .max = CHANNEL_MEMORY_END - PAGE, AT(at)},
    {0},
};

static const struct schema disk_schema = {.what = "a disk channel", .fields = disk_fields};
static const struct schema network_schema = {.what = "a network channel", .fields = network_fields};
static const struct schema console_schema = {.what = "a console channel", .fields = pair_fields};
static const struct schema store_schema = {.what = "a store channel", .fields = pair_fields};
static const struct schema events_schema = {.what = "an events channel", .fields = events_fields};
static const struct schema memory_schema = {.what = "a memory channel", .fields = memory_fields};

/* A kind stands at its number - 1. */
static const struct field kind_fields[] = {
    [MANIFEST_CHANNEL_EVENTS - 1] = {"events", FIELD_MAP, .inner = &events_schema},
    [MANIFEST_CHANNEL_MEMORY - 1] = {"memory", FIELD_MAP, .inner = &memory_schema},
    [MANIFEST_CHANNEL_DISK - 1] = {"disk", FIELD_MAP, .inner = &disk_schema},
    [MANIFEST_CHANNEL_NETWORK - 1] = {"network", FIELD_MAP, .inner = &network_schema},
    [MANIFEST_CHANNEL_CONSOLE - 1] = {"console", FIELD_MAP, .inner = &console_schema},
    [MANIFEST_CHANNEL_STORE - 1] = {"store", FIELD_MAP, .inner = &store_schema},
    {0},
};

const struct schema channel_schema = {.what = "a channel", .fields = kind_fields, .one_of = true};

const char *channel_kind_word(uint64_t kind) {
  return kind_fields[kind - 1].key;
}

bool channel_has_ports(uint64_t kind) {
  return kind == MANIFEST_CHANNEL_EVENTS || kind == MANIFEST_CHANNEL_CONSOLE ||
         kind == MANIFEST_CHANNEL_STORE;
}

bool channel_needs_store(uint64_t kind) {
  return kind == MANIFEST_CHANNEL_DISK || kind == MANIFEST_CHANNEL_NETWORK;
}

bool channel_has_grants(uint64_t kind) {
  return channel_needs_store(kind) || kind == MANIFEST_CHANNEL_CONSOLE ||
         kind == MANIFEST_CHANNEL_STORE;
}

static void take_channel(struct yaml *y, struct channel *c, const yaml_node_t *node) {
  while (!c->node)
    c->node = yaml_map_get(y, node, kind_fields[c->kind++].key);
  schema_fill(y, &channel_schema, node, c);
}

void channels_from_tree(struct channels *c, struct yaml *y, const yaml_node_t *list) {
  const yaml_node_item_t *start = list ? list->data.sequence.items.start : NULL;
  c->count = list ? (unsigned)(list->data.sequence.items.top - start) : 0;
  c->list = xcalloc(c->count, sizeof(struct channel));
  for (unsigned i = 0; i < c->count; i++) {
    take_channel(y, &c->list[i], yaml_at(y, start[i]));
  }
}

void channels_free(struct channels *c) {
  for (unsigned i = 0; i < c->count; i++) {
    struct channel *channel = &c->list[i];
    free(channel->front_name);
    free(channel->back_name);
    free(channel->name);
    free(channel->source);
    free(channel->bridge);
  }
  free(c->list);
  *c = (struct channels){0};
}

static unsigned find_domain(const struct system *s, const char *name) {
  for (unsigned i = 0; i < s->count; i++)
    if (!strcmp(s->domains[i].name, name))
      return i;
  return CHANNEL_NONE;
}

void channels_find(struct system *s) {
  for (unsigned i = 0; i < s->channels.count; i++) {
    struct channel *c = &s->channels.list[i];
    c->front = find_domain(s, c->front_name);
    c->back = find_domain(s, c->back_name);
  }
}

unsigned channels_store_of(const struct system *s, unsigned domain) {
  for (unsigned i = 0; i < s->channels.count; i++)
    if (s->channels.list[i].kind == MANIFEST_CHANNEL_STORE && s->channels.list[i].front == domain)
      return s->channels.list[i].back;
  return CHANNEL_NONE;
}

static bool wants_store(const struct system *s, unsigned domain) {
  for (unsigned i = 0; i < s->channels.count; i++) {
    const struct channel *c = &s->channels.list[i];
    if (channel_needs_store(c->kind) && (c->front == domain || c->back == domain))
      return channels_store_of(s, domain) == CHANNEL_NONE;
  }
  return false;
}

/* A domain that is the end of a disk or a network has a channel to the store. */
static void add_store_channels(struct system *s, unsigned store) {
  struct channels *c = &s->channels;
  struct channel *list = xcalloc(c->count + s->count, sizeof(*list));
  unsigned count = c->count;
  if (c->count)
    memcpy(list, c->list, c->count * sizeof(*list));
  for (unsigned i = 0; i < s->count; i++)
    if (i != store && wants_store(s, i)) {
      list[count] = (struct channel){.kind = MANIFEST_CHANNEL_STORE,
                                     .front_name = xstrdup(s->domains[i].name),
                                     .back_name = xstrdup(s->domains[store].name),
                                     .front = i,
                                     .back = store};
      count++;
    }
  free(c->list);
  *c = (struct channels){list, count};
}

static uint64_t keep_of_store(const struct system *s, unsigned store) {
  uint64_t size = KEEP_LEAST;
  for (unsigned i = 0; i < s->channels.count; i++)
    if (s->channels.list[i].kind == MANIFEST_CHANNEL_STORE && s->channels.list[i].back == store)
      size += KEEP_CLIENT;
  return size;
}

/* Memory that a domain keeps is a range that it owns and lends to itself: both ends are one. */
static void add_keeps(struct system *s) {
  struct channels *c = &s->channels;
  struct channel *list = xcalloc(c->count + s->count, sizeof(*list));
  if (c->count)
    memcpy(list, c->list, c->count * sizeof(*list));
  for (unsigned i = 0; i < s->count; i++) {
    struct domain *d = &s->domains[i];
    if (!d->keep && d->service == SERVICE_STORE && domain_may_restart(d))
      d->keep = keep_of_store(s, i);
    if (d->keep)
      list[c->count++] = (struct channel){.kind = MANIFEST_CHANNEL_MEMORY,
                                          .front_name = xstrdup(d->name),
                                          .back_name = xstrdup(d->name),
                                          .name = xstrdup("keep"),
                                          .size = d->keep,
                                          .front = i,
                                          .back = i};
  }
  free(c->list);
  c->list = list;
}

const struct channel *channels_keep_of(const struct system *s, unsigned domain) {
  for (unsigned i = 0; i < s->channels.count; i++)
    if (s->channels.list[i].front == domain && s->channels.list[i].back == domain)
      return &s->channels.list[i];
  return NULL;
}

const struct channel *channels_range_of(const struct system *s, const struct channel *disk) {
  size_t prefix = strlen(CHANNEL_RANGE);
  if (!disk->source || strncmp(disk->source, CHANNEL_RANGE, prefix))
    return NULL;
  for (unsigned i = 0; i < s->channels.count; i++) {
    const struct channel *c = &s->channels.list[i];
    if (c->kind == MANIFEST_CHANNEL_MEMORY && (c->front == disk->back || c->back == disk->back) &&
        c->name && !strcmp(c->name, disk->source + prefix))
      return c;
  }
  return NULL;
}

void channels_resolve(struct system *s) {
  for (unsigned i = 0; i < s->count; i++)
    if (s->domains[i].service == SERVICE_STORE) {
      add_store_channels(s, i);
      break;
    }
  add_keeps(s);
  channels_place(s);
}
