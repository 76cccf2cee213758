/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channels of a system file: what is declared between two domains. The
 * numbers that the person left open (ports, addresses, disk names, MACs) are
 * chosen here; rules_channels.c judges the result.
 */
#ifndef SKERRY_CHANNELS_H
#define SKERRY_CHANNELS_H

#include <stdbool.h>

#include "schema.h"

#define CHANNEL_MAX        1024u           /* that a file lists */
#define CHANNEL_DISKS      26u             /* of one domain: xvda to xvdz */
#define CHANNEL_FIRST_PORT 2u              /* 0 is none, 1 the console's */
#define CHANNEL_MEMORY_END (1ull << 40)    /* guests' addresses of ranges end here */
#define CHANNEL_NONE       (~(unsigned)0u) /* no such domain */

struct channel {
  const yaml_node_t *node; /* the mapping under the kind; NULL: implied by a service */
  uint64_t kind;           /* enum manifest_channel_kind */
  char *front_name, *back_name;
  char *name;                     /* NULL: none given */
  char *source;                   /* DISK: what the back end opens; NULL: not given */
  char *bridge;                   /* NETWORK; NULL: not given */
  struct mac mac;                 /* NETWORK; zeroes: not given, until channels_resolve */
  bool read_only;                 /* DISK */
  bool reconnect;                 /* DISK: front keeps it when back ends */
  bool writable;                  /* MEMORY */
  uint64_t size, at;              /* MEMORY: at 0: not given; after channels_resolve: no room */
  uint64_t front_port, back_port; /* 0: not given; after channels_resolve: none, or none left */
  unsigned front, back;           /* from channels_find on: domain indices, or CHANNEL_NONE */
  unsigned device;                /* DISK: 0 for xvda and on; NETWORK: how many front had before */
};

struct channels {
  struct channel *list; /* owned */
  unsigned count;
};

struct system;
struct domain;

extern const struct schema channel_schema;

/* `list` is NULL where the file has none. */
void channels_from_tree(struct channels *c, struct yaml *y, const yaml_node_t *list);
void channels_free(struct channels *c);

/* Turns names into indices. */
void channels_find(struct system *s);

/* Adds what services imply, behind the others, and chooses what is open, for channels that were
 * found. The limits of domains that have none get their defaults. */
void channels_resolve(struct system *s);

/* The last step of it. */
void channels_place(struct system *s);

/* The word that the system file has for a kind. */
const char *channel_kind_word(uint64_t kind);
bool channel_has_ports(uint64_t kind);   /* bound from the start */
bool channel_needs_store(uint64_t kind); /* its ends find each other through one */
bool channel_has_grants(uint64_t kind);

/* The range that a domain keeps over its lives, or NULL. */
const struct channel *channels_keep_of(const struct system *s, unsigned domain);

/* The range of a disk whose `source` is `range:NAME`: the memory channel of that name of which
 * `back` is an end, `keep` for what it keeps over its lives. NULL: another source, or none of that
 * name. */
const struct channel *channels_range_of(const struct system *s, const struct channel *disk);
#define CHANNEL_RANGE "range:" /* how such a source begins */

/* The store of a domain, or CHANNEL_NONE. */
unsigned channels_store_of(const struct system *s, unsigned domain);

/* What a domain has at these guest-physical addresses, but for *except: a word for messages, with
 * its end in *end; NULL: nothing. */
const char *channels_occupant(const struct system *s, unsigned domain, uint64_t gpa, uint64_t size,
                              const struct channel *except, uint64_t *end);

/* A disk's place, 0 for `xvda`; CHANNEL_NONE: the name is none of a disk. */
unsigned channel_disk_place(const char *name);

#endif
