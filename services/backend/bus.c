// SPDX-License-Identifier: Apache-2.0
// The state machine of a back end (xen/io/blkif.h, "State diagrams"; xen/io/xenbus.h):
//
//      front end:   Initialising   Initialised, Connected   Closing   Closed, gone
//      we go to:    InitWait       Connected                Closing   Closed
//
// A watch says that something changed and not what: each event makes us look at the states as they
// are now, so that events that were merged or lost to a restart do no harm.
#include "bus.h"
#include <stdio.h>
#include <string.h>

enum { NAMES = 1024, FRONT_MAX = 56 }; // room behind it for the longest key

static void set_state(struct bus *bus, struct bus_device *d, enum xenbus_state state) {
  d->state = state;
  if (!bus_write_number(bus, d->back, "state", state))
    bus->ops->log("cannot write a device's state");
}

static enum xenbus_state read_state(const struct bus *bus, const char *folder) {
  uint64_t state;
  bool known = bus_read_number(bus, folder, "state", 8, &state);
  return known ? (enum xenbus_state)state : XenbusStateUnknown;
}

static void log_device(const struct bus *bus, const struct bus_device *d, const char *text) {
  char line[BUS_PATH + 80];
  snprintf(line, sizeof(line), "%s: %.70s", d->back, text);
  bus->ops->log(line);
}

static void disconnect(struct bus *bus, unsigned index) {
  struct bus_device *d = &bus->devices[index];
  if (d->connected)
    bus->driver->disconnect(bus, index);
  d->connected = false;
}

void bus_fail(struct bus *bus, unsigned index, const char *why) {
  struct bus_device *d = &bus->devices[index];
  log_device(bus, d, why);
  disconnect(bus, index);
  set_state(bus, d, XenbusStateClosing);
}

// --- Following the front end --------------------------------------------------

static void offer(struct bus *bus, unsigned index) {
  struct bus_device *d = &bus->devices[index];
  disconnect(bus, index);
  if (bus->driver->offer(bus, index))
    set_state(bus, d, XenbusStateInitWait);
  else
    bus_fail(bus, index, "cannot be offered");
}

// A front end that is connected, though not to this life of ours.
static bool is_orphan(const struct bus *bus, const struct bus_device *d) {
  return d->state == XenbusStateInitialising && read_state(bus, d->front) == XenbusStateConnected;
}

static void connect(struct bus *bus, unsigned index) {
  struct bus_device *d = &bus->devices[index];
  // A front end that died and came again may have reached this state before we looked.
  if (d->connected && !bus->driver->is_alive(bus, index))
    disconnect(bus, index);
  if (d->connected || d->state == XenbusStateClosing || d->state == XenbusStateClosed)
    return;
  if (is_orphan(bus, d) && !bus->driver->resumes(bus, index)) {
    bus_fail(bus, index, "what a former life of this service held is lost");
    return;
  }
  if (d->state == XenbusStateInitialising && !bus->driver->offer(bus, index)) {
    bus_fail(bus, index, "cannot be offered");
    return;
  }
  d->connected = bus->driver->connect(bus, index);
  if (!d->connected) {
    bus_fail(bus, index, "the front end's nodes are wrong");
    return;
  }
  log_device(bus, d, "connected");
  set_state(bus, d, XenbusStateConnected);
}

static void close_device(struct bus *bus, unsigned index) {
  struct bus_device *d = &bus->devices[index];
  disconnect(bus, index);
  if (d->state != XenbusStateClosed)
    set_state(bus, d, XenbusStateClosed);
}

static void follow(struct bus *bus, unsigned index) {
  struct bus_device *d = &bus->devices[index];
  enum xenbus_state front = read_state(bus, d->front);
  bool fresh = d->state == XenbusStateInitialising;
  switch (front) {
  case XenbusStateInitialising:
  case XenbusStateInitWait:
    if (d->state != XenbusStateInitWait)
      offer(bus, index);
    break;
  case XenbusStateInitialised:
  case XenbusStateConnected:
    connect(bus, index);
    break;
  case XenbusStateClosing:
    // It may still have requests in the ring, so we stay connected until it is closed.
    if (d->state != XenbusStateClosing && d->state != XenbusStateClosed)
      set_state(bus, d, XenbusStateClosing);
    break;
  case XenbusStateClosed:
    close_device(bus, index);
    break;
  case XenbusStateUnknown: // no node: a front end that is not there yet, or gone
    if (fresh)
      offer(bus, index);
    else if (d->state != XenbusStateInitWait)
      close_device(bus, index);
    break;
  }
}

// --- Finding devices -----------------------------------------------------------

static struct bus_device *find(struct bus *bus, uint64_t domid, uint64_t id) {
  for (struct bus_device *d = bus->devices; d < bus->devices + BUS_DEVICES; d++)
    if (d->used && d->domid == domid && d->id == id)
      return d;
  return NULL;
}

static struct bus_device *find_free(struct bus *bus) {
  for (struct bus_device *d = bus->devices; d < bus->devices + BUS_DEVICES; d++)
    if (!d->used)
      return d;
  return NULL;
}

static void front_token(const struct bus *bus, const struct bus_device *d, char token[16]) {
  snprintf(token, 16, "front%u", (unsigned)(d - bus->devices));
}

static bool watch_front(struct bus *bus, const struct bus_device *d, bool on) {
  char path[BUS_PATH], token[16];
  front_token(bus, d, token);
  snprintf(path, sizeof(path), "%.*s/state", FRONT_MAX, d->front);
  if (on)
    return bus->ops->watch(path, token);
  bus->ops->unwatch(path, token);
  return true;
}

// The front end's folder must be in the part of the store that is the front end's.
static bool read_front(struct bus *bus, struct bus_device *d) {
  char path[BUS_PATH], home[32];
  uint64_t domid;
  snprintf(path, sizeof(path), "%.64s/frontend", d->back);
  snprintf(home, sizeof(home), "/local/domain/%u/", d->domid);
  return bus_read_number(bus, d->back, "frontend-id", UINT16_MAX, &domid) && domid == d->domid &&
         bus->ops->read(path, d->front, FRONT_MAX) && !strncmp(d->front, home, strlen(home));
}

static void add(struct bus *bus, uint16_t domid, uint32_t id) {
  struct bus_device *d = find_free(bus);
  if (!d) {
    bus->ops->log("too many devices");
    return;
  }
  *d = (struct bus_device){.domid = domid, .id = id, .state = XenbusStateInitialising};
  snprintf(d->back, sizeof(d->back), "backend/%s/%u/%u", bus->driver->type, domid, id);
  // Written one node after the other, it may not be whole yet: the last one's event finds it.
  if (!read_front(bus, d) || !watch_front(bus, d, true))
    return;
  d->used = true;
  follow(bus, (unsigned)(d - bus->devices));
}

// To list it in vain tells the store that we know (docs/design/store.md, "Ends and new lives"). Not
// the folder, which may be there again with a state that we wrote when it had gone already.
static void tell_gone(const struct bus *bus, const struct bus_device *d) {
  char path[BUS_PATH], names[NAMES];
  snprintf(path, sizeof(path), "%.64s/frontend", d->back);
  (void)bus->ops->list(path, names, sizeof(names));
}

static void drop(struct bus *bus, struct bus_device *d) {
  disconnect(bus, (unsigned)(d - bus->devices));
  watch_front(bus, d, false);
  d->used = false;
  tell_gone(bus, d);
}

// A folder without this node is none of the store's (tell_gone).
static bool is_there(const struct bus *bus, const struct bus_device *d) {
  char path[BUS_PATH], front[FRONT_MAX];
  snprintf(path, sizeof(path), "%.64s/frontend", d->back);
  return bus->ops->read(path, front, sizeof(front));
}

// Our own node of state: it says whether the device is there, and who else than we writes it starts
// the device anew (a front end's domain that begins another life) or takes it away.
static void look_at(struct bus *bus, uint16_t domid, uint32_t id) {
  struct bus_device *d = find(bus, domid, id);
  char folder[BUS_PATH];
  snprintf(folder, sizeof(folder), "backend/%s/%u/%u", bus->driver->type, domid, id);
  enum xenbus_state state = read_state(bus, folder);
  if (!d && state != XenbusStateUnknown) {
    add(bus, domid, id);
  } else if (d && (state == XenbusStateUnknown || !is_there(bus, d))) {
    drop(bus, d);
  } else if (d && state == XenbusStateInitialising && d->state != state) {
    disconnect(bus, (unsigned)(d - bus->devices));
    d->state = XenbusStateInitialising;
    follow(bus, (unsigned)(d - bus->devices));
  } else if (d && state == XenbusStateClosing) {
    d->state = state; // the front end reads it too and closes
  }
}

// --- Walking our part of the store ----------------------------------------------

static void scan_domain(struct bus *bus, const char *domain) {
  char path[BUS_PATH], names[NAMES];
  uint64_t domid, id;
  if (!bus_parse_number(domain, '\0', UINT16_MAX, &domid))
    return;
  snprintf(path, sizeof(path), "backend/%s/%u", bus->driver->type, (unsigned)domid);
  size_t bytes = bus->ops->list(path, names, sizeof(names));
  for (const char *name = names; name < names + bytes; name += strlen(name) + 1)
    if (bus_parse_number(name, '\0', UINT32_MAX, &id))
      look_at(bus, (uint16_t)domid, (uint32_t)id);
}

static void scan(struct bus *bus) {
  char path[BUS_PATH], names[NAMES];
  for (struct bus_device *d = bus->devices; d < bus->devices + BUS_DEVICES; d++)
    if (d->used)
      look_at(bus, d->domid, d->id); // those that are gone
  snprintf(path, sizeof(path), "backend/%s", bus->driver->type);
  size_t bytes = bus->ops->list(path, names, sizeof(names));
  for (const char *name = names; name < names + bytes; name += strlen(name) + 1)
    scan_domain(bus, name);
}

// Of the nodes of a device only these make a difference; most events tell of what we wrote.
static bool leaf_matters(const char *path) {
  const char *leaf = strrchr(path, '/');
  return leaf &&
         (!strcmp(leaf, "/state") || !strcmp(leaf, "/frontend") || !strcmp(leaf, "/frontend-id"));
}

// "backend/vbd/3/51712/state": the part of that number, counted from 0, or NULL.
static const char *part(const char *path, unsigned number) {
  for (; path && number; number--) {
    path = strchr(path, '/');
    path = path ? path + 1 : NULL;
  }
  return path;
}

static void backend_event(struct bus *bus, const char *path) {
  uint64_t domid, id;
  if (!part(path, 4))
    scan(bus);
  else if (leaf_matters(path) && bus_parse_number(part(path, 2), '/', UINT16_MAX, &domid) &&
           bus_parse_number(part(path, 3), '/', UINT32_MAX, &id))
    look_at(bus, (uint16_t)domid, (uint32_t)id);
}

// A domain ended: its end of our channels is gone, whatever the store still says.
static void check_alive(struct bus *bus) {
  for (unsigned i = 0; i < BUS_DEVICES; i++) {
    struct bus_device *d = &bus->devices[i];
    if (!d->used || !d->connected || bus->driver->is_alive(bus, i))
      continue;
    log_device(bus, d, "the front end is gone");
    disconnect(bus, i);
    d->state = XenbusStateInitialising;
    follow(bus, i);
  }
}

void bus_event(struct bus *bus, const char *path, const char *token) {
  for (unsigned i = 0; i < BUS_DEVICES; i++) {
    char own[16];
    front_token(bus, &bus->devices[i], own);
    if (bus->devices[i].used && !strcmp(token, own))
      follow(bus, i);
  }
  if (!strcmp(token, "backend"))
    backend_event(bus, path);
  else if (!strcmp(token, "release"))
    check_alive(bus);
}

bool bus_start(struct bus *bus, const struct bus_driver *driver, const struct backend_ops *ops) {
  char path[BUS_PATH];
  *bus = (struct bus){.driver = driver, .ops = ops};
  snprintf(path, sizeof(path), "backend/%s", driver->type);
  if (!ops->watch(path, "backend"))
    return false;
  // Only those may watch it whom the store lets; the others learn of an end by the states alone.
  ops->watch("@releaseDomain", "release");
  scan(bus);
  return true;
}
