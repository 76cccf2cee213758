/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings of requests and responses in a shared page (the layout of xen/io/ring.h): four indices that
 * run freely, then as many entries as the largest power of two that fits. Requests and responses
 * share the entries. The other end may be hostile: entries are copied out before they are looked
 * at, and indices that make no sense are told, not followed. No call here touches libos; it is
 * tested on the host.
 *
 *      0  req_prod   4  req_event   8  rsp_prod   12  rsp_event   64  entries...
 */
#ifndef LIBOS_RING_H
#define LIBOS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_page {
  uint32_t req_prod, req_event; /* a front end that passes req_event notifies */
  uint32_t rsp_prod, rsp_event;
  uint8_t private[48];
  uint8_t entry[];
};

/* One end of a ring; the caller owns it. */
struct ring {
  struct ring_page *page;
  uint32_t entry_size; /* bytes: the larger of request and response */
  uint32_t entries;    /* a power of two */
  uint32_t produced;   /* ours: requests of a front end, responses of a back end */
  uint32_t consumed;   /* of the other end's */
};

/* What a ring over `bytes` (a page, or several side by side) of entries of `entry_size` holds. */
uint32_t ring_entries(size_t bytes, uint32_t entry_size);

/* Front end: makes a new ring of zeroed memory. Back end: joins the ring, from where the peer's
 * and its own indices stand: after a restart it goes on behind the responses that were sent.
 * The back end returns -1 if the indices are further apart than the ring has entries. */
void ring_front_init(struct ring *r, void *page, size_t bytes, uint32_t entry_size);
int ring_back_init(struct ring *r, void *page, size_t bytes, uint32_t entry_size);

/* --- Front end ----------------------------------------------------------------------------- */

/* Room for a request: false while `entries` are under way. */
bool ring_request_room(const struct ring *r);
/* Puts a request of `size` bytes (at most entry_size) in; seen by the peer after ring_request_push.
 */
void ring_request_put(struct ring *r, const void *request, size_t size);
/* Shows the requests to the peer. True if it wants an event. */
bool ring_request_push(struct ring *r);
/* Copies the next response out. 1; 0 if there is none; -1 if the peer's index is nonsense. */
int ring_response_get(struct ring *r, void *response, size_t size);
/* Asks for an event at the next response; true if one came meanwhile: then look again. */
bool ring_response_more(struct ring *r);

/* --- Back end ------------------------------------------------------------------------------ */

/* Copies the next request out. 1; 0 if there is none; -1 if the peer's index is nonsense (more
 * requests than the ring has room for): then the ring is broken and should be closed. */
int ring_request_get(struct ring *r, void *request, size_t size);
/* Asks for an event at the next request; true if one came meanwhile: then look again. */
bool ring_request_more(struct ring *r);
void ring_response_put(struct ring *r, const void *response, size_t size);
/* Shows the responses to the peer. True if it wants an event. */
bool ring_response_push(struct ring *r);

#endif
