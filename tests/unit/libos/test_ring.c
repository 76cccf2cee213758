/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings: ours against the macros of Xen's own header, which the stock drivers use, and against
 * peers that lie; streams of bytes.
 */
#include "test.h"

#include <stdbool.h>

#define mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/xen.h>
#include <xen/io/ring.h>

#include <libos/ring.h>
#include <libos/stream.h>

struct request {
  uint64_t number, more[5];
};
struct response {
  uint64_t number;
};
DEFINE_RING_TYPES(peer, struct request, struct response);

#define ENTRY sizeof(struct request)

static uint8_t page[4096] __attribute__((aligned(4096)));

static void test_entries(void **state) {
  (void)state;
  struct peer_sring *s = (void *)page;
  assert_int_equal(ring_entries(4096, ENTRY), __RING_SIZE(s, 4096));
  assert_int_equal(ring_entries(16 * 4096, ENTRY), __RING_SIZE(s, 16 * 4096));
  assert_int_equal(ring_entries(4096, 112), 32); /* block (xen/io/blkif.h) */
  assert_int_equal(ring_entries(4096, 12), 256); /* network, sending (xen/io/netif.h) */
}

/* Random pushes and takes, with events only where one end said that one is due: every request comes
 * through in order, and nobody sleeps while there is work. */
struct ends {
  struct ring ours;
  peer_back_ring_t back;
  peer_front_ring_t front;
  uint64_t asked, served, answered;
  bool back_awake, front_awake;
};

static void our_front_turn(struct ends *e) {
  struct response response;
  for (uint32_t n = random_below(8); n-- && ring_request_room(&e->ours);)
    ring_request_put(&e->ours, &(struct request){.number = e->asked++}, ENTRY);
  e->back_awake |= ring_request_push(&e->ours);
  while (e->front_awake && random_below(4)) {
    if (ring_response_get(&e->ours, &response, sizeof(response)))
      assert_int_equal(response.number, e->answered++);
    else
      e->front_awake = ring_response_more(&e->ours);
  }
}

static void xen_back_turn(struct ends *e) {
  int more = 1;
  while (e->back_awake && random_below(4)) {
    if (!RING_HAS_UNCONSUMED_REQUESTS(&e->back)) {
      RING_FINAL_CHECK_FOR_REQUESTS(&e->back, more);
      e->back_awake = more;
      continue;
    }
    assert_int_equal(RING_GET_REQUEST(&e->back, e->back.req_cons++)->number, e->served);
    RING_GET_RESPONSE(&e->back, e->back.rsp_prod_pvt++)->number = e->served++;
  }
  RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&e->back, more);
  e->front_awake |= more;
}

static void test_front_against_xen(void **state) {
  (void)state;
  struct ends e = {0};
  memset(page, 0, sizeof(page));
  ring_front_init(&e.ours, page, sizeof(page), ENTRY);
  BACK_RING_INIT(&e.back, (struct peer_sring *)page, sizeof(page));
  for (unsigned i = 0; i < 100000; i++)
    random_below(2) ? our_front_turn(&e) : xen_back_turn(&e);
  for (unsigned i = 0; i < 1000; i++) { /* what is under way ends, without a further event */
    xen_back_turn(&e);
    struct response response;
    while (e.front_awake && ring_response_get(&e.ours, &response, sizeof(response)) == 1)
      assert_int_equal(response.number, e.answered++);
    e.front_awake = e.front_awake && ring_response_more(&e.ours);
  }
  assert_true(e.asked > 10000);
  assert_int_equal(e.answered, e.asked);
}

static void xen_front_turn(struct ends *e) {
  int more = 1;
  for (uint32_t n = random_below(8); n-- && !RING_FULL(&e->front);)
    RING_GET_REQUEST(&e->front, e->front.req_prod_pvt++)->number = e->asked++;
  RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&e->front, more);
  e->back_awake |= more;
  while (e->front_awake && random_below(4)) {
    if (RING_HAS_UNCONSUMED_RESPONSES(&e->front)) {
      assert_int_equal(RING_GET_RESPONSE(&e->front, e->front.rsp_cons++)->number, e->answered++);
    } else {
      RING_FINAL_CHECK_FOR_RESPONSES(&e->front, more);
      e->front_awake = more;
    }
  }
}

static void our_back_turn(struct ends *e, bool whole) {
  struct request request;
  while (e->back_awake && (whole || random_below(4))) {
    if (!ring_request_get(&e->ours, &request, ENTRY)) {
      e->back_awake = ring_request_more(&e->ours);
      continue;
    }
    assert_int_equal(request.number, e->served);
    ring_response_put(&e->ours, &(struct response){e->served++}, sizeof(struct response));
  }
  e->front_awake |= ring_response_push(&e->ours);
}

static void test_back_against_xen(void **state) {
  (void)state;
  struct ends e = {0};
  memset(page, 0, sizeof(page));
  SHARED_RING_INIT((struct peer_sring *)page);
  FRONT_RING_INIT(&e.front, (struct peer_sring *)page, sizeof(page));
  assert_int_equal(ring_back_init(&e.ours, page, sizeof(page), ENTRY), 0);
  for (unsigned i = 0; i < 100000; i++)
    random_below(2) ? xen_front_turn(&e) : our_back_turn(&e, false);
  our_back_turn(&e, true);
  assert_true(e.asked > 10000);
  assert_int_equal(e.served, e.asked);
}

/* A back end that is started anew goes on behind the answers that were sent. */
static void test_back_joins_late(void **state) {
  (void)state;
  struct ring front, back;
  struct request r = {0};
  memset(page, 0, sizeof(page));
  ring_front_init(&front, page, sizeof(page), ENTRY);
  assert_int_equal(ring_back_init(&back, page, sizeof(page), ENTRY), 0);
  for (r.number = 0; r.number < 3; r.number++)
    ring_request_put(&front, &r, ENTRY);
  ring_request_push(&front);
  assert_int_equal(ring_request_get(&back, &r, ENTRY), 1);
  ring_response_put(&back, &(struct response){0}, sizeof(struct response));
  ring_response_push(&back);
  assert_int_equal(ring_request_get(&back, &r, ENTRY), 1); /* taken, not answered */
  assert_int_equal(ring_back_init(&back, page, sizeof(page), ENTRY), 0);
  assert_int_equal(ring_request_get(&back, &r, ENTRY), 1);
  assert_int_equal(r.number, 1);
}

static void test_lying_front(void **state) {
  (void)state;
  struct ring back;
  struct request r;
  struct ring_page *shared = (void *)page;
  memset(page, 0, sizeof(page));
  assert_int_equal(ring_back_init(&back, page, sizeof(page), ENTRY), 0);
  shared->req_prod = back.entries;
  assert_int_equal(ring_request_get(&back, &r, ENTRY), 1);
  shared->req_prod = back.entries + 1; /* one more than there is room for, none answered yet */
  assert_int_equal(ring_request_get(&back, &r, ENTRY), -1);
  ring_response_put(&back, &(struct response){0}, sizeof(struct response));
  assert_int_equal(ring_request_get(&back, &r, ENTRY), 1);
  shared->req_prod = 0; /* backwards */
  assert_int_equal(ring_request_get(&back, &r, ENTRY), -1);
  shared->req_prod = back.entries + 1;
  shared->rsp_prod = 0;
  assert_int_equal(ring_back_init(&back, page, sizeof(page), ENTRY), -1);
}

static void test_lying_back(void **state) {
  (void)state;
  struct ring front;
  struct response r;
  struct ring_page *shared = (void *)page;
  memset(page, 0, sizeof(page));
  ring_front_init(&front, page, sizeof(page), ENTRY);
  assert_int_equal(ring_response_get(&front, &r, sizeof(r)), 0);
  shared->rsp_prod = 1; /* an answer, and nothing was asked */
  assert_int_equal(ring_response_get(&front, &r, sizeof(r)), -1);
}

/* --- Streams ------------------------------------------------------------------------------- */

static uint8_t bytes[64];
static uint32_t prod, cons;
static struct stream stream = {&prod, &cons, bytes, sizeof(bytes)};

static void test_stream_order(void **state) {
  (void)state;
  uint8_t block[80], next_in = 0, next_out = 0;
  prod = cons = 0xfffffff0; /* the indices wrap on the way */
  for (unsigned turn = 0; turn < 20000; turn++) {
    uint32_t size = random_below(sizeof(block));
    for (uint32_t i = 0; i < size; i++)
      block[i] = (uint8_t)(next_in + i);
    int room = stream_room(&stream), n = stream_write(&stream, block, size);
    assert_int_equal(n, (int)size < room ? (int)size : room);
    next_in = (uint8_t)(next_in + n);
    n = stream_read(&stream, block, random_below(sizeof(block)));
    for (int i = 0; i < n; i++)
      assert_int_equal(block[i], next_out++);
  }
}

static void test_stream_peek(void **state) {
  (void)state;
  char text[8] = "";
  prod = cons = 60;
  assert_int_equal(stream_write(&stream, "abcdef", 6), 6);
  assert_int_equal(stream_peek(&stream, text, 4), 4);
  assert_string_equal(text, "abcd");
  stream_skip(&stream, 2);
  assert_int_equal(stream_read(&stream, text, 8), 4);
  assert_memory_equal(text, "cdef", 4);
}

static void test_stream_nonsense(void **state) {
  (void)state;
  char byte;
  prod = 65, cons = 0;
  assert_int_equal(stream_used(&stream), -1);
  assert_int_equal(stream_room(&stream), -1);
  assert_int_equal(stream_read(&stream, &byte, 1), -1);
  assert_int_equal(stream_write(&stream, &byte, 1), -1);
  prod = 0, cons = 1;
  assert_int_equal(stream_read(&stream, &byte, 1), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_entries),          cmocka_unit_test(test_front_against_xen),
      cmocka_unit_test(test_back_against_xen), cmocka_unit_test(test_back_joins_late),
      cmocka_unit_test(test_lying_front),      cmocka_unit_test(test_lying_back),
      cmocka_unit_test(test_stream_order),     cmocka_unit_test(test_stream_peek),
      cmocka_unit_test(test_stream_nonsense),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
