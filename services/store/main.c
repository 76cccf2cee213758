/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a service: the engine's clients are the domains that its module names, each with the
 * ring page that entry GNTTAB_RESERVED_XENSTORE of its grant table lends and a port that is bound
 * from the start. VIRQ_DOM_EXC tells when one of them ends or lives anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/xen/domctl.h>
#include <abi/xen/grant_table.h>
#include <abi/xen/xen.h>
#include <libos/domain.h>
#include <libos/event.h>
#include <libos/grant.h>
#include <libos/hypercall.h>
#include <libos/page.h>

#include "store.h"

#define TURNS 16u /* before the other ports are looked at */

struct link {
  struct client *client;
  void *page;    /* the client's, mapped; NULL: not now */
  uint64_t life; /* the hypervisor's name for the domain's life; 0: not known */
};

static struct store store;
static struct link *links; /* one for each client */
static bool told;          /* of domains that end or live anew */

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

static void link_open(struct link *l) {
  const uint32_t ref = GNTTAB_RESERVED_XENSTORE;
  if (l->page)
    return;
  l->page = grant_map(l->client->domid, &ref, 1, false, NULL);
  if (l->page)
    store_connect(&store, l->client, l->page, l->life);
}

/* While the domain is between two lives, its last life's page could still be had: that would be
 * served in the next one. */
static void client_came(uint32_t port, void *arg) {
  struct link *l = arg;
  (void)port;
  if (l->life || !told)
    link_open(l);
  serve();
}

/* --- Lives
 * ---------------------------------------------------------------------------------------- */

static void link_close(struct link *l) {
  store_domain_ended(&store, l->client->domid);
  if (l->page && grant_unmap(l->page, 1))
    printf("store: %s: its page stays mapped\n", l->client->name);
  l->page = NULL;
}

static struct link *link_of(uint16_t domid) {
  for (unsigned i = 0; i < store.client_count; i++)
    if (links[i].client->domid == domid)
      return &links[i];
  return NULL;
}

/* Takes in what the hypervisor says of a domain, whose last life may have ended before ours
 * began. */
static void link_update(struct link *l, const struct xen_domctl_get_domain_state *s) {
  bool ends =
      s->state & (XEN_DOMCTL_GETDOMSTATE_STATE_SHUTDOWN | XEN_DOMCTL_GETDOMSTATE_STATE_DYING);
  bool lives = (s->state & XEN_DOMCTL_GETDOMSTATE_STATE_EXIST) && !ends;
  uint64_t known = l->client->connected ? l->client->life : l->life;
  if (known && (!lives || known != s->unique_id))
    link_close(l);
  l->life = lives ? s->unique_id : 0;
  if (lives)
    link_open(l);
}

/* Asks about one domain, or with DOMID_INVALID about any that has changed; false: there is none. */
static bool ask_state(uint16_t domid) {
  struct xen_domctl op = {.cmd = XEN_DOMCTL_get_domain_state, .domain = domid};
  if (hypercall3(__HYPERVISOR_domctl, (uintptr_t)&op, 0, 0))
    return false;
  struct link *l = link_of(op.domain);
  if (l)
    link_update(l, &op.state);
  return true;
}

static void lives_changed(uint32_t port, void *arg) {
  (void)port;
  (void)arg;
  while (ask_state(DOMID_INVALID))
    ;
  serve();
}

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
  links = calloc(store.client_count + 1, sizeof(*links));
  if (!links)
    panic("store: no memory");
}

static void watch_lives(void) {
  int port = event_bind_virq(VIRQ_DOM_EXC);
  told = port >= 0 && !event_handle((uint32_t)port, lives_changed, NULL);
  if (!told)
    printf("store: is not told of domains that end (%d)\n", port);
}

int main(int argc, char **argv) {
  ends_learn(argc, argv);
  load();
  watch_lives(); /* first: what changes from here on is told */
  for (unsigned i = 0; i < store.client_count; i++) {
    links[i].client = &store.clients[i];
    (void)ask_state(links[i].client->domid);
    if (event_handle(links[i].client->port, client_came, &links[i]))
      printf("store: %s: no port %u\n", store.clients[i].name, store.clients[i].port);
    event_again(links[i].client->port); /* it may have sent before */
  }
  printf("store: serves %u domains\n", store.client_count);
  event_loop();
  return 0;
}
