/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's ring against another end that is quick, slow, still, or lies. Time is what the
 * library's waits make of it.
 */
#include "test.h"

#include "../../../libos/console.c"

#define PORT 3

static struct xencons_interface page __attribute__((aligned(4096)));
static char shown[16384];
static size_t shown_size,
    bites; /* bytes that the other end takes at each event; 0: it stands still */
static uint64_t now = 1;
static unsigned waits, agains;

uint8_t hypercall_page[4096];

uint64_t hvm_param(uint32_t index) {
  return index == HVM_PARAM_CONSOLE_PFN ? page_gfn(&page) : PORT;
}

void page_map(uint64_t address, size_t count) {
  assert_int_equal(address, (uintptr_t)&page);
  assert_int_equal(count, 1);
}

uint64_t clock_now(void) {
  return now;
}

static bool take(void) {
  size_t n = 0;
  for (; n < bites && page.out_cons != page.out_prod; n++)
    shown[shown_size++] = page.out[page.out_cons++ % sizeof(page.out)];
  return n;
}

int event_send(uint32_t to) {
  assert_int_equal(to, PORT);
  return 0;
}

bool event_wait(uint32_t on, uint64_t deadline) {
  assert_int_equal(on, PORT);
  waits++;
  if (take())
    return true;
  now = deadline;
  return false;
}

int event_handle(uint32_t on, void (*handler)(uint32_t, void *), void *arg) {
  (void)handler;
  (void)arg;
  assert_int_equal(on, PORT);
  return 0;
}

void event_again(uint32_t on) {
  assert_int_equal(on, PORT);
  agains++;
}

static int setup(void **state) {
  (void)state;
  memset(&page, 0, sizeof(page));
  shown_size = waits = agains = 0;
  stuck = false;
  input_ready = NULL;
  bites = 100;
  console_init();
  return 0;
}

static void test_lines(void **state) {
  (void)state;
  console_write("one\ntwo", 7);
  console_write("\n\n", 2);
  while (take())
    ;
  assert_int_equal(shown_size, 12);
  assert_memory_equal(shown, "one\r\ntwo\r\n\r\n", 12);
  assert_int_equal(waits, 0);
}

/* Six times the ring, to an end that takes 100 bytes at a time: all of it, in order. */
static void test_slow(void **state) {
  (void)state;
  static char text[12288];
  for (size_t i = 0; i < sizeof(text); i++)
    text[i] = (char)('a' + i % 26);
  console_write(text, sizeof(text));
  console_drain();
  assert_int_equal(shown_size, sizeof(text));
  assert_memory_equal(shown, text, sizeof(text));
}

static void ready(void *arg) {
  (void)arg;
}

static void test_stands_still(void **state) {
  (void)state;
  static char text[3000];
  uint64_t start = now;
  bites = 0;
  console_write(text, sizeof(text));
  assert_int_equal(now - start, CONSOLE_PATIENCE);
  console_write(text, sizeof(text)); /* dropped, at no cost */
  assert_int_equal(now - start, CONSOLE_PATIENCE);
  assert_int_equal(waits, 1);
  bites = 1000;
  take();
  console_write("x", 1);
  console_write(text, sizeof(text)); /* it has moved, so it is waited for again */
  assert_true(waits > 1);
}

/* What a wait took from the port is put back for who listens to the input. */
static void test_waiting_keeps_input(void **state) {
  (void)state;
  static char text[3000];
  console_on_input(ready, NULL);
  console_write(text, sizeof(text));
  assert_true(waits > 0);
  assert_int_equal(agains, waits);
}

static void test_read(void **state) {
  (void)state;
  char text[8];
  assert_int_equal(console_read(text, sizeof(text)), 0);
  memcpy(page.in, "abc", 3);
  page.in_prod = 3;
  assert_int_equal(console_read(text, 2), 2);
  assert_int_equal(console_read(text, sizeof(text)), 1);
  assert_int_equal(text[0], 'c');
}

static void test_lies(void **state) {
  (void)state;
  char text[8];
  page.in_prod = 5000;
  assert_int_equal(console_read(text, sizeof(text)), 0);
  page.out_cons = 1;
  console_write("lost", 4);
  console_drain();
  assert_int_equal(waits, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_lines, setup),
      cmocka_unit_test_setup(test_slow, setup),
      cmocka_unit_test_setup(test_stands_still, setup),
      cmocka_unit_test_setup(test_waiting_keeps_input, setup),
      cmocka_unit_test_setup(test_read, setup),
      cmocka_unit_test_setup(test_lies, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
