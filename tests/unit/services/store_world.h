/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's engine with clients on rings in plain memory: one that behaves, and means to let it
 * misbehave.
 */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <store/engine.h>

#define CLIENTS    4u /* domains 1 to 4 */
#define EVENTS_MAX 600u

struct answer {
  struct xsd_sockmsg header;
  char data[XENSTORE_PAYLOAD_MAX + 1]; /* a zero behind it */
};

struct peer {
  struct client *client;
  uint64_t lives; /* behind it */
  struct xenstore_domain_interface ring;
  struct answer events[EVENTS_MAX];
  unsigned event_count;
};

extern struct store store;
extern struct peer peers[CLIENTS + 1]; /* by domain number; 0 is not used */

/* -1: never; else so many allocations from now one fails, and every later one. */
extern long memory_left;

/* An initial tree for domains 1 to 4: their homes, /shared (everybody may do anything) and /secret
 * (nobody); 4 is privileged if `privileged`. A vif of domain 1 with its back end in domain 2. */
void world_start(const struct store_quota *quota, bool privileged);
void world_text(const char *text); /* another tree; after world_start's quota */
void world_end(void);

/* Keeps the store in so many bytes from now on. */
void world_keep(size_t size);
extern _Alignas(8) char kept[1 << 20];

/* -1: never; else so many steps of the journal from now the store ends there and then, and comes
 * back: a step is just before or just behind the end of a record. */
extern long until_end;
extern unsigned restarts;
void world_restart(void);

/* Turns until nothing moves. */
void settle(void);

void ring_send(struct peer *p, const void *bytes, size_t size); /* as much as there is room for */
size_t ring_take(struct peer *p, void *to, size_t size);        /* what is there, at most size */

/* Sends a message and reads until its reply; events that come go to `events`. */
const struct answer *ask(unsigned domid, uint32_t type, uint32_t tx, const void *data, size_t size);
/* With a string, its end included. */
const struct answer *ask_text(unsigned domid, uint32_t type, uint32_t tx, const char *text);
#define ask_bytes(domid, type, tx, literal) ask(domid, type, tx, literal, sizeof(literal) - 1)

/* Asserts on the answer: the error's name, or what the data is. */
void is_error(const struct answer *a, const char *name);
void is_data(const struct answer *a, const void *data, size_t size);
#define is_text(a, literal) is_data(a, literal, sizeof(literal) - 1)
#define is_ok(a)            is_text(a, "OK\0")

/* Reads what the client has been told, and asserts that these are the events (path|token), in
 * order; then forgets them. */
void events_are(unsigned domid, unsigned count, const char *const *expected);
#define told(domid, ...)                                                                           \
  events_are(domid, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                        \
             (const char *[]){__VA_ARGS__})
#define told_nothing(domid) events_are(domid, 0, NULL)

uint32_t start(unsigned domid);                                         /* a transaction */
const struct answer *end(unsigned domid, uint32_t tx, const char *how); /* "T" or "F" */

/* What is charged is what is there. */
void accounts_hold(void);

uint32_t rnd(uint32_t below);

#endif
