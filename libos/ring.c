/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings of requests and responses (libos/ring.h; the layout and the rule about events are those of
 * xen/io/ring.h).
 *
 *            front end                              back end
 *   put entries, then req_prod (release)   req_prod (acquire), then entries
 *   full barrier, look at req_event        set req_event, full barrier, look at req_prod
 *
 * so either the producer sees that an event is wanted or the consumer sees the entry. Responses go
 * the other way by the same code.
 */
#include <string.h>

#include <libos/ring.h>

#define HEADER sizeof(struct ring_page)

uint32_t ring_entries(size_t bytes, uint32_t entry_size) {
  uint32_t n = 1;
  while ((2ull * n) * entry_size <= bytes - HEADER)
    n *= 2;
  return n;
}

static uint8_t *entry(const struct ring *r, uint32_t index) {
  return r->page->entry + (size_t)(index & (r->entries - 1)) * r->entry_size;
}

void ring_front_init(struct ring *r, void *page, size_t bytes, uint32_t entry_size) {
  *r = (struct ring){page, entry_size, ring_entries(bytes, entry_size), 0, 0};
  r->page->req_prod = r->page->rsp_prod = 0;
  r->page->req_event = r->page->rsp_event = 1;
}

int ring_back_init(struct ring *r, void *page, size_t bytes, uint32_t entry_size) {
  *r = (struct ring){page, entry_size, ring_entries(bytes, entry_size), 0, 0};
  uint32_t sent = __atomic_load_n(&r->page->rsp_prod, __ATOMIC_ACQUIRE);
  r->produced = r->consumed = sent;
  return __atomic_load_n(&r->page->req_prod, __ATOMIC_ACQUIRE) - sent > r->entries ? -1 : 0;
}

/* Publishes what was produced; true if the consumer's event index was passed. */
static bool push(uint32_t *shared, const uint32_t *event, uint32_t produced) {
  uint32_t old = *shared;
  __atomic_store_n(shared, produced, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return produced - __atomic_load_n(event, __ATOMIC_RELAXED) < produced - old;
}

/* Asks for an event at the next entry; true if it is there already. */
static bool more(uint32_t *event, const uint32_t *shared, uint32_t consumed) {
  if (__atomic_load_n(shared, __ATOMIC_ACQUIRE) != consumed)
    return true;
  __atomic_store_n(event, consumed + 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return __atomic_load_n(shared, __ATOMIC_ACQUIRE) != consumed;
}

bool ring_request_room(const struct ring *r) {
  return r->produced - r->consumed < r->entries;
}

void ring_request_put(struct ring *r, const void *request, size_t size) {
  memcpy(entry(r, r->produced++), request, size);
}

bool ring_request_push(struct ring *r) {
  return push(&r->page->req_prod, &r->page->req_event, r->produced);
}

int ring_response_get(struct ring *r, void *response, size_t size) {
  uint32_t available = __atomic_load_n(&r->page->rsp_prod, __ATOMIC_ACQUIRE) - r->consumed;
  if (available > r->produced - r->consumed)
    return -1; /* answers to what was never asked */
  if (!available)
    return 0;
  memcpy(response, entry(r, r->consumed++), size);
  return 1;
}

bool ring_response_more(struct ring *r) {
  return more(&r->page->rsp_event, &r->page->rsp_prod, r->consumed);
}

int ring_request_get(struct ring *r, void *request, size_t size) {
  uint32_t available = __atomic_load_n(&r->page->req_prod, __ATOMIC_ACQUIRE) - r->consumed;
  if (available > r->entries - (r->consumed - r->produced))
    return -1; /* would stand where answers are due */
  if (!available)
    return 0;
  memcpy(request, entry(r, r->consumed++), size);
  return 1;
}

bool ring_request_more(struct ring *r) {
  return more(&r->page->req_event, &r->page->req_prod, r->consumed);
}

void ring_response_put(struct ring *r, const void *response, size_t size) {
  memcpy(entry(r, r->produced++), response, size);
}

bool ring_response_push(struct ring *r) {
  return push(&r->page->rsp_prod, &r->page->rsp_event, r->produced);
}
