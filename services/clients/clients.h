/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clients of a service that has a ring page and a port of each from the start, as the store and
 * the console have: mapping the pages, and following the domains from life to life. What stands in
 * a page is the service's matter.
 */
#ifndef CLIENTS_CLIENTS_H
#define CLIENTS_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct served {
  const char *name;
  uint16_t domid;
  uint32_t port; /* our end of its event channel */
  void *page;    /* its ring's, mapped; NULL: not now */
  uint64_t life; /* the hypervisor's name for its life; 0: not known. What an earlier life of
                    ours knew may stand here at the start */
  void *arg;     /* the service's */
};

struct clients_ops {
  const char *service;              /* for messages */
  uint32_t ref;                     /* GNTTAB_RESERVED_*: where a client's table lends its page */
  void (*joined)(struct served *c); /* page and life are set */
  void (*left)(struct served *c);   /* this life has ended; the page (may be NULL) goes then */
  void (*work)(void);               /* something has come: serve */
};

/* Handles the events of `count` clients and of their lives from now on. The arrays lie still. */
void clients_start(struct served *clients, unsigned count, const struct clients_ops *ops);

#endif
