// SPDX-License-Identifier: Apache-2.0
// Pages of a front end with persistent grants that stay mapped: by its grants' numbers, up to a
// number of them that the front end cannot raise. What has no place here is copied.
#include "block.h"
#include <stdlib.h>

enum { PLACES = 4096 }; // a power of two; at most half of them are taken

_Static_assert(2 * BLOCK_PAGES <= PLACES, "a place is found soon");

struct block_pages {
  const struct backend_ops *ops;
  uint16_t domid;
  unsigned count;
  struct {
    uint32_t gref;
    void *page; // NULL: free
  } place[PLACES];
};

struct block_pages *block_pages_new(const struct backend_ops *ops, uint16_t domid) {
  struct block_pages *p = calloc(1, sizeof(*p));
  if (!p)
    return NULL;
  p->ops = ops;
  p->domid = domid;
  return p;
}

void block_pages_free(struct block_pages *p) {
  for (unsigned i = 0; p && i < PLACES; i++)
    if (p->place[i].page)
      p->ops->unmap(p->place[i].page);
  free(p);
}

void *block_page(struct block_pages *p, uint32_t gref) {
  unsigned i = gref * 0x9e3779b1u / (UINT32_MAX / PLACES + 1); // the product's upper bits
  while (p->place[i].page && p->place[i].gref != gref)
    i = (i + 1) % PLACES;
  if (p->place[i].page || p->count == BLOCK_PAGES)
    return p->place[i].page;
  p->place[i].gref = gref;
  p->place[i].page = p->ops->map(p->domid, gref);
  p->count += p->place[i].page != NULL;
  return p->place[i].page;
}
