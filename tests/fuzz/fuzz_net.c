/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network's back end and its switch: a front end that writes what it likes into its two rings,
 * their indices, its frames and its nodes of the store, beside two that behave. No frame reaches a
 * page that was not put up for it, and the two still hear each other at the end.
 */
#include "../unit/backend/world.h"
#include <services/net/net.h>
#include <stdio.h>
#include <stdlib.h>
#include "fuzz.h"

enum { LIAR, SENDER, RECEIVER, FRONTS, BUFFERS = 200, REFS = 4, STEPS_MAX = 48, HELLO = 64 };

struct front {
  uint16_t domid;
  char home[64], back[64];
  struct front_ring tx, rx;
  uint32_t port;
};

static struct front fronts[FRONTS];
static uint32_t liar_ref[REFS], hello_ref;
static uint8_t *liar_page, *hello, *buffer[BUFFERS];
static uint64_t seconds;

static uint64_t now(void) {
  return seconds;
}

/* --- front ends ------------------------------------------------------------------------------- */

static void connect(unsigned index) {
  struct front *f = &fronts[index];
  char path[96], mac[24];
  *f = (struct front){.domid = (uint16_t)(3 + index)};
  snprintf(f->home, sizeof(f->home), "/local/domain/%u/device/vif/0", f->domid);
  snprintf(f->back, sizeof(f->back), "backend/vif/%u/0", f->domid);
  store_put_number(f->home, "state", XenbusStateInitialising);
  store_put_number(f->back, "frontend-id", f->domid);
  snprintf(path, sizeof(path), "%s/frontend", f->back);
  store_put(path, f->home);
  snprintf(path, sizeof(path), "%s/mac", f->back);
  snprintf(mac, sizeof(mac), "00:16:3e:00:00:%02x", index);
  store_put(path, mac);
  store_put_number(f->back, "state", XenbusStateInitialising);
  world_run();
  front_ring_init(&f->tx, f->domid, NETIF_TX_SLOT_SIZE);
  front_ring_init(&f->rx, f->domid, NETIF_RX_SLOT_SIZE);
  f->port = port_alloc(f->domid);
  store_put_number(f->home, "tx-ring-ref", f->tx.ref);
  store_put_number(f->home, "rx-ring-ref", f->rx.ref);
  store_put_number(f->home, "event-channel", f->port);
  store_put_number(f->home, "request-rx-copy", 1);
  store_put_number(f->home, "state", XenbusStateConnected);
  world_run();
}

static void put_buffer(unsigned index, uint16_t id, uint32_t gref) {
  struct netif_rx_request r = {.id = id, .gref = gref};
  front_put(&fronts[index].rx, &r, sizeof(r));
  front_push(&fronts[index].rx);
}

/* To whom, from whom, and something behind it. */
static void frame_make(uint8_t *frame, unsigned to, unsigned from) {
  const uint8_t head[12] = {0, 0x16, 0x3e, 0, 0, (uint8_t)to, 0, 0x16, 0x3e, 0, 0, (uint8_t)from};
  memset(frame, 0x5a, HELLO);
  memcpy(frame, head, sizeof(head));
}

/* --- what the liar does ----------------------------------------------------------------------- */

static void packet(struct fuzz_input *in) {
  uint8_t what = fuzz_u8(in);
  struct netif_tx_request r = {liar_ref[what % REFS], fuzz_u8(in), fuzz_u8(in) % 16, 7, 0};
  r.size = (uint16_t)(fuzz_u8(in) * (what & 0x80 ? 8 : 1));
  front_put(&fronts[LIAR].tx, &r, sizeof(r));
  front_push(&fronts[LIAR].tx);
}

static void slot_bytes(struct fuzz_input *in) {
  struct netif_tx_request r;
  fuzz_take(in, &r, sizeof(r));
  front_put(&fronts[LIAR].tx, &r, sizeof(r));
  front_push(&fronts[LIAR].tx);
}

/* Headers of all kinds: protocols, lengths and checksums that do not fit. */
static void frame_bytes(struct fuzz_input *in) {
  uint8_t at = fuzz_u8(in) % 64, size = fuzz_u8(in) % 64;
  frame_make(liar_page, fuzz_u8(in) % FRONTS, LIAR);
  fuzz_take(in, liar_page + at, size);
}

static void buffer_of_its_own(struct fuzz_input *in) {
  uint8_t which = fuzz_u8(in);
  put_buffer(LIAR, which, liar_ref[which % REFS]);
}

static void indexes(struct fuzz_input *in) {
  uint8_t where = fuzz_u8(in);
  struct front_ring *r = where & 0x80 ? &fronts[LIAR].rx : &fronts[LIAR].tx;
  fuzz_take(in, (char *)r->page + where % 16, 4);
}

static void state(struct fuzz_input *in) {
  store_put_number(fronts[LIAR].home, "state", fuzz_u8(in) % 8);
}

static void later(struct fuzz_input *in) {
  seconds += fuzz_u8(in) * 4u;
}

/* With the top bit, before the back end has looked: so packets have parts. */
static void step(struct fuzz_input *in) {
  static void (*const steps[])(struct fuzz_input *) = {
      packet, packet, slot_bytes, frame_bytes, buffer_of_its_own, indexes, state, later};
  uint8_t what = fuzz_u8(in);
  steps[what % (sizeof(steps) / sizeof(*steps))](in);
  if (what & 0x80)
    return;
  port_send(fronts[LIAR].port);
  world_run();
}

/* --- and the others --------------------------------------------------------------------------- */

/* The answers in the receiver's ring, each in a buffer of its own and no longer than a frame. */
static unsigned heard(uint16_t *last) {
  struct netif_rx_response r;
  unsigned count = 0;
  for (; front_get(&fronts[RECEIVER].rx, &r, sizeof(r)); count++) {
    FUZZ_REQUIRE(r.id == fronts[RECEIVER].rx.received - 1 && !r.offset);
    FUZZ_REQUIRE(r.status >= NET_FRAME_MIN && r.status <= NET_FRAME_MAX);
    *last = r.id;
  }
  return count;
}

static void others_talk(void) {
  struct netif_tx_request r = {hello_ref, 0, 0, 77, HELLO};
  struct netif_tx_response answer;
  uint16_t last = 0;
  if (heard(&last) == BUFFERS)
    return; /* the liar has filled them all */
  frame_make(hello, RECEIVER, SENDER);
  front_put(&fronts[SENDER].tx, &r, sizeof(r));
  front_push(&fronts[SENDER].tx);
  port_send(fronts[SENDER].port);
  world_run();
  FUZZ_REQUIRE(front_get(&fronts[SENDER].tx, &answer, sizeof(answer)));
  FUZZ_REQUIRE(answer.id == 77 && answer.status == NETIF_RSP_OKAY);
  FUZZ_REQUIRE(heard(&last) == 1 && !memcmp(buffer[last], hello, HELLO));
}

void fuzz_one(struct fuzz_input *in) {
  void *page;
  world_reset(net_event);
  seconds = 1000;
  FUZZ_REQUIRE(net_start(&world_ops, now));
  for (unsigned i = 0; i < FRONTS; i++)
    connect(i);
  for (unsigned i = 0; i < REFS - 1; i++) {
    liar_ref[i] = grant_page(fronts[LIAR].domid, i > 0, &page);
    liar_page = i ? liar_page : page;
  }
  liar_ref[REFS - 1] = 0xffff;
  frame_make(liar_page, RECEIVER, LIAR);
  hello_ref = grant_page(fronts[SENDER].domid, false, &page);
  hello = page;
  for (unsigned i = 0; i < BUFFERS; i++) {
    put_buffer(RECEIVER, (uint16_t)i, grant_page(fronts[RECEIVER].domid, true, &page));
    buffer[i] = page;
  }
  for (unsigned i = 0; i < STEPS_MAX && in->left; i++)
    step(in);
  others_talk();
  world_reset(NULL);
}
