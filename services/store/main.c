/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a service: the engine's clients are the domains that its module names, each with the
 * ring page that entry GNTTAB_RESERVED_XENSTORE of its grant table lends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/xen/grant_table.h>
#include <libos/domain.h>
#include <libos/event.h>
#include <libos/page.h>

#include <services/clients/clients.h>

#include "store.h"

#define TURNS 16u /* before the other ports are looked at */

static struct store store;
static struct served *served; /* one for each client */

/* --- Ending on purpose: `end=N,...` on the command line, for tests. With so many records in its
 * journal since the machine's start, replies in rings and nobody told. ---------------------------
 */

static uint64_t asked[8];
static uint64_t seen; /* records when it was last looked */

static uint64_t records(void) {
  return store.journal.head ? store.journal.head->records : 0;
}

static void ends_learn(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *at = strncmp(argv[i], "end=", 4) ? NULL : argv[i] + 3;
    for (unsigned n = 0; at && *at && n < sizeof(asked) / sizeof(asked[0]); n++)
      asked[n] = strtoull(at + 1, &at, 10);
  }
}

static void end_if_asked(void) {
  uint64_t now = records();
  for (unsigned i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
    if (seen < asked[i] && now >= asked[i])
      panic("store: ends with %lu records, as it was told", (unsigned long)now);
  seen = now;
}

/* --- Serving -------------------------------------------------------------------------------------
 */

static void notify(void) {
  for (unsigned i = 0; i < store.client_count; i++)
    if (store.clients[i].notify) {
      store.clients[i].notify = false;
      (void)event_send(store.clients[i].port); /* a client that has just ended: its loss */
    }
}

static void serve(void) {
  bool more = true;
  for (unsigned i = 0; more && i < TURNS; i++) {
    more = store_turn(&store);
    end_if_asked();
    notify();
  }
  if (more)
    event_again(store.clients[0].port);
}

/* --- Lives
 * ---------------------------------------------------------------------------------------- */

static void joined(struct served *c) {
  store_connect(&store, c->arg, c->page, c->life);
}

static void left(struct served *c) {
  store_domain_ended(&store, c->domid);
}

static const struct clients_ops ops = {
    .service = "store",
    .ref = GNTTAB_RESERVED_XENSTORE,
    .joined = joined,
    .left = left,
    .work = serve,
};

/* --- Start
 * ----------------------------------------------------------------------------------------- */

static void load_tree(void) {
  size_t size;
  unsigned line;
  const char *text = domain_module(&size);
  if (!text || !store_init(&store, &store_quota_default))
    panic("store: no tree, or no memory for it");
  unsigned bad = store_load(&store, text, size, &line);
  if (bad)
    printf("store: %u lines of the tree cannot be used, the first is line %u\n", bad, line);
}

static enum store_kept keep_tree(void) {
  uint64_t at = (uint64_t)store.keep_page * PAGE_SIZE;
  return store_keep(&store, (void *)at, (size_t)store.keep_pages * PAGE_SIZE);
}

static void load(void) {
  static const char *const said[] = {
      [STORE_KEPT_NONE] = "keeps nothing over its end: too little memory is set aside",
      [STORE_KEPT_NEW] = "keeps its tree over its end",
      [STORE_KEPT_ALL] = "goes on with the tree that it had",
      [STORE_KEPT_DAMAGED] = "begins anew: what it kept is damaged",
  };
  load_tree();
  if (store.keep_pages) {
    page_map((uint64_t)store.keep_page * PAGE_SIZE, store.keep_pages);
    enum store_kept kept = keep_tree();
    printf("store: %s\n", said[kept]);
    if (kept == STORE_KEPT_DAMAGED) {
      store_free(&store);
      load_tree();
      (void)keep_tree();
    }
  }
  seen = records(); /* the ends before these are done */
  served = calloc(store.client_count + 1, sizeof(*served));
  if (!served)
    panic("store: no memory");
}

int main(int argc, char **argv) {
  ends_learn(argc, argv);
  load();
  for (unsigned i = 0; i < store.client_count; i++) {
    struct client *c = &store.clients[i];
    served[i] = (struct served){.name = c->name, .domid = c->domid, .port = c->port, .arg = c};
    served[i].life = c->connected ? c->life : 0;
  }
  clients_start(served, store.client_count, &ops);
  printf("store: serves %u domains\n", store.client_count);
  event_loop();
  return 0;
}
