// SPDX-License-Identifier: Apache-2.0
// The network's devices and the way of a frame through the switch:
//
//    sender's pages --copy--> frames[] --copy--> buffers that the receivers have put in their rings
//
// A receiver without a buffer loses the frame, and nobody waits for it.
#include "net.h"
#include "checksum.h"
#include <stdio.h>
#include <string.h>

// Packets of one sender's turn, and copies of one call.
enum { TURN = 32, COPIES = 64 };

struct net_client {
  uint32_t port;
  bool lied; // its ring of buffers has indices that cannot be; seen in the middle of another's turn
  struct ring tx, rx;
};

// A packet of this turn.
struct packet {
  struct net_chain chain;
  bool good;
};

// A frame on its way into a receiver's buffer.
struct delivery {
  struct net_client *to;
  uint16_t id; // of the buffer
  uint16_t flags;
};

static struct bus bus;
static uint64_t (*clock_seconds)(void);
static struct network_switch network;
static struct net_client clients[BUS_DEVICES]; // by the device's index, which is the switch's port
_Static_assert(BUS_DEVICES <= SWITCH_PORTS, "a port for each device");

static uint8_t frames[TURN][NET_FRAME_SPACE] __attribute__((aligned(BACKEND_PAGE)));
static struct packet packets[TURN];
static struct delivery deliveries[COPIES];
static struct backend_copy copies[COPIES];
static unsigned pending;          // copies that stand in the array
static struct net_client *served; // whose turn it is

// --- From the sender ---------------------------------------------------------------

static void flush_fetches(void) {
  if (pending)
    bus.ops->copy(copies, pending);
  for (unsigned i = 0; i < pending; i++)
    if (copies[i].failed) // the frame that it belongs to
      packets[((uint8_t *)copies[i].own - frames[0]) / NET_FRAME_SPACE].good = false;
  pending = 0;
}

static void fetch(uint16_t domid, const struct net_chain *chain, uint8_t *frame) {
  for (unsigned i = 0; i < chain->parts; i++) {
    const struct netif_tx_request *part = &chain->part[i];
    if (pending == COPIES)
      flush_fetches();
    copies[pending++] = (struct backend_copy){.domid = domid,
                                              .gref = part->gref,
                                              .offset = part->offset,
                                              .length = part->size,
                                              .own = frame};
    frame += part->size;
  }
}

// Takes up to TURN packets into frames[]. What net_chain_get returned last goes to *got.
static unsigned take_packets(unsigned index, int *got) {
  unsigned count = 0;
  while (count < TURN && (*got = net_chain_get(&clients[index].tx, &packets[count].chain)) > 0) {
    struct packet *p = &packets[count];
    p->good = net_chain_check(&p->chain);
    if (p->good)
      fetch(bus.devices[index].domid, &p->chain, frames[count]);
    count++;
  }
  flush_fetches();
  return count;
}

// --- To the receivers ----------------------------------------------------------------

static void flush_deliveries(void) {
  if (pending)
    bus.ops->copy(copies, pending);
  for (unsigned i = 0; i < pending; i++) {
    const struct delivery *d = &deliveries[i];
    int16_t status = copies[i].failed ? NETIF_RSP_ERROR : (int16_t)copies[i].length;
    struct netif_rx_response answer = {.id = d->id, .flags = d->flags, .status = status};
    ring_response_put(&d->to->rx, &answer, sizeof(answer));
  }
  pending = 0;
}

static void deliver(unsigned to, uint8_t *frame, const struct net_chain *chain) {
  struct net_client *c = &clients[to];
  struct netif_rx_request buffer;
  int got = c->lied ? 0 : ring_request_get(&c->rx, &buffer, sizeof(buffer));
  c->lied |= got < 0;
  if (got <= 0)
    return;
  if (pending == COPIES)
    flush_deliveries();
  // A checksum that we have filled in needs no check.
  uint16_t flags = chain->checksum_blank ? NETRXF_data_validated : 0;
  deliveries[pending] = (struct delivery){.to = c, .id = buffer.id, .flags = flags};
  copies[pending++] = (struct backend_copy){.domid = bus.devices[to].domid,
                                            .to_client = true,
                                            .gref = buffer.gref,
                                            .length = (uint16_t)chain->size,
                                            .own = frame};
}

static void forward(unsigned from, uint8_t *frame, const struct net_chain *chain) {
  uint64_t now = clock_seconds();
  mac_t target = mac_read(frame);
  if (!switch_learn(&network, from, mac_read(frame + 6), now))
    return;
  int to = mac_is_group(target) ? -1 : switch_find(&network, target, now);
  for (unsigned i = 0; i < BUS_DEVICES; i++)
    if (i != from && network.port[i].up && (to < 0 || to == (int)i))
      deliver(i, frame, chain);
}

// --- A client's turn -------------------------------------------------------------------

static void forward_packets(unsigned from, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    struct packet *p = &packets[i];
    if (p->good && p->chain.checksum_blank)
      p->good = checksum_fill(frames[i], p->chain.size);
    if (p->good)
      forward(from, frames[i], &p->chain);
  }
  flush_deliveries();
  for (unsigned i = 0; i < count; i++)
    net_chain_answer(&clients[from].tx, &packets[i].chain,
                     packets[i].good ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
}

static void push_all(void) {
  for (unsigned i = 0; i < BUS_DEVICES; i++) {
    struct net_client *c = &clients[i];
    if (!network.port[i].up)
      continue;
    bool wants = ring_response_push(&c->rx);
    wants |= c == served && ring_response_push(&c->tx);
    if (wants)
      bus.ops->notify(c->port);
    if (c->lied)
      bus_fail(&bus, i, "more buffers than the ring holds");
  }
}

static void client_fired(uint32_t port, void *owner) {
  unsigned index = (unsigned)((struct net_client *)owner - clients);
  int got = 1;
  served = owner;
  forward_packets(index, take_packets(index, &got));
  push_all();
  if (!network.port[index].up)
    return;
  if (got < 0)
    bus_fail(&bus, index, "a packet's requests have no end");
  else if (got > 0 || ring_request_more(&served->tx))
    bus.ops->again(port);
}

// --- The bus ------------------------------------------------------------------------------

static bool offer(struct bus *b, unsigned index) {
  const char *back = b->devices[index].back;
  return bus_write_number(b, back, "feature-rx-copy", 1) &&
         bus_write_number(b, back, "feature-sg", 0) &&
         bus_write_number(b, back, "feature-gso-tcpv4", 0) &&
         bus_write_number(b, back, "feature-no-csum-offload", 1);
}

static bool attach(struct bus *b, unsigned index, struct ring *ring, const char *key,
                   uint32_t size) {
  const struct bus_device *d = &b->devices[index];
  uint64_t ref;
  if (!bus_read_number(b, d->front, key, UINT32_MAX, &ref))
    return false;
  void *page = b->ops->map(d->domid, (uint32_t)ref);
  if (!page)
    return false;
  if (!ring_back_init(ring, page, BACKEND_PAGE, size))
    return true;
  b->ops->unmap(page);
  return false;
}

static bool attach_rings(struct bus *b, unsigned index) {
  struct net_client *c = &clients[index];
  if (!attach(b, index, &c->tx, "tx-ring-ref", NETIF_TX_SLOT_SIZE))
    return false;
  if (attach(b, index, &c->rx, "rx-ring-ref", NETIF_RX_SLOT_SIZE))
    return true;
  b->ops->unmap(c->tx.page);
  return false;
}

static mac_t own_address(struct bus *b, unsigned index) {
  char path[BUS_PATH], text[24];
  mac_t mac = {0};
  snprintf(path, sizeof(path), "%.80s/mac", b->devices[index].back);
  if (!b->ops->read(path, text, sizeof(text)) || !mac_parse(text, &mac))
    return (mac_t){0};
  return mac;
}

static bool connect(struct bus *b, unsigned index) {
  const struct bus_device *d = &b->devices[index];
  struct net_client *c = &clients[index];
  uint64_t copy, port;
  if (bus_queues(b, d, 1) != 1 || !bus_read_number(b, d->front, "request-rx-copy", 1, &copy) ||
      !copy || !bus_read_number(b, d->front, "event-channel", UINT32_MAX, &port) ||
      !attach_rings(b, index))
    return false;
  if (!b->ops->bind(d->domid, (uint32_t)port, client_fired, c, &c->port)) {
    b->ops->unmap(c->tx.page);
    b->ops->unmap(c->rx.page);
    return false;
  }
  c->lied = false;
  switch_up(&network, index, own_address(b, index));
  // A former life of ours may have answered without saying so.
  b->ops->notify(c->port);
  return true;
}

static void disconnect(struct bus *b, unsigned index) {
  struct net_client *c = &clients[index];
  switch_down(&network, index);
  b->ops->unbind(c->port);
  b->ops->unmap(c->tx.page);
  b->ops->unmap(c->rx.page);
}

static bool is_alive(struct bus *b, unsigned index) {
  return b->ops->is_bound(clients[index].port);
}

// Of a packet under way nothing is lost but the packet.
static bool resumes(struct bus *b, unsigned index) {
  (void)b;
  (void)index;
  return true;
}

bool net_start(const struct backend_ops *ops, uint64_t (*now)(void)) {
  static const struct bus_driver driver = {
      .type = "vif",
      .resumes = resumes,
      .offer = offer,
      .connect = connect,
      .is_alive = is_alive,
      .disconnect = disconnect,
  };
  clock_seconds = now;
  network = (struct network_switch){0};
  return bus_start(&bus, &driver, ops);
}

void net_event(const char *path, const char *token) {
  bus_event(&bus, path, token);
}
