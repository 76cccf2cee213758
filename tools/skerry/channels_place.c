/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers that a system file leaves open: ports, addresses of shared ranges,
 * disk names, MACs, and limits of domains. Lowest first, in the order of the
 * list, around what the file gives; so the same file gives the same numbers. What finds no place is
 * left 0 for the rules to report.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../abi/guest_platform.h"
#include "../../abi/manifest/manifest.h"
#include "system.h"

#define MAX_PORTS       4096u
#define LARGE           (2ull << 20) /* ranges of so much are aligned to it */
#define GRANT_FRAMES    64u
#define MAPTRACK_DEVICE 4096u /* a disk's queues with all their requests, or a network's */
#define MAPTRACK_RING   16u

#define EACH_CHANNEL(c, s)                                                                         \
  for (struct channel *c = (s)->channels.list; c < (s)->channels.list + (s)->channels.count; c++)

/* --- ports ----------------------------------------------------------------------------------- */

typedef bool port_set[MAX_PORTS];

static uint64_t take_port(const struct system *s, port_set *taken, unsigned domain) {
  for (unsigned port = CHANNEL_FIRST_PORT; port < s->domains[domain].event_channels; port++)
    if (!taken[domain][port]) {
      taken[domain][port] = true;
      return port;
    }
  return 0;
}

/* A guest's console has port 1 whoever serves it. */
static void place_ports(struct system *s) {
  port_set *taken = xcalloc(s->count, sizeof(*taken));
  EACH_CHANNEL(c, s) {
    if (c->kind == MANIFEST_CHANNEL_CONSOLE)
      c->front_port = 1;
    taken[c->front][c->front_port] = taken[c->back][c->back_port] = true;
  }
  EACH_CHANNEL(c, s) {
    if (channel_has_ports(c->kind) && !c->front_port)
      c->front_port = take_port(s, taken, c->front);
    if (channel_has_ports(c->kind) && !c->back_port)
      c->back_port = take_port(s, taken, c->back);
  }
  free(taken);
}

/* --- shared memory --------------------------------------------------------------------------- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
  return b_size && a < b + b_size && b < a + a_size;
}

const char *channels_occupant(const struct system *s, unsigned domain, uint64_t gpa, uint64_t size,
                              const struct channel *except, uint64_t *end) {
  uint64_t memory = s->domains[domain].memory;
  uint64_t low = memory < GUEST_HOLE_START ? memory : GUEST_HOLE_START;
  const struct {
    uint64_t at, size;
    const char *what;
  } own[] = {{0, low, "RAM"},
             {GUEST_HOLE_END, memory - low, "RAM"},
             {GUEST_ACPI_BASE, GUEST_HOLE_END - GUEST_ACPI_BASE, "tables, rings and local APIC"}};
  for (unsigned i = 0; i < 3; i++)
    if (overlap(gpa, size, own[i].at, own[i].size)) {
      *end = own[i].at + own[i].size;
      return own[i].what;
    }
  EACH_CHANNEL(c, s) {
    if (c != except && c->kind == MANIFEST_CHANNEL_MEMORY && c->at &&
        (c->front == domain || c->back == domain) && overlap(gpa, size, c->at, c->size)) {
      *end = c->at + c->size;
      return "another shared range";
    }
  }
  return NULL;
}

/* The lowest address from the hole on that is free at both ends: there is no telling the two
 * views apart, so that pointers may stand in the range. */
static uint64_t find_room(const struct system *s, const struct channel *c) {
  uint64_t align = c->size >= LARGE ? LARGE : MANIFEST_PAGE, at = GUEST_HOLE_START, end = 0;
  while (channels_occupant(s, c->front, at, c->size, c, &end) ||
         channels_occupant(s, c->back, at, c->size, c, &end))
    at = (end + align - 1) & ~(align - 1);
  return at + c->size <= CHANNEL_MEMORY_END ? at : 0;
}

static void place_memory(struct system *s) {
  EACH_CHANNEL(c, s) {
    if (c->kind == MANIFEST_CHANNEL_MEMORY && !c->at)
      c->at = find_room(s, c);
  }
}

/* --- devices --------------------------------------------------------------------------------- */

unsigned channel_disk_place(const char *name) {
  if (strlen(name) != 4 || strncmp(name, "xvd", 3) || name[3] < 'a' || name[3] > 'z')
    return CHANNEL_NONE;
  return (unsigned)(name[3] - 'a');
}

static bool disk_name_taken(const struct system *s, unsigned front, const char *name) {
  EACH_CHANNEL(c, s) {
    if (c->kind == MANIFEST_CHANNEL_DISK && c->front == front && c->name && !strcmp(c->name, name))
      return true;
  }
  return false;
}

/* More disks than letters: the last name stands twice, which a rule reports. */
static void place_disk(const struct system *s, struct channel *c) {
  char name[] = "xvda";
  while (!c->name && name[3] < 'z' && disk_name_taken(s, c->front, name))
    name[3]++;
  if (!c->name)
    c->name = xstrdup(name);
  c->device = channel_disk_place(c->name);
}

/* 00:16:3e is the prefix that Xen's tools give to guests' interfaces. */
static void place_network(const struct system *s, struct channel *c) {
  static const struct mac none;
  uint8_t digest[SHA256_DIGEST_LENGTH];
  struct buf text = {0};
  for (const struct channel *o = s->channels.list; o < c; o++)
    c->device += o->kind == MANIFEST_CHANNEL_NETWORK && o->front == c->front;
  buf_printf(&text, "vif%u", c->device);
  if (!c->name)
    c->name = xstrdup(buf_text(&text));
  buf_printf(&text, "/%s/%s", s->name, c->front_name);
  SHA256(text.data, text.size, digest);
  buf_free(&text);
  if (!memcmp(&c->mac, &none, sizeof(none)))
    c->mac = (struct mac){{0x00, 0x16, 0x3E, digest[0], digest[1], digest[2]}};
}

static void place_devices(struct system *s) {
  EACH_CHANNEL(c, s) {
    if (c->kind == MANIFEST_CHANNEL_DISK)
      place_disk(s, c);
    if (c->kind == MANIFEST_CHANNEL_NETWORK)
      place_network(s, c);
  }
}

/* --- limits of domains ----------------------------------------------------------------------- */

static uint64_t maptrack_default(const struct system *s, unsigned domain) {
  uint64_t grants = 0;
  EACH_CHANNEL(c, s) {
    if (c->back == domain && channel_has_grants(c->kind))
      grants += channel_needs_store(c->kind) ? MAPTRACK_DEVICE : MAPTRACK_RING;
  }
  return grants < MANIFEST_MAX_MAPTRACK ? grants : MANIFEST_MAX_MAPTRACK;
}

static uint64_t grant_frames_default(const struct system *s, unsigned domain) {
  EACH_CHANNEL(c, s) {
    if (c->front == domain && channel_has_grants(c->kind))
      return GRANT_FRAMES;
  }
  return 0;
}

static void place_limits(struct system *s) {
  for (unsigned i = 0; i < s->count; i++) {
    struct domain *d = &s->domains[i];
    if (!d->grant_frames)
      d->grant_frames = grant_frames_default(s, i);
    if (!d->maptrack)
      d->maptrack = maptrack_default(s, i);
  }
}

void channels_place(struct system *s) {
  place_ports(s);
  place_memory(s);
  place_devices(s);
  place_limits(s);
}
