/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: from a client's message to the operation, and from what came of it to the reply. Every
 * message that is whole gets a reply; one that makes no sense gets the error that says so.
 */
#include <string.h>

#include "engine.h"

/* By enum xs_error; docs/misc/xenstore.txt sends names. */
static const char *const error_names[] = {"OK",     "EINVAL", "EACCES", "EEXIST",
                                          "ENOENT", "ENOMEM", "ENOSPC", "ENOSYS",
                                          "EBUSY",  "EAGAIN", "E2BIG",  "EPERM"};

const char *request_string(const struct request *r, size_t *at) {
  const char *text = r->payload + *at;
  const char *end = *at < r->size ? memchr(text, 0, r->size - *at) : NULL;
  if (!end)
    return NULL;
  *at += (size_t)(end - text) + 1;
  return text;
}

void request_reply(struct request *r, const void *bytes, size_t size) {
  memcpy(r->reply, bytes, size);
  r->reply_size = size;
}

/* The payload is a path and nothing else. */
static bool only_path(const struct request *r, struct path *p) {
  size_t at = 0;
  const char *text = request_string(r, &at);
  return text && at == r->size && path_resolve(p, r->client->domid, text);
}

/* The payload starts with a path. */
static bool first_path(const struct request *r, size_t *at, struct path *p, bool *relative) {
  const char *text = request_string(r, at);
  if (!text)
    return false;
  *relative = text[0] != '/' && text[0] != '@';
  return path_resolve(p, r->client->domid, text);
}

/* --- Nodes
 * ------------------------------------------------------------------------------------------ */

/* Whose directory a client lists in vain may be a device that it has to see gone. Drivers find out
 * so; the programs of a driver domain, which speak through the same ring, read its nodes. */
static enum xs_error listed(struct request *r, const struct path *p, enum xs_error e) {
  if (e == E_NOENT)
    life_missed(r->store, r->client, p);
  return e;
}

static enum xs_error do_read(struct request *r) {
  struct path p;
  struct node *n;
  if (!only_path(r, &p))
    return E_INVAL;
  enum xs_error e = transaction_read(r->transaction, &p, &n);
  if (!e)
    request_reply(r, n->size ? n->value : "", n->size);
  return e;
}

static enum xs_error do_write(struct request *r) {
  struct path p;
  bool relative;
  size_t at = 0;
  if (!first_path(r, &at, &p, &relative))
    return E_INVAL;
  return transaction_write(r->transaction, &p, r->payload + at, r->size - at);
}

static enum xs_error do_mkdir(struct request *r) {
  struct path p;
  return only_path(r, &p) ? transaction_mkdir(r->transaction, &p) : E_INVAL;
}

static enum xs_error do_rm(struct request *r) {
  struct path p;
  return only_path(r, &p) ? transaction_rm(r->transaction, &p) : E_INVAL;
}

/* A list of names that is cut out of the whole one: bytes [from, from + room), whole names only. */
struct listing {
  char *to;
  size_t used, room;
  size_t from, total;
  bool full;
};

static void list_name(void *arg, struct name n) {
  struct listing *l = arg;
  size_t start = l->total, size = n.size + 1;
  l->total += size;
  if (start < l->from || l->full)
    return;
  l->full = l->used + size > l->room;
  if (l->full)
    return;
  memcpy(l->to + l->used, n.text, size);
  l->used += size;
}

static enum xs_error do_directory(struct request *r) {
  struct path p;
  struct listing l = {.to = r->reply, .room = XENSTORE_PAYLOAD_MAX};
  uint64_t generation;
  if (!only_path(r, &p))
    return E_INVAL;
  enum xs_error e = listed(r, &p, transaction_list(r->transaction, &p, &generation, list_name, &l));
  r->reply_size = l.used;
  return e ? e : l.full ? E_2BIG : OK;
}

/* The list's end is told by an empty name. */
static enum xs_error do_directory_part(struct request *r) {
  struct path p;
  uint32_t from;
  uint64_t generation;
  bool relative;
  size_t at = 0, start;
  if (!first_path(r, &at, &p, &relative))
    return E_INVAL;
  start = at;
  if (!request_string(r, &at) || at != r->size ||
      !number_parse(r->payload + start, at - start - 1, UINT32_MAX, &from))
    return E_INVAL;
  struct listing l = {
      .to = r->reply + NUMBER_MAX, .room = XENSTORE_PAYLOAD_MAX - NUMBER_MAX - 1, .from = from};
  enum xs_error e = listed(r, &p, transaction_list(r->transaction, &p, &generation, list_name, &l));
  if (e)
    return e;
  size_t size = number_print(r->reply, generation);
  memmove(r->reply + size, l.to, l.used);
  r->reply[size + l.used] = 0;
  r->reply_size = size + l.used + !l.full;
  return OK;
}

/* --- Permissions
 * ------------------------------------------------------------------------------------- */

static struct node *special_node(const struct request *r, const struct path *p) {
  struct store *s = r->store;
  if (!strcmp(p->text, s->introduce->name))
    return s->introduce;
  return strcmp(p->text, s->release->name) ? NULL : s->release;
}

static enum xs_error do_get_perms(struct request *r) {
  struct path p;
  if (!only_path(r, &p))
    return E_INVAL;
  struct node *n = special_node(r, &p);
  enum xs_error e = n ? OK : transaction_read(r->transaction, &p, &n);
  if (!e && !access_allowed(r->client, &n->perms, ACCESS_READ))
    e = E_ACCES;
  if (e)
    return e;
  r->reply_size = 0;
  for (unsigned i = 0; i < n->perms.count; i++)
    r->reply_size += perm_print(r->reply + r->reply_size, &n->perms.entry[i]);
  return OK;
}

static enum xs_error parse_perms(const struct request *r, size_t at, struct perms *perms) {
  perms->count = 0;
  while (at < r->size) {
    const char *text = request_string(r, &at);
    if (perms->count == PERMS_MAX)
      return E_NOSPC;
    if (!text || !perm_parse(text, strlen(text), &perms->entry[perms->count]))
      return E_INVAL;
    perms->count++;
  }
  return perms->count ? OK : E_INVAL;
}

static enum xs_error do_set_perms(struct request *r) {
  struct path p;
  struct perms perms;
  bool relative;
  size_t at = 0;
  if (!first_path(r, &at, &p, &relative))
    return E_INVAL;
  enum xs_error e = parse_perms(r, at, &perms);
  struct node *n = special_node(r, &p);
  if (e)
    return e;
  if (!n)
    return transaction_set_perms(r->transaction, &p, &perms);
  if (!r->client->privileged)
    return E_ACCES;
  n->perms = perms;
  return OK;
}

/* --- Watches
 * ------------------------------------------------------------------------------------------ */

static enum xs_error do_watch(struct request *r) {
  struct path p;
  bool relative;
  uint32_t levels = 0;
  size_t at = 0;
  if (!first_path(r, &at, &p, &relative))
    return E_INVAL;
  const char *token = request_string(r, &at);
  const char *depth = request_string(r, &at);
  bool limited = depth && number_parse(depth, strlen(depth), DEPTH_MAX, &levels);
  if (!token || (depth && *depth && !limited))
    return E_INVAL;
  return watch_add(r->store, r->client, &p, relative, token, limited ? (long)levels : -1);
}

static enum xs_error do_unwatch(struct request *r) {
  struct path p;
  bool relative;
  size_t at = 0;
  const char *token = first_path(r, &at, &p, &relative) ? request_string(r, &at) : NULL;
  return token ? watch_remove(r->store, r->client, &p, token) : E_INVAL;
}

static enum xs_error do_reset_watches(struct request *r) {
  watches_drop(r->store, r->client);
  transactions_drop(r->client);
  return OK;
}

/* --- Transactions
 * -------------------------------------------------------------------------------------- */

static enum xs_error do_transaction_start(struct request *r) {
  uint32_t id;
  enum xs_error e = transaction_start(r->store, r->client, &id);
  if (!e)
    r->reply_size = number_print(r->reply, id);
  return e;
}

static enum xs_error do_transaction_end(struct request *r) {
  bool wanted = r->size == 2 && !memcmp(r->payload, "T", 2);
  if (!r->transaction->id)
    return E_NOENT;
  if (!wanted && (r->size != 2 || memcmp(r->payload, "F", 2)))
    return E_INVAL;
  return transaction_end(r->transaction, wanted);
}

/* --- All of them
 * ----------------------------------------------------------------------------------------- */

enum {
  NODES = 1,     /* takes a transaction, or is one */
  ALONE = 2,     /* none may be named */
  PRIVILEGE = 4, /* of the privileged alone */
};

static const struct operation {
  enum xs_error (*serve)(struct request *r);
  unsigned flags;
} operations[XS_TYPE_COUNT] = {
    [XS_CONTROL] = {NULL, PRIVILEGE},
    [XS_DIRECTORY] = {do_directory, NODES},
    [XS_READ] = {do_read, NODES},
    [XS_GET_PERMS] = {do_get_perms, NODES},
    [XS_WATCH] = {do_watch, 0},
    [XS_UNWATCH] = {do_unwatch, 0},
    [XS_TRANSACTION_START] = {do_transaction_start, ALONE},
    [XS_TRANSACTION_END] = {do_transaction_end, NODES},
    [XS_INTRODUCE] = {domain_introduce, PRIVILEGE},
    [XS_RELEASE] = {domain_release, PRIVILEGE},
    [XS_GET_DOMAIN_PATH] = {domain_path, 0},
    [XS_WRITE] = {do_write, NODES},
    [XS_MKDIR] = {do_mkdir, NODES},
    [XS_RM] = {do_rm, NODES},
    [XS_SET_PERMS] = {do_set_perms, NODES},
    [XS_IS_DOMAIN_INTRODUCED] = {domain_is_introduced, PRIVILEGE},
    [XS_RESUME] = {domain_resume, PRIVILEGE},
    [XS_SET_TARGET] = {domain_set_target, PRIVILEGE},
    [XS_RESET_WATCHES] = {do_reset_watches, 0},
    [XS_DIRECTORY_PART] = {do_directory_part, NODES},
};

/* In the transaction that the message names, or in one of its own. */
static enum xs_error serve_nodes(struct request *r, const struct operation *o, uint32_t id) {
  struct transaction own = {.store = r->store, .client = r->client};
  r->transaction = id ? transaction_find(r->client, id) : &own;
  if (!r->transaction)
    return E_NOENT;
  enum xs_error e = o->serve(r);
  if (!id && !e)
    e = commit(&own);
  transaction_discard(&own);
  return e;
}

static enum xs_error serve(struct request *r, const struct xsd_sockmsg *m) {
  const struct operation *o = &operations[m->type < XS_TYPE_COUNT ? m->type : XS_ERROR];
  if ((o->flags & PRIVILEGE) && !r->client->privileged)
    return E_ACCES;
  if (!o->serve)
    return E_NOSYS;
  if ((o->flags & ALONE) && m->tx_id)
    return E_BUSY;
  return o->flags & NODES ? serve_nodes(r, o, m->tx_id) : o->serve(r);
}

void request_serve(struct store *s, struct client *c) {
  struct xsd_sockmsg m = c->in.header;
  struct request r = {.store = s,
                      .client = c,
                      .payload = c->in.data + sizeof(m),
                      .size = m.len,
                      .reply = c->out.data + sizeof(m)};
  r.payload[m.len] = 0;
  request_reply(&r, "OK", 3);
  enum xs_error e = serve(&r, &m);
  if (e)
    request_reply(&r, error_names[e], strlen(error_names[e]) + 1);
  m.type = e ? XS_ERROR : m.type;
  m.len = (uint32_t)r.reply_size;
  c->out.header = m;
  c->out.have = sizeof(m) + r.reply_size;
  c->out.sent = 0;
  c->in.have = 0;
}
