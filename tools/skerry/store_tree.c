/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a store: the nodes that Xen's tools would write for the same
 * devices (docs/misc/xenstore-paths.pandoc of Xen, and the comments of
 * xen/io/blkif.h and netif.h), in state 1, "initialising". Domain 0 owns what no
 * guest may change; nobody is domain 0 here.
 */
#include "store_tree.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../abi/manifest/manifest.h"

#define EACH_CHANNEL(c, s)                                                                         \
  for (const struct channel *c = (s)->channels.list; c < (s)->channels.list + (s)->channels.count; \
       c++)

/* Major number 202, 16 minors a disk; from the 17th on the extended form (xen/io/blkif.h and
 * docs/man/xen-vbd-interface.7 of Xen). */
#define VBD_NUMBER(place) ((place) < 16 ? 202u << 8 | (place) << 4 : 1u << 28 | (place) << 8)

static unsigned domid(unsigned domain) {
  return domain + 1;
}

/* A directory whose entries have its rights. */
struct place {
  struct buf *out;
  char path[96];
  char perms[24];
  bool stays; /* when the other end ends */
};

static void put(const struct place *p, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The entry, or with an empty name the directory itself. */
static void put(const struct place *p, const char *name, const char *format, ...) {
  char value[512];
  va_list args;
  va_start(args, format);
  vsnprintf(value, sizeof(value), format, args);
  va_end(args);
  buf_printf(p->out, "%s\t%s\t%s%s%s\t%s\n", p->stays ? "stay" : "node", p->perms, p->path,
             *name ? "/" : "", name, value);
}

static void set_perms(struct place *p, unsigned owner, unsigned reader) {
  snprintf(p->perms, sizeof(p->perms), "n%u,r%u", owner, reader);
}

/* --- devices --------------------------------------------------------------------------------- */

struct device_kind {
  uint64_t kind;
  const char *word;
};

static const struct device_kind device_kinds[] = {{MANIFEST_CHANNEL_DISK, "vbd"},
                                                  {MANIFEST_CHANNEL_NETWORK, "vif"}};

#define EACH_DEVICE_KIND(k)                                                                        \
  for (const struct device_kind *k = device_kinds;                                                 \
       k < device_kinds + sizeof(device_kinds) / sizeof(device_kinds[0]); k++)

static const char *kind_word(const struct channel *c) {
  return c->kind == MANIFEST_CHANNEL_DISK ? "vbd" : "vif";
}

static unsigned device_number(const struct channel *c) {
  return c->kind == MANIFEST_CHANNEL_DISK ? VBD_NUMBER(c->device) : c->device;
}

static struct place front_place(const struct channel *c, struct buf *out) {
  struct place p = {.out = out, .stays = c->reconnect};
  snprintf(p.path, sizeof(p.path), "/local/domain/%u/device/%s/%u", domid(c->front), kind_word(c),
           device_number(c));
  set_perms(&p, domid(c->front), domid(c->back));
  return p;
}

static struct place back_place(const struct channel *c, struct buf *out) {
  struct place p = {.out = out};
  snprintf(p.path, sizeof(p.path), "/local/domain/%u/backend/%s/%u/%u", domid(c->back),
           kind_word(c), domid(c->front), device_number(c));
  set_perms(&p, domid(c->back), domid(c->front));
  return p;
}

static void put_mac(const struct place *p, const struct channel *c) {
  const uint8_t *b = c->mac.byte;
  put(p, "mac", "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
  put(p, "handle", "%u", c->device);
}

static void put_front(const struct channel *c, struct buf *out) {
  struct place p = front_place(c, out);
  put(&p, "", "%s", "");
  put(&p, "backend", "%s", back_place(c, out).path);
  put(&p, "backend-id", "%u", domid(c->back));
  if (c->kind == MANIFEST_CHANNEL_DISK) {
    put(&p, "virtual-device", "%u", device_number(c));
    put(&p, "device-type", "disk");
  } else {
    put_mac(&p, c);
  }
  put(&p, "state", "1");
}

/* A range by its pages, which the back end cannot find by its name. */
static void put_source(const struct place *p, const struct channel *disk,
                       const struct channel *range) {
  if (range)
    put(p, "params", CHANNEL_RANGE "%" PRIu64 "+%" PRIu64, range->at / MANIFEST_PAGE,
        range->size / MANIFEST_PAGE);
  else if (disk->source)
    put(p, "params", "%s", disk->source);
}

static void put_back_disk(const struct system *s, const struct place *p, const struct channel *c) {
  put(p, "dev", "%s", c->name);
  put(p, "mode", "%s", c->read_only ? "r" : "w");
  put(p, "device-type", "disk");
  put(p, "removable", "0");
  put_source(p, c, channels_range_of(s, c));
}

/* Linux's back end refuses an interface without a script, and runs none itself. */
static void put_back_network(const struct place *p, const struct channel *c) {
  put_mac(p, c);
  put(p, "script", "vif-bridge");
  if (c->bridge)
    put(p, "bridge", "%s", c->bridge);
}

static void put_back(const struct system *s, const struct channel *c, struct buf *out) {
  struct place p = back_place(c, out);
  put(&p, "", "%s", "");
  put(&p, "frontend", "%s", front_place(c, out).path);
  put(&p, "frontend-id", "%u", domid(c->front));
  put(&p, "online", "1");
  if (c->kind == MANIFEST_CHANNEL_DISK)
    put_back_disk(s, &p, c);
  else
    put_back_network(&p, c);
  put(&p, "state", "1");
}

/* --- domains --------------------------------------------------------------------------------- */

static void put_fronts(const struct system *s, unsigned domain, struct place home) {
  EACH_DEVICE_KIND(k) {
    bool first = true;
    EACH_CHANNEL(c, s) {
      if (c->front != domain || c->kind != k->kind)
        continue;
      if (first)
        buf_printf(home.out, "node\t%s\t%s/device/%s\t\n", home.perms, home.path, k->word);
      first = false;
      put_front(c, home.out);
    }
  }
}

/* The devices of one kind that `domain` serves to `front`. */
static void put_backs_of(const struct system *s, unsigned domain, unsigned front,
                         const struct device_kind *k, const struct place *backend) {
  bool first = true;
  EACH_CHANNEL(c, s) {
    if (c->back != domain || c->front != front || c->kind != k->kind)
      continue;
    if (first)
      buf_printf(backend->out, "node\tn%u,r%u\t%s/%s/%u\t\n", domid(domain), domid(front),
                 backend->path, k->word, domid(front));
    first = false;
    put_back(s, c, backend->out);
  }
}

static bool serves(const struct system *s, unsigned domain, uint64_t kind) {
  EACH_CHANNEL(c, s) {
    if (c->back == domain && c->kind == kind)
      return true;
  }
  return false;
}

static void put_backs(const struct system *s, unsigned domain, struct buf *out) {
  struct place backend = {.out = out};
  snprintf(backend.path, sizeof(backend.path), "/local/domain/%u/backend", domid(domain));
  snprintf(backend.perms, sizeof(backend.perms), "n%u", domid(domain));
  put(&backend, "", "%s", "");
  EACH_DEVICE_KIND(k) {
    if (serves(s, domain, k->kind))
      put(&backend, k->word, "%s", "");
    for (unsigned front = 0; front < s->count; front++)
      put_backs_of(s, domain, front, k, &backend);
  }
}

/* What stock Linux reports there: it complains where it may not. */
static void put_own(const struct place *home, unsigned domain) {
  static const char *const own[] = {"control/shutdown",
                                    "control/feature-poweroff",
                                    "control/feature-reboot",
                                    "control/feature-suspend",
                                    "data",
                                    "error"};
  struct place p = *home;
  snprintf(p.perms, sizeof(p.perms), "n%u", domid(domain));
  for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
    put(&p, own[i], "%s", "");
}

static void put_cpus(const struct system *s, unsigned domain, const struct place *home) {
  put(home, "cpu", "%s", "");
  for (unsigned i = 0; i < s->domains[domain].vcpus; i++) {
    buf_printf(home->out, "node\t%s\t%s/cpu/%u\t\n", home->perms, home->path, i);
    buf_printf(home->out, "node\t%s\t%s/cpu/%u/availability\tonline\n", home->perms, home->path, i);
  }
}

static void put_domain(const struct system *s, unsigned domain, struct buf *out) {
  struct place home = {.out = out};
  snprintf(home.path, sizeof(home.path), "/local/domain/%u", domid(domain));
  set_perms(&home, 0, domid(domain));
  put(&home, "", "%s", "");
  put(&home, "name", "%s", s->domains[domain].name);
  put(&home, "domid", "%u", domid(domain));
  put(&home, "control", "%s", "");
  put_own(&home, domain);
  put_cpus(s, domain, &home);
  put(&home, "device", "%s", "");
  put_fronts(s, domain, home);
  if (serves(s, domain, MANIFEST_CHANNEL_DISK) || serves(s, domain, MANIFEST_CHANNEL_NETWORK))
    put_backs(s, domain, out);
}

void clients_build(const struct system *s, unsigned service, uint64_t kind, struct buf *out) {
  for (unsigned i = 0; i < s->count; i++)
    EACH_CHANNEL(c, s) {
      if (c->kind == kind && c->front == i && c->back == service)
        buf_printf(out, "client\t%u\t%" PRIu64 "\t%s\n", domid(i), c->back_port, c->front_name);
    }
}

void store_tree_build(const struct system *s, unsigned store, struct buf *out) {
  clients_build(s, store, MANIFEST_CHANNEL_STORE, out);
  const struct channel *keep = channels_keep_of(s, store);
  if (keep)
    buf_printf(out, "keep\t%" PRIu64 "\t%" PRIu64 "\n", keep->at / MANIFEST_PAGE,
               keep->size / MANIFEST_PAGE);
  buf_put_text(out, "node\tn0\t/local\t\nnode\tn0\t/local/domain\t\n");
  for (unsigned i = 0; i < s->count; i++)
    if (channels_store_of(s, i) == store)
      put_domain(s, i, out);
}
