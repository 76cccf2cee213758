/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of a back end under test: a store, grants and event channels that are variables, and
 * the front end's side of them, which may lie. Not a model of permissions: a test writes where it
 * wants.
 */
#ifndef TESTS_UNIT_BACKEND_WORLD_H
#define TESTS_UNIT_BACKEND_WORLD_H

#include <services/backend/ops.h>
#include <libos/ring.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

extern const struct backend_ops world_ops;

/* Empties everything. `event` takes the watches that fire. */
void world_reset(void (*event)(const char *path, const char *token));

/* The back end dies: its ports, mappings and watches are gone; store and grants stay. */
void world_kill_back_end(void);

/* The front end's domain dies: its ports and grants are gone. */
void world_kill_domain(uint16_t domid);

/* Delivers watches and events until none is left; asserts that this comes to an end. */
void world_run(void);

/* One event to each port that has one, as one turn of the loop. True if anything was there. */
bool world_turn(void);

/* --- The store ------------------------------------------------------------------ */

void store_put(const char *path, const char *value);
void store_put_number(const char *folder, const char *key, uint64_t value);
void store_remove(const char *path);     /* with all below it */
const char *store_get(const char *path); /* NULL: no such node */
void store_fire(const char *special);    /* "@releaseDomain" */
bool store_was_listed(const char *path); /* the last `frontend` by the back end */

/* --- Grants ---------------------------------------------------------------------- */

/* A page that `domid` grants; its address in *page. */
uint32_t grant_page(uint16_t domid, bool writable, void **page);
void grant_revoke(uint32_t ref);
unsigned grants_mapped(void);

/* Called in front of each copy call: the moment at which a front end changes its mind. */
extern void (*world_before_copy)(void);
extern unsigned world_copies; /* copies that were asked for */

/* --- Event channels ------------------------------------------------------------------ */

/* A port that `domid` left unbound for the back end. */
uint32_t port_alloc(uint16_t domid);
void port_send(uint32_t remote);         /* the front end sends */
unsigned port_received(uint32_t remote); /* how often it was notified */
unsigned ports_bound(void);
unsigned watches_held(void);

/* --- The front end's side of a ring ---------------------------------------------------- */

struct front_ring {
  struct ring_page *page;
  uint32_t ref;
  uint32_t size;    /* of an entry */
  uint32_t entries; /* a power of two */
  uint32_t sent, received;
};

void front_ring_init(struct front_ring *r, uint16_t domid, uint32_t size);
void front_put(struct front_ring *r, const void *request, size_t size);
void front_push(struct front_ring *r);
/* False if there is no response. */
bool front_get(struct front_ring *r, void *response, size_t size);

#endif
