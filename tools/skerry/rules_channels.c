/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of channels: what two ends, and all channels of a domain together,
 * may be. They run on what channels_resolve made.
 */
#include <inttypes.h>
#include <string.h>

#include "../../abi/manifest/manifest.h"
#include "layout.h"
#include "rules.h"
#include "value.h"

#define EACH_CHANNEL(o, c)                                                                         \
  for (const struct channel *o = (c)->system->channels.list;                                       \
       o < (c)->system->channels.list + (c)->system->channels.count; o++)

static const struct domain *front_of(const struct rule_check *c, const struct channel *o) {
  return &c->system->domains[o->front];
}

static const struct domain *back_of(const struct rule_check *c, const struct channel *o) {
  return &c->system->domains[o->back];
}

/* The place of a key, else of the channel, else of the domain that a service gave it to. */
static struct mark channel_mark(const struct rule_check *c, const struct channel *o,
                                const char *key) {
  const yaml_node_t *value = yaml_map_get(c->yaml, o->node, key);
  if (!o->node)
    return yaml_mark(front_of(c, o)->node);
  return yaml_mark(value ? value : o->node);
}

static void say_unknown(struct rule_check *c, const struct channel *channel, bool front) {
  bool memory = channel->kind == MANIFEST_CHANNEL_MEMORY;
  const char *key = front ? (memory ? "borrower" : "front") : memory ? "owner" : "back";
  if ((front ? channel->front : channel->back) == CHANNEL_NONE)
    diag_add(c->diag, yaml_mark(yaml_map_get(c->yaml, channel->node, key)),
             "no domain is called `%s`", front ? channel->front_name : channel->back_name);
}

static void rule_channel_domain(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    say_unknown(c, o, true);
    say_unknown(c, o, false);
  }
}

static void rule_channel_ends(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->front == o->back && o->front != CHANNEL_NONE)
      diag_add(c->diag, yaml_mark(o->node), "both ends are `%s`: a channel joins two domains",
               o->front_name);
  }
}

/* --- the store ------------------------------------------------------------------------------- */

static bool is_store(const struct rule_check *c, unsigned domain) {
  return c->system->domains[domain].service == SERVICE_STORE;
}

static void rule_channel_store(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (!channel_needs_store(o->kind) || is_store(c, o->front) || is_store(c, o->back))
      continue;
    unsigned store = channels_store_of(c->system, o->front);
    if (store == CHANNEL_NONE || store != channels_store_of(c->system, o->back))
      diag_add(c->diag, channel_mark(c, o, ""),
               "`%s` and `%s` need the same store to set up a %s: give a domain `service: store`",
               o->front_name, o->back_name, channel_kind_word(o->kind));
  }
}

static void rule_channel_of_store(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (channel_needs_store(o->kind) && (is_store(c, o->front) || is_store(c, o->back)))
      diag_add(c->diag, channel_mark(c, o, ""),
               "`%s` is the store, which a %s is set up through: it cannot be an end of it",
               is_store(c, o->front) ? o->front_name : o->back_name, channel_kind_word(o->kind));
  }
}

/* --- one of a kind --------------------------------------------------------------------------- */

static const struct channel *first_like(const struct rule_check *c, const struct channel *o,
                                        bool (*like)(const struct channel *a,
                                                     const struct channel *b)) {
  EACH_CHANNEL(first, c) {
    if (first == o || (first->kind == o->kind && like(first, o)))
      return first == o ? NULL : first;
  }
  return NULL;
}

static bool same_front(const struct channel *a, const struct channel *b) {
  return a->front == b->front;
}

static void rule_channel_once(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->kind != MANIFEST_CHANNEL_CONSOLE && o->kind != MANIFEST_CHANNEL_STORE)
      continue;
    const struct channel *first = first_like(c, o, same_front);
    if (first)
      diag_add(c->diag, channel_mark(c, o, ""), "`%s` has a %s already: that of `%s`",
               o->front_name, channel_kind_word(o->kind), first->back_name);
  }
}

static bool same_disk(const struct channel *a, const struct channel *b) {
  return a->front == b->front && !strcmp(a->name, b->name);
}

static void rule_disk_once(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->kind == MANIFEST_CHANNEL_DISK && first_like(c, o, same_disk))
      diag_add(c->diag, channel_mark(c, o, "name"), "`%s` has a disk `%s` already", o->front_name,
               o->name);
  }
}

static void rule_disk_name(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->kind == MANIFEST_CHANNEL_DISK && o->device == CHANNEL_NONE)
      diag_add(c->diag, channel_mark(c, o, "name"), "`%s` is no disk: they are xvda to xvdz",
               o->name);
  }
}

/* It becomes a node of the store, whose values are kept printable. */
static void rule_disk_source(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    for (const char *p = o->source ? o->source : ""; *p; p++)
      if (*p < ' ' || *p > '~') {
        diag_add(c->diag, channel_mark(c, o, "source"), "`source` takes printable ASCII");
        break;
      }
  }
}

static void rule_disk_range(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    bool range = o->source && !strncmp(o->source, CHANNEL_RANGE, strlen(CHANNEL_RANGE));
    if (range && !channels_range_of(c->system, o))
      diag_add(c->diag, channel_mark(c, o, "source"),
               "`%s` is no end of a memory channel `%s`: see `name`, or `keep` of a domain",
               o->back_name, o->source + strlen(CHANNEL_RANGE));
  }
}

/* Else each write would be an error at run time. */
static void rule_disk_range_writable(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    const struct channel *range = channels_range_of(c->system, o);
    if (range && !o->read_only && range->back != o->back && !range->writable)
      diag_add(
          c->diag, channel_mark(c, o, "source"),
          "`%s` may not write to `%s`: give the disk `read_only: true` or the memory `writable: "
          "true`",
          o->back_name, range->name);
  }
}

/* Front would wait for ever. */
static void rule_disk_reconnect(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->reconnect && back_of(c, o)->on_crash != MANIFEST_ACTION_RESTART)
      diag_add(c->diag, channel_mark(c, o, "reconnect"),
               "`%s` does not come back: `reconnect` needs its `on_crash: restart`", o->back_name);
  }
}

static bool same_mac(const struct channel *a, const struct channel *b) {
  return !memcmp(&a->mac, &b->mac, sizeof(a->mac));
}

static void rule_network_mac(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->kind != MANIFEST_CHANNEL_NETWORK)
      continue;
    const struct channel *first = first_like(c, o, same_mac);
    if (first)
      diag_add(c->diag, channel_mark(c, o, "mac"),
               "%02x:%02x:%02x:%02x:%02x:%02x is an interface of `%s` already", o->mac.byte[0],
               o->mac.byte[1], o->mac.byte[2], o->mac.byte[3], o->mac.byte[4], o->mac.byte[5],
               first->front_name);
  }
}

static void rule_channel_console(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->kind == MANIFEST_CHANNEL_CONSOLE && !front_of(c, o)->console)
      diag_add(c->diag, channel_mark(c, o, "front"), "`%s` has no console: see line %u",
               o->front_name, domain_mark(c->yaml, front_of(c, o), "console").line);
  }
}

/* The keyboard is the hypervisor's to give to those whose consoles it serves. */
static void rule_console_served(struct rule_check *c) {
  const yaml_node_t *machine = yaml_map_get(c->yaml, yaml_root(c->yaml), "machine");
  EACH_CHANNEL(o, c) {
    if (o->kind == MANIFEST_CHANNEL_CONSOLE && c->system->console &&
        !strcmp(c->system->console, o->front_name))
      diag_add(c->diag, yaml_mark(yaml_map_get(c->yaml, machine, "console")),
               "the console of `%s` goes to `%s`: see line %u", o->front_name, o->back_name,
               channel_mark(c, o, "").line);
  }
}

/* --- ports ----------------------------------------------------------------------------------- */

static void check_port(struct rule_check *c, const struct channel *o, const char *key,
                       const struct domain *d, uint64_t port) {
  if (yaml_map_get(c->yaml, o->node, key) && port >= d->event_channels)
    diag_add(c->diag, channel_mark(c, o, key),
             "port %" PRIu64 ": `%s` has %" PRIu64 " event channels, numbered from 0", port,
             d->name, d->event_channels);
}

static void rule_port_range(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    check_port(c, o, "front_port", front_of(c, o), o->front_port);
    check_port(c, o, "back_port", back_of(c, o), o->back_port);
  }
}

static bool uses_port(const struct channel *o, unsigned domain, uint64_t port) {
  return (o->front == domain && o->front_port == port) ||
         (o->back == domain && o->back_port == port);
}

/* The chosen ports go around those of the file, so two that are given collide. */
static void check_port_once(struct rule_check *c, const struct channel *o, const char *key,
                            unsigned domain, uint64_t port) {
  EACH_CHANNEL(first, c) {
    if (first == o || !yaml_map_get(c->yaml, o->node, key))
      return;
    if (uses_port(first, domain, port)) {
      diag_add(c->diag, channel_mark(c, o, key), "port %" PRIu64 " of `%s` is taken: see line %u",
               port, c->system->domains[domain].name, channel_mark(c, first, "").line);
      return;
    }
  }
}

static void rule_port_once(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    check_port_once(c, o, "front_port", o->front, o->front_port);
    check_port_once(c, o, "back_port", o->back, o->back_port);
  }
}

static void rule_port_left(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (!channel_has_ports(o->kind) || (o->front_port && o->back_port))
      continue;
    const struct domain *d = o->front_port ? back_of(c, o) : front_of(c, o);
    diag_add(c->diag, channel_mark(c, o, ""),
             "no port is left for this channel: `%s` has %" PRIu64 " event channels", d->name,
             d->event_channels);
  }
}

/* --- memory ---------------------------------------------------------------------------------- */

static void rule_memory_end(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->kind != MANIFEST_CHANNEL_MEMORY || !o->at || o->at + o->size <= CHANNEL_MEMORY_END)
      continue;
    diag_add(c->diag, channel_mark(c, o, "at"),
             "the range ends at 0x%" PRIx64 ": guests' addresses end at 0x%" PRIx64 " (1 TiB)",
             o->at + o->size, (uint64_t)CHANNEL_MEMORY_END);
  }
}

static bool check_range(struct rule_check *c, const struct channel *o, unsigned domain) {
  uint64_t end;
  const char *what = channels_occupant(c->system, domain, o->at, o->size, o, &end);
  if (what)
    diag_add(c->diag, channel_mark(c, o, "at"),
             "0x%" PRIx64 " to 0x%" PRIx64 " is not free: `%s` has %s there", o->at,
             o->at + o->size - 1, c->system->domains[domain].name, what);
  return !what;
}

static void rule_memory_overlap(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    bool given = o->kind == MANIFEST_CHANNEL_MEMORY && yaml_map_get(c->yaml, o->node, "at");
    if (given && check_range(c, o, o->back))
      check_range(c, o, o->front);
  }
}

static void rule_memory_room(struct rule_check *c) {
  EACH_CHANNEL(o, c) {
    if (o->kind == MANIFEST_CHANNEL_MEMORY && !o->at)
      diag_add(c->diag, channel_mark(c, o, "size"),
               "no room is left below 1 TiB for %s in both `%s` and `%s`", value_size_text(o->size),
               o->back_name, o->front_name);
  }
}

static void rule_memory_ranges(struct rule_check *c) {
  for (unsigned i = 0; i < c->system->count; i++) {
    unsigned count = 0;
    EACH_CHANNEL(o, c) {
      count += o->kind == MANIFEST_CHANNEL_MEMORY && (o->front == i || o->back == i);
      if (o->kind == MANIFEST_CHANNEL_MEMORY && (o->front == i || o->back == i) &&
          count == LAYOUT_MAX_SHARED + 1)
        diag_add(c->diag, channel_mark(c, o, ""), "`%s` has more than %u shared ranges",
                 c->system->domains[i].name, LAYOUT_MAX_SHARED);
    }
  }
}

const struct rule rules_channels[] = {
    {"channel-domain", RULE_SYSTEM, rule_channel_domain},
    {"channel-ends", RULE_SYSTEM, rule_channel_ends},
    {"channel-store", RULE_CHANNEL, rule_channel_store},
    {"channel-of-store", RULE_CHANNEL, rule_channel_of_store},
    {"channel-once", RULE_CHANNEL, rule_channel_once},
    {"channel-console", RULE_CHANNEL, rule_channel_console},
    {"console-served", RULE_CHANNEL, rule_console_served},
    {"disk-once", RULE_CHANNEL, rule_disk_once},
    {"disk-name", RULE_CHANNEL, rule_disk_name},
    {"disk-source", RULE_CHANNEL, rule_disk_source},
    {"disk-range", RULE_CHANNEL, rule_disk_range},
    {"disk-range-writable", RULE_CHANNEL, rule_disk_range_writable},
    {"disk-reconnect", RULE_CHANNEL, rule_disk_reconnect},
    {"network-mac", RULE_CHANNEL, rule_network_mac},
    {"port-range", RULE_CHANNEL, rule_port_range},
    {"port-once", RULE_CHANNEL, rule_port_once},
    {"port-left", RULE_CHANNEL, rule_port_left},
    {"memory-end", RULE_CHANNEL, rule_memory_end},
    {"memory-overlap", RULE_CHANNEL, rule_memory_overlap},
    {"memory-room", RULE_CHANNEL, rule_memory_room},
    {"memory-ranges", RULE_CHANNEL, rule_memory_ranges},
    {0},
};
