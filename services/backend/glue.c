// SPDX-License-Identifier: Apache-2.0
// What the back ends ask of the machine, by libos. One thread: the events' handlers and the store's
// watches run in the loop, one after the other.
#include "glue.h"
#include <abi/xen/event_channel.h>
#include <abi/xen/grant_table.h>
#include <abi/xen/xen.h>
#include <libos/event.h>
#include <libos/grant.h>
#include <libos/hypercall.h>
#include <libos/page.h>
#include <libos/xs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES = 64, WATCHES = 32, PATH = 128, TOKEN = 16 };

// --- Grants -----------------------------------------------------------------------

static void *map(uint16_t domid, uint32_t gref) {
  return grant_map(domid, &gref, 1, false, NULL);
}

static void unmap(void *page) {
  grant_unmap(page, 1);
}

static struct gnttab_copy_ptr theirs(const struct backend_copy *c) {
  return (struct gnttab_copy_ptr){.u.ref = c->gref, .domid = c->domid, .offset = c->offset};
}

static struct gnttab_copy_ptr ours(const struct backend_copy *c) {
  return (struct gnttab_copy_ptr){.u.gmfn = page_gfn(c->own),
                                  .domid = DOMID_SELF,
                                  .offset = (uint16_t)((uintptr_t)c->own % PAGE_SIZE)};
}

static void copy_some(struct backend_copy *copies, unsigned count) {
  static struct gnttab_copy op[COPIES];
  for (unsigned i = 0; i < count; i++) {
    const struct backend_copy *c = &copies[i];
    op[i] = (struct gnttab_copy){.source = c->to_client ? ours(c) : theirs(c),
                                 .dest = c->to_client ? theirs(c) : ours(c),
                                 .len = c->length,
                                 .flags = c->to_client ? GNTCOPY_dest_gref : GNTCOPY_source_gref};
  }
  grant_copy(op, count);
  for (unsigned i = 0; i < count; i++)
    copies[i].failed = op[i].status != GNTST_okay;
}

static void copy(struct backend_copy *copies, unsigned count) {
  for (unsigned i = 0; i < count; i += COPIES)
    copy_some(copies + i, count - i < COPIES ? count - i : COPIES);
}

// --- Events -----------------------------------------------------------------------

static bool bind(uint16_t domid, uint32_t remote, void (*fired)(uint32_t port, void *owner),
                 void *owner, uint32_t *port) {
  int bound = event_bind(domid, remote);
  if (bound < 0)
    return false;
  *port = (uint32_t)bound;
  if (!event_handle(*port, fired, owner))
    return true;
  event_close(*port);
  return false;
}

static void unbind(uint32_t port) {
  event_close(port);
}

static bool is_bound(uint32_t port) {
  struct evtchn_status status = {.dom = DOMID_SELF, .port = port};
  return !hypercall3(__HYPERVISOR_event_channel_op, EVTCHNOP_status, (uintptr_t)&status, 0) &&
         status.status == EVTCHNSTAT_interdomain;
}

static void notify(uint32_t port) {
  event_send(port);
}

static void again(uint32_t port) {
  event_again(port);
}

// --- The store ----------------------------------------------------------------------

struct watch {
  struct xs_watch xs;
  char path[PATH], token[TOKEN]; // an empty path: free
};

static struct watch watches[WATCHES];
static void (*on_event)(const char *path, const char *token);

static bool store_read(const char *path, char *value, size_t size) {
  size_t length;
  char *found = xs_read(XS_NONE, path, &length);
  bool fits = found && length < size;
  if (fits)
    strcpy(value, found); // up to a zero in it, if there is one
  free(found);
  return fits;
}

static bool store_write(const char *path, const char *value) {
  return !xs_write(XS_NONE, path, value, strlen(value));
}

static size_t store_list(const char *path, char *names, size_t size) {
  size_t bytes = 0;
  char **found = xs_directory(XS_NONE, path, NULL);
  for (char **name = found; name && *name; name++) {
    size_t length = strlen(*name) + 1;
    if (length > size - bytes) {
      bytes = 0;
      break;
    }
    memcpy(names + bytes, *name, length);
    bytes += length;
  }
  free(found);
  return bytes;
}

static void watch_fired(struct xs_watch *w, const char *path) {
  on_event(path, ((struct watch *)w->arg)->token);
}

static struct watch *watch_find(const char *path, const char *token) {
  for (struct watch *w = watches; w < watches + WATCHES; w++)
    if (!strcmp(w->path, path) && !strcmp(w->token, token))
      return w;
  return NULL;
}

static bool store_watch(const char *path, const char *token) {
  struct watch *w = watch_find("", "");
  if (!w || strlen(path) >= PATH || strlen(token) >= TOKEN)
    return false;
  strcpy(w->path, path);
  strcpy(w->token, token);
  w->xs = (struct xs_watch){.path = w->path, .fire = watch_fired, .arg = w};
  if (!xs_watch(&w->xs))
    return true;
  w->path[0] = w->token[0] = '\0';
  return false;
}

static void store_unwatch(const char *path, const char *token) {
  struct watch *w = watch_find(path, token);
  if (!w)
    return;
  xs_unwatch(&w->xs);
  w->path[0] = w->token[0] = '\0';
}

static void log_line(const char *line) {
  puts(line);
}

const struct backend_ops *glue_ops(void (*event)(const char *path, const char *token)) {
  static const struct backend_ops ops = {
      .map = map,
      .unmap = unmap,
      .copy = copy,
      .bind = bind,
      .unbind = unbind,
      .is_bound = is_bound,
      .notify = notify,
      .again = again,
      .read = store_read,
      .write = store_write,
      .list = store_list,
      .watch = store_watch,
      .unwatch = store_unwatch,
      .log = log_line,
  };
  on_event = event;
  return &ops;
}
