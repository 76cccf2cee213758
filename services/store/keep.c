/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping the store over its own restart. The journal has a state (state.c), then what came in and
 * what was done with it since. The engine is a function of these, so a new life does it again and
 * is where the last one ended; what clients have seen of it their rings tell (ring.c).
 */
#include "state.h"

#define STRIKES 2u /* lives that one client's request may end */
#define STARTS  5u /* lives that may end before any request is served */

/* --- Writing
 * --------------------------------------------------------------------------------------- */

static void keep_stop(struct store *s) {
  s->journal.head->magic = 0;
  s->journal.head = NULL;
}

static bool append(struct store *s, enum kept what, const struct client *c, const void *body,
                   size_t size) {
  char *to = journal_room(&s->journal, (uint16_t)what, c->domid, size);
  if (!to)
    return false;
  if (size)
    memcpy(to, body, size);
  journal_close(&s->journal);
  return true;
}

/* A state that does not fit means that the area is too small for the quotas: then nothing is kept
 * any more, rather than half of it. */
static void state_turn(struct store *s) {
  journal_begin(&s->journal);
  if (state_write(s))
    journal_turn(&s->journal);
  else
    keep_stop(s);
}

/* What was done is in the state already, so where there is no room for a record a new state does.
 */
void keep(struct store *s, enum kept what, const struct client *c, const void *body, size_t size) {
  if (!s->journal.head)
    return;
  s->journal.head->records++;
  if (what == KEPT_REQUEST)
    s->journal.head->starts = 0;
  if (!append(s, what, c, body, size))
    state_turn(s);
}

void keep_serving(struct store *s, const struct client *c) {
  struct journal_head *h = s->journal.head;
  if (!h)
    return;
  if (!c)
    h->strikes = 0;
  __atomic_store_n(&h->serving, c ? c->domid + 1 : 0, __ATOMIC_RELEASE);
}

/* --- Doing it again
 * -------------------------------------------------------------------------------- */

/* It was made after the one before had gone out whole. */
static void out_flushed(struct client *c) {
  c->rsp_prod += (uint32_t)(c->out.have - c->out.sent);
  c->out.have = c->out.sent = 0;
}

static bool again_in(struct client *c, const struct journal_record *r) {
  if (r->size > sizeof(c->in.data) - 1 - c->in.have)
    return false;
  memcpy(c->in.data + c->in.have, r->body, r->size);
  c->in.have += r->size;
  c->req_cons += r->size;
  return true;
}

static bool again_request(struct store *s, struct client *c) {
  out_flushed(c);
  if (!message_whole(&c->in))
    return false;
  client_serve_request(s, c);
  return true;
}

static bool again_connect(struct client *c, const struct journal_record *r) {
  const struct kept_connect *joined = (const void *)r->body;
  if (r->size != sizeof(*joined))
    return false;
  c->connected = true;
  c->life = joined->life;
  c->req_cons = joined->req_cons;
  c->rsp_prod = joined->rsp_prod;
  return true;
}

static bool again_reset(struct store *s, struct client *c, bool broken) {
  connection_reset(s, c);
  c->broken = broken;
  if (!broken)
    c->req_cons = c->rsp_prod = 0;
  return true;
}

static bool again(struct store *s, struct client *c, const struct journal_record *r) {
  switch (r->type) {
  case KEPT_IN:
    return again_in(c, r);
  case KEPT_REQUEST:
    return again_request(s, c);
  case KEPT_EVENT:
    out_flushed(c);
    return client_serve_event(c);
  case KEPT_BREAK:
    return again_reset(s, c, true);
  case KEPT_RECONNECT:
    return again_reset(s, c, false);
  case KEPT_CONNECT:
    return again_connect(c, r);
  case KEPT_ENDED:
    store_domain_ended(s, c->domid);
    return true;
  default:
    return false;
  }
}

static bool restore(struct store *s, const struct journal *j) {
  size_t at = 0;
  if (!state_read(s, j, &at))
    return false;
  for (const struct journal_record *r; (r = journal_next(j, &at));) {
    struct client *c = store_client(s, r->domid);
    if (!c || !again(s, c, r))
      return false;
  }
  return true;
}

/* --- Start
 * ----------------------------------------------------------------------------------------- */

/* A request that ends the store each time it is served is not served again: its sender loses its
 * connection, and nobody else anything. One that was served when the store ended is not to blame.
 */
static void judge(struct store *s) {
  struct journal_head *h = s->journal.head;
  struct client *c = h->serving ? store_client(s, (uint16_t)(h->serving - 1)) : NULL;
  h->strikes = c && message_whole(&c->in) ? (uint16_t)(h->strikes + 1) : 0;
  h->serving = 0;
  if (h->strikes < STRIKES)
    return;
  h->strikes = 0;
  connection_reset(s, c);
  c->broken = true;
}

enum store_kept store_keep(struct store *s, void *area, size_t size) {
  struct journal j;
  enum store_kept kept = STORE_KEPT_NEW;
  bool whole = journal_open(&j, area, size);
  if (!j.head)
    return STORE_KEPT_NONE;
  if (whole) {
    bool good = j.head->starts++ < STARTS && restore(s, &j);
    if (!good) {
      j.head->magic = 0;
      return STORE_KEPT_DAMAGED;
    }
    kept = STORE_KEPT_ALL;
  }
  s->journal = j;
  if (whole)
    judge(s);
  state_turn(s);
  return s->journal.head ? kept : STORE_KEPT_NONE;
}
