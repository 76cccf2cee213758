// SPDX-License-Identifier: Apache-2.0
// The network's back end and its switch: three front ends, some of which lie.
#include "world.h"
#include <services/net/net.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 3, BUFFERS = 8 };

struct front {
  uint16_t domid;
  char home[64], back[64];
  struct front_ring tx, rx;
  uint32_t port;
  uint8_t *buffer[256]; // by the id of the request
  uint32_t buffer_ref[256];
  uint8_t *out; // the page that it sends from
  uint32_t out_ref;
};

static struct front front[CLIENTS];
static uint64_t seconds;

static uint64_t now(void) {
  return seconds;
}

// --- The front end -------------------------------------------------------------------

static const uint8_t *mac_of(unsigned client) {
  static uint8_t mac[CLIENTS + 1][6] = {{0, 0x16, 0x3e, 0, 0, 1},
                                        {0, 0x16, 0x3e, 0, 0, 2},
                                        {0, 0x16, 0x3e, 0, 0, 3},
                                        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  return mac[client];
}

enum { ALL = CLIENTS }; // mac_of(ALL): broadcast

static void toolstack_adds(unsigned client) {
  struct front *f = &front[client];
  char path[80];
  *f = (struct front){.domid = (uint16_t)(client + 1)};
  snprintf(f->home, sizeof(f->home), "/local/domain/%u/device/vif/0", f->domid);
  snprintf(f->back, sizeof(f->back), "backend/vif/%u/0", f->domid);
  snprintf(path, sizeof(path), "%s/frontend", f->back);
  store_put_number(f->home, "state", 1);
  store_put_number(f->back, "frontend-id", f->domid);
  store_put(path, f->home);
  store_put_number(f->back, "state", 1);
}

static void put_mac(unsigned client, const char *mac) {
  char path[80];
  snprintf(path, sizeof(path), "%s/mac", front[client].back);
  store_put(path, mac);
}

static void add_buffers(unsigned client, unsigned count) {
  struct front *f = &front[client];
  for (unsigned i = 0; i < count; i++) {
    uint16_t id = (uint16_t)(f->rx.sent % 256);
    void *page;
    if (!f->buffer[id]) {
      f->buffer_ref[id] = grant_page(f->domid, true, &page);
      f->buffer[id] = page;
    }
    struct netif_rx_request r = {.id = id, .gref = f->buffer_ref[id]};
    front_put(&f->rx, &r, sizeof(r));
  }
  front_push(&f->rx);
}

static void front_keys(unsigned client) {
  struct front *f = &front[client];
  void *page;
  front_ring_init(&f->tx, f->domid, NETIF_TX_SLOT_SIZE);
  front_ring_init(&f->rx, f->domid, NETIF_RX_SLOT_SIZE);
  assert_int_equal(f->tx.entries, 256);
  assert_int_equal(f->rx.entries, 256);
  f->port = port_alloc(f->domid);
  f->out_ref = grant_page(f->domid, false, &page);
  f->out = page;
  store_put_number(f->home, "tx-ring-ref", f->tx.ref);
  store_put_number(f->home, "rx-ring-ref", f->rx.ref);
  store_put_number(f->home, "event-channel", f->port);
  store_put_number(f->home, "request-rx-copy", 1);
}

static unsigned back_state(unsigned client) {
  char path[80];
  snprintf(path, sizeof(path), "%s/state", front[client].back);
  return (unsigned)atoi(store_get(path));
}

static void front_state(unsigned client, unsigned state) {
  store_put_number(front[client].home, "state", state);
  world_run();
}

static void front_connect(unsigned client) {
  front_keys(client);
  add_buffers(client, BUFFERS);
  front_state(client, XenbusStateConnected);
  assert_int_equal(back_state(client), XenbusStateConnected);
}

static void make_frame(unsigned from, unsigned to, unsigned size) {
  uint8_t *p = front[from].out;
  for (unsigned i = 12; i < BACKEND_PAGE; i++)
    p[i] = (uint8_t)(i * 3 + size);
  memcpy(p, mac_of(to), 6);
  memcpy(p + 6, mac_of(from), 6);
  (void)size;
}

static void put_part(unsigned from, uint16_t id, unsigned offset, unsigned size, unsigned flags) {
  struct netif_tx_request r = {front[from].out_ref, (uint16_t)offset, (uint16_t)flags, id,
                               (uint16_t)size};
  front_put(&front[from].tx, &r, sizeof(r));
}

static void kick(unsigned from) {
  front_push(&front[from].tx);
  port_send(front[from].port);
  world_run();
}

static void expect_sent(unsigned from, uint16_t id, int status) {
  struct netif_tx_response r;
  assert_true(front_get(&front[from].tx, &r, sizeof(r)));
  assert_int_equal(r.status, status);
  if (status != NETIF_RSP_NULL)
    assert_int_equal(r.id, id);
}

static void send(unsigned from, unsigned to, unsigned size) {
  make_frame(from, to, size);
  put_part(from, 77, 0, size, 0);
  kick(from);
  expect_sent(from, 77, NETIF_RSP_OKAY);
}

static void expect_nothing(unsigned client) {
  struct netif_rx_response r;
  assert_false(front_get(&front[client].rx, &r, sizeof(r)));
}

// The next response in a client's ring: in the slot of its request, so the ids count up.
static const uint8_t *expect_frame(unsigned client, int status) {
  struct front *f = &front[client];
  struct netif_rx_response r;
  uint16_t slot = (uint16_t)(f->rx.received % 256);
  assert_true(front_get(&f->rx, &r, sizeof(r)));
  assert_int_equal(r.id, slot);
  assert_int_equal(r.offset, 0);
  assert_int_equal(r.flags & ~NETRXF_data_validated, 0);
  assert_int_equal(r.status, status);
  return f->buffer[slot];
}

static void expect_from(unsigned client, unsigned from, unsigned size) {
  assert_memory_equal(expect_frame(client, (int)size), front[from].out, size);
}

static int setup(void **state) {
  world_reset(net_event);
  seconds = 1000;
  for (unsigned i = 0; i < CLIENTS; i++)
    toolstack_adds(i);
  assert_true(net_start(&world_ops, now));
  world_run();
  return 0;
}

static int setup_connected(void **state) {
  setup(state);
  for (unsigned i = 0; i < CLIENTS; i++)
    front_connect(i);
  return 0;
}

static int teardown(void **state) {
  world_reset(NULL);
  return 0;
}

// --- Meeting ----------------------------------------------------------------------------

static void offers_and_connects(void **state) {
  assert_int_equal(back_state(0), XenbusStateInitWait);
  assert_string_equal(store_get("backend/vif/1/0/feature-rx-copy"), "1");
  assert_string_equal(store_get("backend/vif/1/0/feature-sg"), "0");
  assert_string_equal(store_get("backend/vif/1/0/feature-no-csum-offload"), "1");
  front_connect(0);
  assert_int_equal(grants_mapped(), 2);
  front_state(0, XenbusStateClosing);
  front_state(0, XenbusStateClosed);
  assert_int_equal(grants_mapped() + ports_bound(), 0);
  front_state(0, XenbusStateInitialising);
  front_connect(0);
}

static void wrong_nodes_are_refused(void **state) {
  static const struct {
    const char *key;
    uint64_t value;
  } bad[] = {
      {"tx-ring-ref", 5000},         {"rx-ring-ref", 5000},  {"event-channel", 60},
      {"request-rx-copy", 0},        {"request-rx-copy", 2}, {"multi-queue-num-queues", 2},
      {"multi-queue-num-queues", 0},
  };
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    setup(state);
    front_keys(0);
    store_put_number(front[0].home, bad[i].key, bad[i].value);
    front_state(0, XenbusStateConnected);
    assert_int_equal(back_state(0), XenbusStateClosing);
    assert_int_equal(grants_mapped() + ports_bound(), 0);
  }
}

static void goes_on_after_its_own_restart(void **state) {
  send(0, ALL, 60);
  make_frame(0, 1, 80);
  put_part(0, 78, 0, 80, 0);
  front_push(&front[0].tx);
  port_send(front[0].port);
  world_kill_back_end();
  assert_true(net_start(&world_ops, now));
  world_run();
  expect_sent(0, 78, NETIF_RSP_OKAY);
  expect_frame(1, 60);
  expect_from(1, 0, 80);
  unsigned received = port_received(front[2].port);
  world_kill_back_end(); // it may have answered and not said so
  assert_true(net_start(&world_ops, now));
  world_run();
  assert_int_equal(port_received(front[2].port), received + 1);
}

// --- The switch ------------------------------------------------------------------------

static void floods_then_knows(void **state) {
  send(0, 1, 60); // nobody has heard of 1 yet
  expect_from(1, 0, 60);
  expect_from(2, 0, 60);
  expect_nothing(0);
  send(1, 0, 1514);
  expect_from(0, 1, 1514);
  expect_nothing(2);
  send(2, ALL, 1518);
  expect_from(0, 2, 1518);
  expect_from(1, 2, 1518);
  seconds += SWITCH_AGE + 1;
  send(0, 1, 64);
  expect_from(1, 0, 64);
  expect_from(2, 0, 64);
}

static void not_back_to_the_sender(void **state) {
  send(0, 0, 60);
  for (unsigned i = 0; i < CLIENTS; i++)
    expect_nothing(i);
}

static void a_declared_address_is_not_stolen(void **state) {
  front_state(0, XenbusStateClosed);
  front_state(0, XenbusStateInitialising);
  put_mac(0, "00:16:3e:00:00:01");
  front_connect(0);
  make_frame(1, 2, 60);
  memcpy(front[1].out + 6, mac_of(0), 6);
  put_part(1, 5, 0, 60, 0);
  kick(1);
  expect_sent(1, 5, NETIF_RSP_OKAY);
  expect_nothing(2);
  send(2, 0, 60);
  expect_from(0, 2, 60);
}

static void one_that_has_gone_gets_nothing(void **state) {
  send(1, ALL, 60);
  world_kill_domain(front[1].domid);
  store_fire("@releaseDomain");
  world_run();
  assert_int_equal(ports_bound(), 2);
  assert_int_equal(grants_mapped(), 4);
  send(0, 1, 70);
  expect_from(2, 1, 60);
  expect_from(2, 0, 70);
}

// --- Receivers -----------------------------------------------------------------------------

static void without_a_buffer_the_frame_is_lost(void **state) {
  send(1, ALL, 60);
  expect_from(0, 1, 60);
  expect_from(2, 1, 60);
  for (unsigned i = 0; i < BUFFERS + 3; i++) {
    send(0, ALL, 60 + i);
    expect_from(2, 0, 60 + i);
    add_buffers(2, 1);
  }
  for (unsigned i = 0; i < BUFFERS; i++)
    expect_frame(1, (int)(60 + i));
  expect_nothing(1);
  add_buffers(1, 1);
  send(0, 1, 500);
  expect_from(1, 0, 500);
}

static void a_bad_buffer_is_the_receivers_loss(void **state) {
  send(1, ALL, 60);
  grant_revoke(front[1].buffer_ref[0]);
  send(0, ALL, 90);
  expect_frame(1, NETIF_RSP_ERROR);
  expect_frame(2, 60);
  expect_from(2, 0, 90);
  send(0, ALL, 91);
  expect_from(1, 0, 91);
}

static void a_receiver_that_lies_is_left(void **state) {
  front[1].rx.page->req_prod = 1000;
  send(0, ALL, 60);
  assert_int_equal(back_state(1), XenbusStateClosing);
  expect_from(2, 0, 60);
  send(2, ALL, 61);
  expect_from(0, 2, 61);
  front_state(1, XenbusStateInitialising);
  front_connect(1);
  send(0, ALL, 62);
  expect_from(1, 0, 62);
}

// --- Senders ----------------------------------------------------------------------------

static void joins_the_parts(void **state) {
  make_frame(0, ALL, 1000);
  put_part(0, 1, 0, 1000, NETTXF_more_data); // the whole packet's size
  put_part(0, 2, 700, 200, NETTXF_more_data);
  put_part(0, 3, 900, 100, 0);
  kick(0);
  for (uint16_t id = 1; id <= 3; id++)
    expect_sent(0, id, NETIF_RSP_OKAY);
  expect_from(1, 0, 1000);
}

static void joins_eighteen_parts(void **state) {
  make_frame(0, ALL, 1000);
  put_part(0, 0, 0, 1000, NETTXF_more_data);
  for (uint16_t i = 1; i < 18; i++)
    put_part(0, i, 983 + i - 1, 1, i < 17 ? NETTXF_more_data : 0);
  kick(0);
  for (uint16_t i = 0; i < 18; i++)
    expect_sent(0, i, NETIF_RSP_OKAY);
  expect_from(1, 0, 1000);
}

static void sizes_that_do_not_agree(void **state) {
  static const struct {
    unsigned first, offset, size; // of the packet and of a second part, where size is not 0
    unsigned first_offset;
  } bad[] = {
      {0, 0, 0, 0},     {13, 0, 0, 0},      {1519, 0, 0, 0},      {0xffff, 0, 0, 0},
      {60, 0, 60, 0},   {60, 0, 61, 0},     {60, 0, 0xffff, 0},   {1000, 4000, 97, 0},
      {60, 0, 0, 4090}, {60, 0, 0, 0xffff}, {100, 0xffff, 50, 0}, {100, 0, 40, 4037},
  };
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    make_frame(0, ALL, 60);
    put_part(0, 1, bad[i].first_offset, bad[i].first, bad[i].size ? NETTXF_more_data : 0);
    if (bad[i].size)
      put_part(0, 2, bad[i].offset, bad[i].size, 0);
    kick(0);
    expect_sent(0, 1, NETIF_RSP_ERROR);
    if (bad[i].size)
      expect_sent(0, 2, NETIF_RSP_ERROR);
    expect_nothing(1);
  }
  assert_int_equal(world_copies, 0);
  make_frame(0, ALL, 60); // a part of nothing
  put_part(0, 1, 0, 60, NETTXF_more_data);
  put_part(0, 2, 0, 0, 0);
  kick(0);
  expect_sent(0, 1, NETIF_RSP_ERROR);
  expect_sent(0, 2, NETIF_RSP_ERROR);
}

static void extra_information_is_answered_by_nothing(void **state) {
  struct netif_extra_info extra = {1, XEN_NETIF_EXTRA_FLAG_MORE, {0}};
  make_frame(0, ALL, 100);
  put_part(0, 1, 0, 100, NETTXF_extra_info | NETTXF_more_data);
  front_put(&front[0].tx, &extra, sizeof(extra));
  extra.flags = 0;
  front_put(&front[0].tx, &extra, sizeof(extra));
  put_part(0, 2, 50, 50, 0);
  kick(0);
  expect_sent(0, 1, NETIF_RSP_ERROR);
  expect_sent(0, 0, NETIF_RSP_NULL);
  expect_sent(0, 0, NETIF_RSP_NULL);
  expect_sent(0, 2, NETIF_RSP_ERROR);
  expect_nothing(1);
  send(0, ALL, 60);
}

static void parts_that_add_up_to_more_than_a_number_holds(void **state) {
  make_frame(0, ALL, 60);
  put_part(0, 0, 0, 60, NETTXF_more_data);
  for (uint16_t i = 1; i < 18; i++) // 17 * 3856 = 65536 + 16
    put_part(0, i, 0, 3856, i < 17 ? NETTXF_more_data : 0);
  kick(0);
  expect_sent(0, 0, NETIF_RSP_ERROR);
  expect_nothing(1);
}

static void chains_that_are_too_long(void **state) {
  for (uint16_t i = 0; i < 19; i++)
    put_part(0, i, 0, i ? 1 : 60, i < 18 ? NETTXF_more_data : 0);
  kick(0);
  assert_int_equal(back_state(0), XenbusStateClosing);
  put_part(1, 1, 0, 60, NETTXF_extra_info);
  for (unsigned i = 0; i < NET_EXTRAS + 1; i++) {
    struct netif_extra_info extra = {1, i < NET_EXTRAS ? XEN_NETIF_EXTRA_FLAG_MORE : 0, {0}};
    front_put(&front[1].tx, &extra, sizeof(extra));
  }
  kick(1);
  assert_int_equal(back_state(1), XenbusStateClosing);
}

static void chains_without_end(void **state) {
  for (unsigned kind = 0; kind < 4; kind++) {
    setup_connected(state);
    unsigned flags = kind < 2 ? NETTXF_more_data : NETTXF_extra_info;
    put_part(0, 1, 0, 100, flags);
    for (unsigned i = 0; kind & 1 && i < 100; i++)
      put_part(0, 1, 0x0101, 1, flags); // as extra information: type 1, more follows
    for (unsigned i = 0; kind == 3 && i < 100; i++) {
      struct netif_extra_info extra = {1, XEN_NETIF_EXTRA_FLAG_MORE, {0}};
      memcpy(front[0].tx.page->entry + (i + 1) * NETIF_TX_SLOT_SIZE, &extra, sizeof(extra));
    }
    kick(0);
    assert_int_equal(back_state(0), XenbusStateClosing);
    assert_int_equal(ports_bound(), 2);
    send(1, ALL, 60);
    expect_from(2, 1, 60);
  }
}

static void a_bad_grant_fails_its_packet_alone(void **state) {
  make_frame(0, ALL, 100);
  put_part(0, 1, 0, 100, 0);
  uint32_t good = front[0].out_ref;
  front[0].out_ref = front[1].out_ref; // another domain's
  put_part(0, 2, 0, 90, 0);
  front[0].out_ref = good;
  put_part(0, 3, 0, 80, 0);
  kick(0);
  expect_sent(0, 1, NETIF_RSP_OKAY);
  expect_sent(0, 2, NETIF_RSP_ERROR);
  expect_sent(0, 3, NETIF_RSP_OKAY);
  expect_from(1, 0, 100);
  expect_from(1, 0, 80);
  expect_nothing(1);
}

static void a_checksum_is_filled_in(void **state) {
  make_frame(0, ALL, 60);
  uint8_t *ip = front[0].out + 14;
  memset(ip - 2, 0, 48);
  ip[-2] = 8;
  ip[0] = 0x45;
  ip[3] = 46;
  ip[9] = 17;
  put_part(0, 1, 0, 60, NETTXF_csum_blank | NETTXF_data_validated);
  kick(0);
  expect_sent(0, 1, NETIF_RSP_OKAY);
  const uint8_t *got = expect_frame(1, 60);
  assert_int_equal(got[14 + 26] << 8 | got[14 + 27], 0xffff & ~(17 + 26));
  struct ring_page *rx = front[1].rx.page;
  assert_int_equal(((struct netif_rx_response *)rx->entry)[0].flags, NETRXF_data_validated);
  make_frame(0, ALL, 60); // what we cannot fill in goes nowhere
  put_part(0, 2, 0, 60, NETTXF_csum_blank);
  kick(0);
  expect_sent(0, 2, NETIF_RSP_ERROR);
  expect_nothing(1);
}

static void a_busy_sender_gives_way(void **state) {
  add_buffers(1, 200);
  make_frame(0, ALL, 60);
  for (uint16_t i = 0; i < 200; i++)
    put_part(0, i, 0, 60, 0);
  front_push(&front[0].tx);
  port_send(front[0].port);
  world_turn();
  assert_in_range(front[0].tx.page->rsp_prod, 1, 64);
  world_run();
  for (uint16_t i = 0; i < 200; i++) {
    expect_sent(0, i, NETIF_RSP_OKAY);
    expect_from(1, 0, 60);
  }
}

// Takes all that has come, and puts as many buffers in the ring.
static void drain(unsigned client) {
  struct front_ring *rx = &front[client].rx;
  unsigned came = rx->page->rsp_prod - rx->received;
  rx->received += came;
  add_buffers(client, came);
}

// Any bytes in the rings of one, with an honest index or a wild one: the others talk on.
static void random_senders(void **state) {
  srand(11);
  for (unsigned round = 0; round < 3000; round++) {
    for (unsigned i = 0; i < 20; i++)
      put_part(0, (uint16_t)i, rand() % 2 ? 0 : (unsigned)rand() % 5000,
               rand() % 3 ? 60 : (unsigned)rand() % 3000, (unsigned)rand() % 16);
    front_push(&front[0].tx);
    front[0].tx.page->req_prod += rand() % 50 ? 0 : (unsigned)rand();
    port_send(front[0].port);
    world_run();
    front[0].tx.received = front[0].tx.page->rsp_prod;
    drain(1);
    drain(2);
    send(1, ALL, 60);
    expect_from(2, 1, 60);
    drain(2);
    if (back_state(0) != XenbusStateConnected)
      setup_connected(state);
  }
}

int main(void) {
#define FRESH(test)     cmocka_unit_test_setup_teardown(test, setup, teardown)
#define CONNECTED(test) cmocka_unit_test_setup_teardown(test, setup_connected, teardown)
  const struct CMUnitTest tests[] = {
      FRESH(offers_and_connects),
      FRESH(wrong_nodes_are_refused),
      CONNECTED(goes_on_after_its_own_restart),
      CONNECTED(floods_then_knows),
      CONNECTED(not_back_to_the_sender),
      CONNECTED(a_declared_address_is_not_stolen),
      CONNECTED(one_that_has_gone_gets_nothing),
      CONNECTED(without_a_buffer_the_frame_is_lost),
      CONNECTED(a_bad_buffer_is_the_receivers_loss),
      CONNECTED(a_receiver_that_lies_is_left),
      CONNECTED(joins_the_parts),
      CONNECTED(joins_eighteen_parts),
      CONNECTED(sizes_that_do_not_agree),
      CONNECTED(extra_information_is_answered_by_nothing),
      CONNECTED(parts_that_add_up_to_more_than_a_number_holds),
      CONNECTED(chains_that_are_too_long),
      CONNECTED(chains_without_end),
      CONNECTED(a_bad_grant_fails_its_packet_alone),
      CONNECTED(a_checksum_is_filled_in),
      CONNECTED(a_busy_sender_gives_way),
      CONNECTED(random_senders),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
