/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The back end's side of the xenbus: finds the devices that the store has for us, follows the
 * state of each front end, and says when to offer, connect and disconnect. Both back ends use it;
 * it knows neither disks nor packets.
 */
#ifndef SERVICES_BACKEND_BUS_H
#define SERVICES_BACKEND_BUS_H

#include "ops.h"
#include <abi/xen/io/xenbus.h>

#define BUS_DEVICES 16
#define BUS_PATH    96

struct bus_device {
  bool used;
  bool connected;
  uint16_t domid;          /* of the front end */
  uint32_t id;             /* the device's number among the front end's */
  enum xenbus_state state; /* as our node says; Initialising: nothing is offered yet */
  char back[BUS_PATH];     /* our folder in the store, without a slash behind */
  char front[BUS_PATH];    /* the front end's */
};

struct bus;

/* What a back end does with a device; `index` is below BUS_DEVICES and the device's for good. */
struct bus_driver {
  const char *type; /* "vbd" */
  /* May a new life of the service go on with a front end that a former one was connected to? Not if
   * what that held for it is lost. */
  bool (*resumes)(struct bus *bus, unsigned index);
  /* Writes what is offered. False: the device cannot be served. */
  bool (*offer)(struct bus *bus, unsigned index);
  /* Reads the front end's nodes and connects. False: they are wrong, and nothing is held. */
  bool (*connect)(struct bus *bus, unsigned index);
  /* False once a front end to which we are connected has gone. */
  bool (*is_alive)(struct bus *bus, unsigned index);
  /* Gives everything back that connect took. */
  void (*disconnect)(struct bus *bus, unsigned index);
};

struct bus {
  const struct bus_driver *driver;
  const struct backend_ops *ops;
  struct bus_device devices[BUS_DEVICES];
};

/* Watches the store and takes up the devices that are there, also those to which a former life of
 * this service was connected. False: there is no store that answers. */
bool bus_start(struct bus *bus, const struct bus_driver *driver, const struct backend_ops *ops);

/* A watch fired. */
void bus_event(struct bus *bus, const char *path, const char *token);

/* The front end broke the protocol: disconnects until it starts anew. */
void bus_fail(struct bus *bus, unsigned index, const char *why);

/* --- Nodes. `folder` is a device's back or front. ---------------------------- */

/* A decimal number of at most `max`, with `end` behind it and nothing before. */
bool bus_parse_number(const char *text, char end, uint64_t max, uint64_t *value);

/* A node that is such a number and no more. */
bool bus_read_number(const struct bus *bus, const char *folder, const char *key, uint64_t max,
                     uint64_t *value);
bool bus_write_number(const struct bus *bus, const char *folder, const char *key, uint64_t value);

/* How many queues the front end asks for: 1 where it says nothing, 0 for what is not in 1..max. */
unsigned bus_queues(const struct bus *bus, const struct bus_device *device, unsigned max);

/* The folder that has the keys of one of `queues` queues. */
void bus_queue_folder(const struct bus_device *device, unsigned queues, unsigned queue,
                      char folder[BUS_PATH]);

#endif
