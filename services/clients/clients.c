/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients and their lives (clients.h). VIRQ_DOM_EXC tells when one of them ends or lives anew.
 */
#include <stdio.h>

#include <abi/xen/domctl.h>
#include <abi/xen/grant_table.h>
#include <abi/xen/xen.h>
#include <libos/event.h>
#include <libos/grant.h>
#include <libos/hypercall.h>

#include "clients.h"

static struct served *clients;
static unsigned client_count;
static const struct clients_ops *ops;
static bool told; /* of domains that end or live anew */

static void page_open(struct served *c) {
  if (c->page)
    return;
  c->page = grant_map(c->domid, &ops->ref, 1, false, NULL);
  if (c->page)
    ops->joined(c);
}

/* While the domain is between two lives, its last life's page could still be had: that would be
 * served in the next one. */
static void client_came(uint32_t port, void *arg) {
  struct served *c = arg;
  (void)port;
  if (c->life || !told)
    page_open(c);
  ops->work();
}

static void page_close(struct served *c) {
  ops->left(c);
  if (c->page && grant_unmap(c->page, 1))
    printf("%s: %s: its page stays mapped\n", ops->service, c->name);
  c->page = NULL;
}

/* Takes in what the hypervisor says of a domain, whose last life may have ended before ours began.
 */
static void life_update(struct served *c, const struct xen_domctl_get_domain_state *s) {
  bool ends =
      s->state & (XEN_DOMCTL_GETDOMSTATE_STATE_SHUTDOWN | XEN_DOMCTL_GETDOMSTATE_STATE_DYING);
  bool lives = (s->state & XEN_DOMCTL_GETDOMSTATE_STATE_EXIST) && !ends;
  if (c->life && (!lives || c->life != s->unique_id))
    page_close(c);
  c->life = lives ? s->unique_id : 0;
  if (lives)
    page_open(c);
}

/* Asks about one domain, or with DOMID_INVALID about any that has changed; false: there is none. */
static bool ask_state(uint16_t domid) {
  struct xen_domctl op = {.cmd = XEN_DOMCTL_get_domain_state, .domain = domid};
  if (hypercall3(__HYPERVISOR_domctl, (uintptr_t)&op, 0, 0))
    return false;
  for (unsigned i = 0; i < client_count; i++)
    if (clients[i].domid == op.domain)
      life_update(&clients[i], &op.state);
  return true;
}

static void lives_changed(uint32_t port, void *arg) {
  (void)port;
  (void)arg;
  while (ask_state(DOMID_INVALID))
    ;
  ops->work();
}

static void watch_lives(void) {
  int port = event_bind_virq(VIRQ_DOM_EXC);
  told = port >= 0 && !event_handle((uint32_t)port, lives_changed, NULL);
  if (!told)
    printf("%s: is not told of domains that end (%d)\n", ops->service, port);
}

void clients_start(struct served *list, unsigned count, const struct clients_ops *with) {
  clients = list;
  client_count = count;
  ops = with;
  watch_lives(); /* first: what changes from here on is told */
  for (unsigned i = 0; i < count; i++) {
    (void)ask_state(list[i].domid);
    if (event_handle(list[i].port, client_came, &list[i]))
      printf("%s: %s: no port %u\n", ops->service, list[i].name, list[i].port);
    event_again(list[i].port); /* it may have sent before */
  }
}
