/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's client against a store that a test plays: byte by byte, late, and with lies. The rest
 * of the library is played too: waiting for an event is the store's turn.
 */
#include "test.h"

#include "../../../libos/xs.c"

#define PORT 7

static struct xenstore_domain_interface page __attribute__((aligned(4096)));
static struct stream requests, replies; /* the store's ends */
static struct message request;
static size_t have;
static uint64_t now;
static unsigned chunk = 16; /* bytes that the store moves in a turn */
static bool silent, answers_stale;
static uint8_t pending[16384];
static size_t pending_size;
static void (*handler)(uint32_t port, void *arg);
static bool again;

/* --- The library --------------------------------------------------------------------------- */

uint64_t hvm_param(uint32_t index) {
  return index == HVM_PARAM_STORE_PFN ? page_gfn(&page) : PORT;
}

void page_map(uint64_t address, size_t count) {
  assert_int_equal(count, 1);
  assert_int_equal(address, (uintptr_t)&page);
}

int event_send(uint32_t port) {
  assert_int_equal(port, PORT);
  return 0;
}

int event_handle(uint32_t port, void (*call_back)(uint32_t, void *), void *arg) {
  assert_int_equal(port, PORT);
  assert_null(arg);
  handler = call_back;
  return 0;
}

void event_again(uint32_t port) {
  assert_int_equal(port, PORT);
  again = true;
}

uint64_t clock_now(void) {
  return now;
}

/* --- The store ----------------------------------------------------------------------------- */

static void say(uint32_t type, uint32_t id, const void *data, size_t size) {
  struct xsd_sockmsg head = {type, id, 0, (uint32_t)size};
  memcpy(pending + pending_size, &head, sizeof(head));
  memcpy(pending + pending_size + sizeof(head), data, size);
  pending_size += sizeof(head) + size;
}

static void answer_read(uint32_t id, const char *path) {
  static const char large[XENSTORE_PAYLOAD_MAX] = {[0 ... XENSTORE_PAYLOAD_MAX - 1] = 'x'};
  if (!strcmp(path, "large"))
    say(XS_READ, id, large, sizeof(large));
  else if (!strcmp(path, "empty"))
    say(XS_READ, id, "", 0);
  else if (!strcmp(path, "number"))
    say(XS_READ, id, "4711", 4);
  else if (!strcmp(path, "odd"))
    say(XS_WRITE, id, "OK", 3);
  else
    say(XS_ERROR, id, "ENOENT", 7);
}

static void answer(const struct message *m) {
  uint32_t id = m->head.req_id;
  if (answers_stale)
    say(XS_READ, id - 1, "stale", 5);
  switch (m->head.type) {
  case XS_READ:
    answer_read(id, m->data);
    break;
  case XS_DIRECTORY:
    say(XS_DIRECTORY, id, "a\0bb\0ccc", strcmp(m->data, "none") ? 9 : 0);
    break;
  case XS_TRANSACTION_START:
    say(XS_TRANSACTION_START, id, "23", 3);
    break;
  case XS_TRANSACTION_END:
    m->data[0] == 'T' ? say(XS_ERROR, id, "EAGAIN", 7) : say(m->head.type, id, "OK", 3);
    break;
  case XS_WATCH: /* fires at once, before the answer */
    say(XS_WATCH_EVENT, 0, m->data, m->head.len);
    say(XS_WATCH, id, "OK", 3);
    break;
  default:
    say(m->head.type, id, "OK", 3);
  }
}

static void take_request(void) {
  size_t want =
      have < sizeof(request.head) ? sizeof(request.head) : sizeof(request.head) + request.head.len;
  if (have < want) {
    size_t some = want - have < chunk ? want - have : chunk;
    int n = stream_read(&requests, (uint8_t *)&request + have, some);
    assert_true(n >= 0);
    have += (size_t)n;
  }
  if (have < sizeof(request.head) || have < sizeof(request.head) + request.head.len)
    return;
  have = 0;
  answer(&request);
}

static bool store_turn(void) {
  size_t before = have + pending_size;
  take_request();
  int n = stream_write(&replies, pending, pending_size < chunk ? pending_size : chunk);
  assert_true(n >= 0);
  pending_size -= (size_t)n;
  memmove(pending, pending + n, pending_size);
  return n || have + pending_size != before;
}

bool event_wait(uint32_t port, uint64_t deadline) {
  assert_int_equal(port, PORT);
  if (!silent && store_turn())
    return true;
  now = deadline;
  return false;
}

static int setup(void **state) {
  (void)state;
  memset(&page, 0, sizeof(page));
  memset(&xs, 0, sizeof(xs));
  requests = (struct stream){&page.req_prod, &page.req_cons, (uint8_t *)page.req, 1024};
  replies = (struct stream){&page.rsp_prod, &page.rsp_cons, (uint8_t *)page.rsp, 1024};
  have = pending_size = 0;
  silent = answers_stale = again = false;
  chunk = 16;
  return 0;
}

/* --- Tests --------------------------------------------------------------------------------- */

static void check_read(const char *path, const char *want) {
  size_t size;
  char *value = xs_read(XS_NONE, path, &size);
  assert_non_null(value);
  assert_int_equal(size, strlen(want));
  assert_string_equal(value, want);
  free(value);
}

static void test_read(void **state) {
  (void)state;
  uint64_t number;
  check_read("number", "4711");
  check_read("empty", "");
  assert_int_equal(xs_read_number(XS_NONE, "number", &number), 0);
  assert_int_equal(number, 4711);
  assert_int_equal(xs_read_number(XS_NONE, "empty", &number), -1);
  assert_int_equal(errno, EINVAL);
  assert_null(xs_read(XS_NONE, "missing", NULL));
  assert_int_equal(errno, ENOENT);
  assert_null(xs_read(XS_NONE, "odd", NULL)); /* another request's answer under our id */
  assert_int_equal(errno, EPROTO);
}

/* Four times what the ring holds, each way, in pieces of every size. */
static void test_large(void **state) {
  (void)state;
  static char value[XENSTORE_PAYLOAD_MAX];
  size_t size;
  for (chunk = 1; chunk < 1024; chunk = chunk * 3 + 1) {
    char *read = xs_read(XS_NONE, "large", &size);
    assert_int_equal(size, XENSTORE_PAYLOAD_MAX);
    free(read);
    assert_int_equal(xs_write(XS_NONE, "a", value, sizeof(value) - 2), 0);
    assert_int_equal(xs_write(XS_NONE, "a", value, sizeof(value) - 1), -1);
    assert_int_equal(errno, E2BIG);
  }
}

static void test_bytes(void **state) {
  (void)state;
  assert_int_equal(xs_printf(5, "data/ab", "%s-%d", "x", 12), 0);
  assert_int_equal(request.head.type, XS_WRITE);
  assert_int_equal(request.head.tx_id, 5);
  assert_int_equal(request.head.len, 12);
  assert_memory_equal(request.data, "data/ab\0x-12", 12);
  assert_int_equal(xs_set_perms(XS_NONE, "p", "n0\0r3", 6), 0);
  assert_memory_equal(request.data, "p\0n0\0r3", 8);
}

static void test_directory(void **state) {
  (void)state;
  size_t count;
  char **names = xs_directory(XS_NONE, "some", &count);
  assert_int_equal(count, 3);
  assert_string_equal(names[0], "a");
  assert_string_equal(names[2], "ccc");
  assert_null(names[3]);
  free(names);
  names = xs_directory(XS_NONE, "none", &count);
  assert_int_equal(count, 0);
  assert_null(names[0]);
  free(names);
}

static void test_transaction(void **state) {
  (void)state;
  assert_int_equal(xs_begin(), 23);
  assert_int_equal(xs_end(23, true), -1);
  assert_int_equal(errno, EAGAIN);
  assert_int_equal(xs_end(23, false), 0);
}

static unsigned fired;

static void fire(struct xs_watch *w, const char *path) {
  assert_string_equal(path, w->path);
  fired++;
  if (w->arg)
    check_read("number", "4711"); /* calls are allowed here */
}

static void test_watch(void **state) {
  (void)state;
  struct xs_watch one = {.path = "one", .fire = fire, .arg = &one},
                  two = {.path = "two", .fire = fire};
  fired = 0;
  assert_int_equal(xs_watch(&one), 0);
  assert_int_equal(xs_watch(&two), 0);
  assert_int_equal(fired, 0); /* not within the call */
  assert_true(again);
  assert_int_equal(xs_unwatch(&two), 0); /* its event has come, and is nobody's any more */
  handler(PORT, NULL);
  assert_int_equal(fired, 1);
  handler(PORT, NULL);
  assert_int_equal(fired, 1);
}

static void test_late(void **state) {
  (void)state;
  silent = true;
  assert_null(xs_read(XS_NONE, "number", NULL));
  assert_int_equal(errno, ETIMEDOUT);
  silent = false;
  check_read("empty", ""); /* and not the answer to the one before */
  answers_stale = true;
  check_read("number", "4711");
}

/* A call that gave up half-way through its message: the next one ends it first. */
static void test_late_in_the_middle(void **state) {
  (void)state;
  static char value[3000];
  silent = true;
  assert_int_equal(xs_write(XS_NONE, "a", value, sizeof(value)), -1);
  assert_int_equal(errno, ETIMEDOUT);
  silent = false;
  check_read("number", "4711");
}

static void test_lies(void **state) {
  (void)state;
  page.rsp_prod = 1025;
  assert_null(xs_read(XS_NONE, "number", NULL));
  assert_int_equal(errno, EPROTO);
  page.rsp_prod = page.rsp_cons; /* for good: where a message starts is not known any more */
  assert_null(xs_read(XS_NONE, "number", NULL));
  assert_int_equal(errno, EPROTO);
  setup(NULL);
  say(XS_READ, 1, "", 0);
  ((struct xsd_sockmsg *)pending)->len = XENSTORE_PAYLOAD_MAX + 1;
  assert_null(xs_read(XS_NONE, "number", NULL));
  assert_int_equal(errno, EPROTO);
  setup(NULL);
  page.req_cons = 1;
  assert_int_equal(xs_mkdir(XS_NONE, "a"), -1);
  assert_int_equal(errno, EPROTO);
}

/* Events without a path's end, without a token, for no watch: they change nothing. */
static void test_odd_events(void **state) {
  (void)state;
  struct xs_watch one = {.path = "one", .fire = fire};
  fired = 0;
  assert_int_equal(xs_watch(&one), 0);
  handler(PORT, NULL);
  say(XS_WATCH_EVENT, 0, "one", 3);
  say(XS_WATCH_EVENT, 0, "one", 4);
  say(XS_WATCH_EVENT, 0, "one\0 99", 8);
  say(XS_WATCH_EVENT, 0, "", 0);
  check_read("number", "4711");
  handler(PORT, NULL);
  assert_int_equal(fired, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_read, setup),
      cmocka_unit_test_setup(test_large, setup),
      cmocka_unit_test_setup(test_bytes, setup),
      cmocka_unit_test_setup(test_directory, setup),
      cmocka_unit_test_setup(test_transaction, setup),
      cmocka_unit_test_setup(test_watch, setup),
      cmocka_unit_test_setup(test_late, setup),
      cmocka_unit_test_setup(test_late_in_the_middle, setup),
      cmocka_unit_test_setup(test_lies, setup),
      cmocka_unit_test_setup(test_odd_events, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
