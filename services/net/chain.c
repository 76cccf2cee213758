// SPDX-License-Identifier: Apache-2.0
// The requests of one packet (xen/io/netif.h, "Guest transmit"): the first, its extra information,
// then the other parts. A front end shows all of them at once.
#include "net.h"

static int get_extras(struct ring *tx, struct net_chain *c) {
  struct netif_extra_info extra = {.flags = XEN_NETIF_EXTRA_FLAG_MORE};
  while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE) {
    if (c->extras == NET_EXTRAS || ring_request_get(tx, &extra, sizeof(extra)) <= 0)
      return -1;
    c->extras++;
  }
  return 1;
}

int net_chain_get(struct ring *tx, struct net_chain *c) {
  c->parts = c->extras = 0;
  int got = ring_request_get(tx, &c->part[0], sizeof(c->part[0]));
  if (got <= 0)
    return got;
  c->parts = 1;
  if (c->part[0].flags & NETTXF_extra_info && get_extras(tx, c) < 0)
    return -1;
  while (c->part[c->parts - 1].flags & NETTXF_more_data) {
    if (c->parts == XEN_NETIF_NR_SLOTS_MIN ||
        ring_request_get(tx, &c->part[c->parts], sizeof(c->part[0])) <= 0)
      return -1;
    c->parts++;
  }
  return 1;
}

bool net_chain_check(struct net_chain *c) {
  unsigned whole = c->part[0].size, rest = 0;
  for (unsigned i = 1; i < c->parts; i++)
    rest += c->part[i].size;
  if (c->extras || whole < NET_FRAME_MIN || whole > NET_FRAME_MAX || rest >= whole)
    return false;
  c->part[0].size = (uint16_t)(whole - rest);
  for (unsigned i = 0; i < c->parts; i++)
    if (!c->part[i].size || c->part[i].offset + c->part[i].size > (int)BACKEND_PAGE)
      return false;
  c->size = whole;
  c->checksum_blank = c->part[0].flags & NETTXF_csum_blank;
  return true;
}

void net_chain_answer(struct ring *tx, const struct net_chain *c, int16_t status) {
  struct netif_tx_response none = {.status = NETIF_RSP_NULL};
  for (unsigned i = 0; i < c->parts; i++) {
    struct netif_tx_response answer = {.id = c->part[i].id, .status = status};
    ring_response_put(tx, &answer, sizeof(answer));
    for (unsigned j = 0; i == 0 && j < c->extras; j++)
      ring_response_put(tx, &none, sizeof(none));
  }
}
