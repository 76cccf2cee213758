/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages about domains. The system file says who is served and how, so INTRODUCE and RELEASE only
 * let a client in and shut it out; they name clients of the file and no others.
 */
#include <string.h>

#include "engine.h"

/* A domain's number from *at on. */
static bool domain_number(const struct request *r, size_t *at, uint32_t *domid) {
  const char *text = request_string(r, at);
  return text && number_parse(text, strlen(text), UINT16_MAX, domid);
}

/* The client that the payload's only field names. */
static enum xs_error only_client(const struct request *r, struct client **c) {
  uint32_t domid;
  size_t at = 0;
  if (!domain_number(r, &at, &domid) || at != r->size)
    return E_INVAL;
  *c = store_client(r->store, (uint16_t)domid);
  return *c ? OK : E_NOENT;
}

enum xs_error domain_introduce(struct request *r) {
  uint32_t domid;
  size_t at = 0;
  /* The frame and the port are what the system file says; they are not looked at. */
  if (!domain_number(r, &at, &domid) || !request_string(r, &at) || !request_string(r, &at))
    return E_INVAL;
  struct client *c = store_client(r->store, (uint16_t)domid);
  if (!c)
    return E_NOENT;
  c->released = false;
  watch_fire_special(r->store, r->store->introduce, c->domid);
  return OK;
}

enum xs_error domain_release(struct request *r) {
  struct client *c;
  enum xs_error e = only_client(r, &c);
  if (!e && c == r->client)
    e = E_INVAL; /* it would not get the reply */
  if (e)
    return e;
  connection_reset(r->store, c);
  c->released = true;
  watch_fire_special(r->store, r->store->release, c->domid);
  return OK;
}

/* Each end of a domain is told already; nothing is kept from being told that could be let go. */
enum xs_error domain_resume(struct request *r) {
  struct client *c;
  return only_client(r, &c);
}

enum xs_error domain_is_introduced(struct request *r) {
  struct client *c;
  enum xs_error e = only_client(r, &c);
  if (e == E_INVAL)
    return e;
  request_reply(r, !e && c->connected && !c->released ? "T" : "F", 2);
  return OK;
}

enum xs_error domain_path(struct request *r) {
  uint32_t domid;
  size_t at = 0;
  if (!domain_number(r, &at, &domid) || at != r->size)
    return E_INVAL;
  r->reply_size = path_home(r->reply, (uint16_t)domid) + 1;
  return OK;
}

enum xs_error domain_set_target(struct request *r) {
  uint32_t domid, target;
  size_t at = 0;
  if (!domain_number(r, &at, &domid) || !domain_number(r, &at, &target) || at != r->size)
    return E_INVAL;
  struct client *c = store_client(r->store, (uint16_t)domid);
  struct client *t = store_client(r->store, (uint16_t)target);
  if (!c || !t)
    return E_NOENT;
  c->target = t;
  return OK;
}
