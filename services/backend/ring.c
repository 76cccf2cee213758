// SPDX-License-Identifier: Apache-2.0
// Shared rings, from the back end's side. Nothing that stands in the shared page is believed but
// req_prod, after a check, and the bytes of a request, which are copied once.
#include "ring.h"
#include <string.h>

static uint8_t *entry(const struct ring *r, uint32_t index) {
  return r->page->entry + (size_t)(index & (r->entries - 1)) * r->entry_size;
}

static int waiting(const struct ring *r) {
  // Acquire: the requests are read after the index that says they are there.
  uint32_t there = __atomic_load_n(&r->page->req_prod, __ATOMIC_ACQUIRE) - r->consumed;
  uint32_t room = r->entries - (r->consumed - r->produced);
  return there <= room ? (int)there : -1;
}

int ring_back_init(struct ring *r, void *page, size_t bytes, uint32_t entry_size) {
  *r = (struct ring){.page = page, .entry_size = entry_size, .entries = 1};
  while (2 * r->entries * entry_size <= bytes - sizeof(struct ring_page))
    r->entries *= 2;
  r->consumed = r->produced = __atomic_load_n(&r->page->rsp_prod, __ATOMIC_ACQUIRE);
  return waiting(r) < 0 ? -1 : 0;
}

int ring_request_get(struct ring *r, void *request, size_t size) {
  int there = waiting(r);
  if (there <= 0)
    return there;
  memcpy(request, entry(r, r->consumed), size);
  // The compiler must not read the entry again instead of the copy.
  __asm__ volatile("" ::: "memory");
  r->consumed++;
  return 1;
}

bool ring_request_more(struct ring *r) {
  __atomic_store_n(&r->page->req_event, r->consumed + 1, __ATOMIC_RELAXED);
  // We write req_event, then look at req_prod; the front end the other way round. Without full
  // barriers on both sides each could miss the other's write.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return waiting(r) != 0;
}

void ring_response_put(struct ring *r, const void *response, size_t size) {
  memcpy(entry(r, r->produced), response, size);
  r->produced++;
}

bool ring_response_push(struct ring *r) {
  uint32_t before = __atomic_load_n(&r->page->rsp_prod, __ATOMIC_RELAXED);
  __atomic_store_n(&r->page->rsp_prod, r->produced, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST); // as in ring_request_more
  uint32_t event = __atomic_load_n(&r->page->rsp_event, __ATOMIC_RELAXED);
  return r->produced - event < r->produced - before;
}
