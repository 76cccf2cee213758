/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients' rings (docs/misc/xenstore-ring.txt of Xen) and whose turn it is. A client writes to all
 * of its page at any time: its two indices are read once and checked, ours are kept here. A client
 * has one message on its way in and one on its way out; the next request is served when the reply
 * to the last one is in the ring, so one that does not read holds up itself alone.
 */
#include <string.h>

#include "engine.h"

#define FEATURES (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR)

void connection_reset(struct store *s, struct client *c) {
  watches_drop(s, c);
  transactions_drop(c);
  c->in.have = c->out.have = c->out.sent = 0;
  c->event_next = c->broken = false;
}

/* What of the outgoing message has reached the ring only the page can say: what it says is used
 * once, and checked. */
static bool ring_resume(struct client *c) {
  size_t sent = __atomic_load_n(&c->ring->rsp_prod, __ATOMIC_ACQUIRE) - c->rsp_prod;
  if (sent > c->out.have)
    return false;
  c->rsp_prod += (uint32_t)sent;
  c->out.sent = sent;
  if (c->out.sent == c->out.have)
    c->out.have = c->out.sent = 0;
  __atomic_store_n(&c->ring->req_cons, c->req_cons, __ATOMIC_RELEASE);
  return true;
}

static void ring_join(struct store *s, struct client *c, uint64_t life) {
  c->req_cons = c->ring->req_cons;
  c->rsp_prod = c->ring->rsp_prod;
  c->life = life;
  c->connected = true;
  const struct kept_connect joined = {life, c->req_cons, c->rsp_prod};
  keep(s, KEPT_CONNECT, c, &joined, sizeof(joined));
}

/* The client gets nothing more until it asks for a new connection. */
static void ring_break(struct store *s, struct client *c, uint32_t error) {
  connection_reset(s, c);
  c->broken = true;
  keep(s, KEPT_BREAK, c, NULL, 0);
  c->ring->error = error;
  c->notify = true;
}

/* Whom it was about to answer or to tell when it ended, it tells again: an event too many is none.
 */
void store_connect(struct store *s, struct client *c, struct xenstore_domain_interface *page,
                   uint64_t life) {
  c->ring = page;
  if (!c->connected || c->life != life)
    ring_join(s, c, life);
  else if (!c->broken && !ring_resume(c))
    ring_break(s, c, XENSTORE_ERROR_RINGIDX);
  if (c->broken && !page->error) /* it was not told before the store ended */
    page->error = XENSTORE_ERROR_COMM;
  page->server_features = FEATURES;
  c->notify = true;
}

/* The client has asked for it: all is empty, and then the state says so. */
static void ring_reconnect(struct store *s, struct client *c) {
  struct xenstore_domain_interface *r = c->ring;
  connection_reset(s, c);
  c->req_cons = c->rsp_prod = 0;
  keep(s, KEPT_RECONNECT, c, NULL, 0);
  r->req_cons = r->req_prod = r->rsp_cons = r->rsp_prod = 0;
  r->error = XENSTORE_ERROR_NONE;
  __atomic_store_n(&r->connection, XENSTORE_CONNECTED, __ATOMIC_RELEASE);
  c->notify = true;
}

/* Bytes [index, index + size) of the stream, in the ring. */
static void ring_get(char *to, const char *ring, uint32_t index, size_t size) {
  size_t at = index % XENSTORE_RING_SIZE;
  size_t first = size < XENSTORE_RING_SIZE - at ? size : XENSTORE_RING_SIZE - at;
  memcpy(to, ring + at, first);
  memcpy(to + first, ring, size - first);
}

static void ring_put(char *ring, uint32_t index, const char *from, size_t size) {
  size_t at = index % XENSTORE_RING_SIZE;
  size_t first = size < XENSTORE_RING_SIZE - at ? size : XENSTORE_RING_SIZE - at;
  memcpy(ring + at, from, first);
  memcpy(ring, from + first, size - first);
}

/* Moves what there is room for of the outgoing message. True if any. */
static bool client_flush(struct store *s, struct client *c) {
  struct xenstore_domain_interface *r = c->ring;
  if (!c->out.have)
    return false;
  uint32_t used = c->rsp_prod - __atomic_load_n(&r->rsp_cons, __ATOMIC_ACQUIRE);
  if (used > XENSTORE_RING_SIZE) {
    ring_break(s, c, XENSTORE_ERROR_RINGIDX);
    return true;
  }
  size_t n = c->out.have - c->out.sent, room = XENSTORE_RING_SIZE - used;
  n = n < room ? n : room;
  if (!n)
    return false;
  ring_put(r->rsp, c->rsp_prod, c->out.data + c->out.sent, n);
  c->rsp_prod += (uint32_t)n;
  __atomic_store_n(&r->rsp_prod, c->rsp_prod, __ATOMIC_RELEASE);
  c->out.sent += n;
  if (c->out.sent == c->out.have)
    c->out.have = 0;
  return c->notify = true;
}

static size_t message_size(const struct message *m) {
  return sizeof(m->header) + (m->have < sizeof(m->header) ? 0 : m->header.len);
}

/* Moves up to `size` bytes of the message on its way in. False: the client speaks nonsense. */
static bool message_fill(struct store *s, struct client *c, uint32_t used) {
  size_t n = message_size(&c->in) - c->in.have;
  n = n < used ? n : used;
  ring_get(c->in.data + c->in.have, c->ring->req, c->req_cons, n);
  c->req_cons += (uint32_t)n;
  c->in.have += n;
  if (n)
    keep(s, KEPT_IN, c, c->in.data + c->in.have - n, n);
  if (c->in.have < sizeof(c->in.header) || c->in.header.len <= XENSTORE_PAYLOAD_MAX)
    return true;
  ring_break(s, c, XENSTORE_ERROR_PROTO);
  return false;
}

bool message_whole(const struct message *m) {
  return m->have >= sizeof(m->header) && m->have == message_size(m);
}

/* True if anything moved. */
static bool client_fill(struct store *s, struct client *c) {
  struct xenstore_domain_interface *r = c->ring;
  uint32_t start = c->req_cons;
  uint32_t used = __atomic_load_n(&r->req_prod, __ATOMIC_ACQUIRE) - start;
  if (used > XENSTORE_RING_SIZE) {
    ring_break(s, c, XENSTORE_ERROR_RINGIDX);
    return true;
  }
  if (!used || message_whole(&c->in))
    return false;
  /* The header first, which tells how much belongs to it. */
  if (!message_fill(s, c, used) || !message_fill(s, c, used - (c->req_cons - start)))
    return true;
  __atomic_store_n(&r->req_cons, c->req_cons, __ATOMIC_RELEASE);
  return c->notify = true;
}

void client_serve_request(struct store *s, struct client *c) {
  if (c->gone)
    life_begin(s, c);
  request_serve(s, c);
  c->event_next = true;
}

bool client_serve_event(struct client *c) {
  if (!event_take(c))
    return false;
  c->event_next = false;
  return true;
}

/* An event or a request, in turns when there are both. */
static bool client_serve(struct store *s, struct client *c) {
  bool whole = message_whole(&c->in);
  if ((c->event_next || !whole) && client_serve_event(c)) {
    keep(s, KEPT_EVENT, c, NULL, 0);
    return true;
  }
  if (!whole)
    return false;
  keep_serving(s, c);
  client_serve_request(s, c);
  keep(s, KEPT_REQUEST, c, NULL, 0);
  keep_serving(s, NULL);
  return true;
}

static bool client_turn(struct store *s, struct client *c) {
  if (!c->ring || c->released)
    return false;
  if (__atomic_load_n(&c->ring->connection, __ATOMIC_ACQUIRE) == XENSTORE_RECONNECT) {
    ring_reconnect(s, c);
    return true;
  }
  if (c->broken)
    return false;
  bool moved = client_flush(s, c);
  if (!c->broken)
    moved |= client_fill(s, c);
  if (c->broken || c->out.have || !client_serve(s, c))
    return moved;
  (void)client_flush(s, c);
  return true;
}

bool store_turn(struct store *s) {
  bool moved = false;
  for (unsigned i = 0; i < s->client_count; i++)
    moved |= client_turn(s, &s->clients[i]);
  return moved;
}
