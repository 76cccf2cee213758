/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's client (libos/xs.h). One request is under way at a time. Its reply is told from late
 * ones, whose call has given up, by the id that the store repeats.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/xen/hvm.h>
#include <abi/xen/xs_wire.h>
#include <libos/event.h>
#include <libos/hypercall.h>
#include <libos/page.h>
#include <libos/stream.h>
#include <libos/xs.h>

#include "internal.h"

#define PATIENCE      (10 * SECOND)
#define EVENTS_A_TURN 64u

struct message {
  struct xsd_sockmsg head;
  char data[XENSTORE_PAYLOAD_MAX + 1]; /* room for a zero behind */
};

struct change {
  struct change *next;
  uint32_t id; /* of the watch */
  char path[];
};

struct part {
  const void *data;
  size_t size;
};

static struct {
  struct stream req, rsp;
  uint32_t port; /* 0: not connected */
  bool broken;   /* the other end keeps no rule: nothing can be told from its bytes any more */
  uint32_t last_id;
  struct message out, in;
  size_t out_size, out_sent, in_have;
  struct xs_watch *watches;
  uint32_t last_watch;
  struct change *changes, **changes_end;
} xs;

static const struct {
  const char *name;
  int number;
} errors[] = {
    {"EINVAL", EINVAL}, {"EACCES", EACCES},       {"EEXIST", EEXIST}, {"EISDIR", EISDIR},
    {"ENOENT", ENOENT}, {"ENOMEM", ENOMEM},       {"ENOSPC", ENOSPC}, {"EIO", EIO},
    {"ENOSYS", ENOSYS}, {"ENOTEMPTY", ENOTEMPTY}, {"EROFS", EROFS},   {"EBUSY", EBUSY},
    {"EAGAIN", EAGAIN}, {"EISCONN", EISCONN},     {"E2BIG", E2BIG},   {"EPERM", EPERM},
};

static int fail_with(int number) {
  errno = number;
  return -1;
}

static int fail_named(const char *name) {
  for (size_t i = 0; i < COUNT(errors); i++)
    if (!strcmp(name, errors[i].name))
      return fail_with(errors[i].number);
  return fail_with(EIO);
}

/* --- Messages ------------------------------------------------------------------------------ */

/* Keeps a watch's event, "path\0token\0", for the loop. Without memory it is lost: so it would be
 * had it come a little earlier. */
static void change_keep(const struct message *m) {
  size_t path = strlen(m->data) + 1;
  struct change *c = path < m->head.len ? malloc(sizeof(*c) + path) : NULL;
  if (!c)
    return;
  memcpy(c->path, m->data, path);
  c->id = (uint32_t)strtoul(m->data + path, NULL, 10);
  c->next = NULL;
  *xs.changes_end = c;
  xs.changes_end = &c->next;
}

/* Takes what has come of the message under way, `size` bytes in all; whether it is complete. */
static bool receive_up_to(size_t size) {
  uint8_t *to = (uint8_t *)&xs.in;
  int n = xs.in_have < size ? stream_read(&xs.rsp, to + xs.in_have, size - xs.in_have) : 0;
  xs.broken |= n < 0;
  xs.in_have += n > 0 ? (size_t)n : 0;
  if (n > 0)
    event_send(xs.port); /* there is room again */
  return xs.in_have == size;
}

/* The next whole message in xs.in; false if there is none yet. */
static bool receive(void) {
  if (xs.in_have == sizeof(xs.in.head) + xs.in.head.len && xs.in_have >= sizeof(xs.in.head))
    xs.in_have = 0; /* what the last call handed out */
  if (xs.broken || (xs.in_have < sizeof(xs.in.head) && !receive_up_to(sizeof(xs.in.head))))
    return false;
  if (xs.in.head.len > XENSTORE_PAYLOAD_MAX) {
    xs.broken = true;
    return false;
  }
  if (!receive_up_to(sizeof(xs.in.head) + xs.in.head.len))
    return false;
  xs.in.data[xs.in.head.len] = 0;
  return true;
}

/* Waits for the store to move something. */
static int wait_for_store(uint64_t deadline) {
  event_send(xs.port);
  return event_wait(xs.port, deadline) ? 0 : fail_with(ETIMEDOUT);
}

/* Sends what is still under way. A message that was begun is always ended, if later. */
static int flush(uint64_t deadline) {
  const uint8_t *from = (const uint8_t *)&xs.out;
  while (xs.out_sent < xs.out_size) {
    int n = stream_write(&xs.req, from + xs.out_sent, xs.out_size - xs.out_sent);
    if (n < 0) {
      xs.broken = true;
      return fail_with(EPROTO);
    }
    xs.out_sent += (size_t)n;
    if (!n && wait_for_store(deadline))
      return -1;
  }
  return 0;
}

/* Until the reply to the last request is in xs.in. */
static int await_reply(uint64_t deadline) {
  for (;;) {
    while (receive()) {
      if (xs.in.head.type == XS_WATCH_EVENT)
        change_keep(&xs.in);
      else if (xs.in.head.req_id == xs.last_id)
        return xs.in.head.type == XS_ERROR ? fail_named(xs.in.data) : 0;
    }
    if (xs.broken)
      return fail_with(EPROTO);
    if (wait_for_store(deadline))
      return -1;
  }
}

static int put(uint32_t type, uint32_t transaction, const struct part *parts, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) {
    if (parts[i].size > XENSTORE_PAYLOAD_MAX - size)
      return fail_with(E2BIG);
    memcpy(xs.out.data + size, parts[i].data, parts[i].size);
    size += parts[i].size;
  }
  xs.out.head = (struct xsd_sockmsg){type, ++xs.last_id, transaction, (uint32_t)size};
  xs.out_size = sizeof(xs.out.head) + size;
  xs.out_sent = 0;
  return 0;
}

/* One request and its reply, which is xs.in until the next. */
static int call(uint32_t type, uint32_t transaction, const struct part *parts, size_t count) {
  uint64_t deadline = clock_now() + PATIENCE;
  if (xs_open() || flush(deadline) || put(type, transaction, parts, count))
    return -1;
  int error = flush(deadline) ? -1 : await_reply(deadline);
  event_again(xs.port); /* what came beside the reply is the loop's */
  if (!error && xs.in.head.type != type)
    return fail_with(EPROTO);
  return error;
}

static struct part text_part(const char *text) {
  return (struct part){text, strlen(text) + 1};
}

/* --- Watches ------------------------------------------------------------------------------- */

static void change_tell(const struct change *c) {
  struct xs_watch *w = xs.watches;
  while (w && w->id != c->id)
    w = w->next;
  if (w)
    w->fire(w, c->path);
}

static void came(uint32_t port, void *arg) {
  (void)arg;
  while (receive())
    if (xs.in.head.type == XS_WATCH_EVENT)
      change_keep(&xs.in);
  for (unsigned i = 0; i < EVENTS_A_TURN && xs.changes; i++) {
    struct change *c = xs.changes;
    xs.changes = c->next;
    if (!xs.changes)
      xs.changes_end = &xs.changes;
    change_tell(c);
    free(c);
  }
  if (xs.changes)
    event_again(port);
}

int xs_open(void) {
  if (xs.broken)
    return fail_with(EPROTO);
  if (xs.port)
    return 0;
  uint64_t gfn = hvm_param(HVM_PARAM_STORE_PFN);
  uint32_t port = (uint32_t)hvm_param(HVM_PARAM_STORE_EVTCHN);
  if (!gfn || !port)
    return fail_with(ENOTCONN);
  page_map(gfn * PAGE_SIZE, 1);
  struct xenstore_domain_interface *page = (void *)(gfn * PAGE_SIZE);
  xs.req =
      (struct stream){&page->req_prod, &page->req_cons, (uint8_t *)page->req, sizeof(page->req)};
  xs.rsp =
      (struct stream){&page->rsp_prod, &page->rsp_cons, (uint8_t *)page->rsp, sizeof(page->rsp)};
  xs.changes_end = &xs.changes;
  if (event_handle(port, came, NULL))
    return fail_with(ENOMEM);
  xs.port = port;
  return 0;
}

static int watch_call(uint32_t type, const struct xs_watch *w) {
  char token[12];
  snprintf(token, sizeof(token), "%u", w->id);
  return call(type, XS_NONE, (struct part[]){text_part(w->path), text_part(token)}, 2);
}

static void watch_remove(struct xs_watch *w) {
  struct xs_watch **at = &xs.watches;
  while (*at && *at != w)
    at = &(*at)->next;
  if (*at)
    *at = w->next;
}

int xs_watch(struct xs_watch *w) {
  w->id = ++xs.last_watch;
  w->next = xs.watches;
  xs.watches = w;
  if (!watch_call(XS_WATCH, w))
    return 0;
  watch_remove(w);
  return -1;
}

int xs_unwatch(struct xs_watch *w) {
  watch_remove(w); /* first: what comes from now on is nobody's */
  return watch_call(XS_UNWATCH, w);
}

/* --- Reading and writing ------------------------------------------------------------------- */

char *xs_read(uint32_t transaction, const char *path, size_t *size) {
  if (call(XS_READ, transaction, (struct part[]){text_part(path)}, 1))
    return NULL;
  char *value = malloc(xs.in.head.len + 1);
  if (!value)
    return NULL;
  memcpy(value, xs.in.data, xs.in.head.len + 1);
  if (size)
    *size = xs.in.head.len;
  return value;
}

int xs_read_number(uint32_t transaction, const char *path, uint64_t *value) {
  char *text = xs_read(transaction, path, NULL), *end = text;
  if (!text)
    return -1;
  *value = strtoull(text, &end, 10);
  bool good = end != text && !*end;
  free(text);
  return good ? 0 : fail_with(EINVAL);
}

int xs_write(uint32_t transaction, const char *path, const void *value, size_t size) {
  return call(XS_WRITE, transaction, (struct part[]){text_part(path), {value, size}}, 2);
}

int xs_printf(uint32_t transaction, const char *path, const char *format, ...) {
  char *text;
  va_list args;
  va_start(args, format);
  int size = vasprintf(&text, format, args);
  va_end(args);
  if (size < 0)
    return fail_with(ENOMEM);
  int error = xs_write(transaction, path, text, (size_t)size);
  int number = errno;
  free(text);
  return error ? fail_with(number) : 0;
}

int xs_mkdir(uint32_t transaction, const char *path) {
  return call(XS_MKDIR, transaction, (struct part[]){text_part(path)}, 1);
}

int xs_rm(uint32_t transaction, const char *path) {
  return call(XS_RM, transaction, (struct part[]){text_part(path)}, 1);
}

int xs_set_perms(uint32_t transaction, const char *path, const char *perms, size_t size) {
  return call(XS_SET_PERMS, transaction, (struct part[]){text_part(path), {perms, size}}, 2);
}

char **xs_directory(uint32_t transaction, const char *path, size_t *count) {
  if (call(XS_DIRECTORY, transaction, (struct part[]){text_part(path)}, 1))
    return NULL;
  const char *data = xs.in.data, *end = data + xs.in.head.len;
  size_t n = 0;
  for (const char *at = data; at < end; at += strlen(at) + 1)
    n++;
  char **names = malloc((n + 1) * sizeof(*names) + (size_t)(end - data) + 1);
  if (!names)
    return NULL;
  char *text = memcpy(names + n + 1, data, (size_t)(end - data) + 1);
  for (size_t i = 0; i < n; i++, text += strlen(text) + 1)
    names[i] = text;
  names[n] = NULL;
  if (count)
    *count = n;
  return names;
}

uint32_t xs_begin(void) {
  if (call(XS_TRANSACTION_START, XS_NONE, (struct part[]){text_part("")}, 1))
    return XS_NONE;
  return (uint32_t)strtoul(xs.in.data, NULL, 10);
}

int xs_end(uint32_t transaction, bool commit) {
  return call(XS_TRANSACTION_END, transaction, (struct part[]){text_part(commit ? "T" : "F")}, 1);
}
