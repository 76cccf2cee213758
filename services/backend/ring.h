/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The back end's side of a shared ring (xen/io/ring.h). Requests are answered in the order in which
 * they came, each in its own slot, so that what stands between rsp_prod and req_prod is at all
 * times what nobody has answered: a back end that starts anew goes on from there.
 *
 *      0  req_prod   4  req_event   8  rsp_prod   12  rsp_event   64  entries...
 */
#ifndef SERVICES_BACKEND_RING_H
#define SERVICES_BACKEND_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_page {
  uint32_t req_prod, req_event; /* a front end that passes req_event notifies */
  uint32_t rsp_prod, rsp_event;
  uint8_t private[48];
  uint8_t entry[];
};

struct ring {
  struct ring_page *page; /* shared: the front end writes here at any time */
  uint32_t entry_size;
  uint32_t entries;  /* a power of two */
  uint32_t consumed; /* requests copied out */
  uint32_t produced; /* responses written; never more than consumed */
};

/* Joins a ring of `bytes`, behind the responses that were sent. -1 if its indices are none. */
int ring_back_init(struct ring *r, void *page, size_t bytes, uint32_t entry_size);

/* Copies the next request out, once. 1; 0 if there is none; -1 if the front end's index says that
 * there are more than the ring has room for. */
int ring_request_get(struct ring *r, void *request, size_t size);
/* Asks for an event at the next request; true if one came meanwhile: then look again. */
bool ring_request_more(struct ring *r);
/* Answers the oldest request that was copied out and not answered. */
void ring_response_put(struct ring *r, const void *response, size_t size);
/* Shows the responses to the front end. True if it wants an event. */
bool ring_response_push(struct ring *r);

#endif
