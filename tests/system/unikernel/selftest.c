/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library tried from within: the command line names the part. Prints PASS or FAIL a case, then
 * DONE with the counts; the parts that must end in a panic print nothing else. Runs on Xen too.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <abi/xen/errno.h>
#include <abi/xen/xen.h>
#include <libos/console.h>
#include <libos/domain.h>
#include <libos/event.h>
#include <libos/grant.h>
#include <libos/page.h>
#include <libos/xs.h>

#define MS                     1000000ull
#define CHECK(name, condition) check(name, condition, #condition)

static unsigned passed, failed;

static void check(const char *name, bool good, const char *condition) {
  good ? passed++ : failed++;
  printf(good ? "PASS %s\n" : "FAIL %s: %s\n", name, condition);
}

/* --- Memory -------------------------------------------------------------------------------- */

static bool holds(const uint8_t *at, size_t size, uint8_t value) {
  for (size_t i = 0; i < size; i++)
    if (at[i] != value)
      return false;
  return true;
}

static void check_malloc(void) {
  static uint8_t *block[64];
  static size_t size[64];
  bool good = true;
  srand(1);
  for (unsigned turn = 0; turn < 20000; turn++) {
    unsigned i = (unsigned)rand() % 64;
    good &= !block[i] || holds(block[i], size[i], (uint8_t)i);
    free(block[i]);
    size[i] = (unsigned)rand() % 3000;
    block[i] = malloc(size[i]);
    good &= block[i] != NULL;
    if (block[i])
      memset(block[i], (int)i, size[i]);
  }
  CHECK("malloc", good);
  for (unsigned i = 0; i < 64; i++)
    free(block[i]);
  uint8_t *grown = malloc(10);
  memset(grown, 7, 10);
  grown = realloc(grown, 200000);
  CHECK("realloc", grown && holds(grown, 10, 7));
  free(grown);
  CHECK("malloc_too_much", !malloc(1ull << 40));
}

static void check_pages(void) {
  size_t before = page_free_count(), count = 0;
  struct taken {
    struct taken *next;
  } *all = NULL, *page;
  bool zero = true;
  for (; (page = page_alloc(1)); count++) {
    zero &= holds((const void *)page, PAGE_SIZE, 0);
    memset(page, 0xee, PAGE_SIZE);
    page->next = all;
    all = page;
  }
  CHECK("page_zero", zero);
  CHECK("page_all", count == before && !page_free_count());
  for (; (page = all);) {
    all = page->next;
    page_free(page, 1);
  }
  CHECK("page_back", page_free_count() == before);
  void *window = page_window_alloc(3);
  CHECK("page_window", (uintptr_t)window >= 1ull << 32);
  page_window_free(window, 3);
}

static void test_memory(void) {
  check_malloc();
  check_pages();
}

/* --- Time ---------------------------------------------------------------------------------- */

static char order[16];
static bool early;

static void note(char c, uint64_t deadline) {
  order[strlen(order)] = c;
  early |= clock_now() < deadline;
}

static void fire_a(struct timer *t) {
  note('a', t->deadline);
}

static void fire_b(struct timer *t) {
  note('b', t->deadline);
  if (strlen(order) < 5)
    timer_start(t, clock_now() + 3 * MS);
}

static void fire_end(struct timer *t) {
  note('e', t->deadline);
  event_loop_stop();
}

static void test_time(void) {
  struct timer a = {.fire = fire_a}, b = {.fire = fire_b}, stopped = {.fire = fire_a},
               end = {.fire = fire_end}, soon = {.fire = fire_a};
  struct timespec t0, t1;
  clock_gettime(CLOCK_MONOTONIC, &t0);
  uint64_t start = clock_now();
  timer_start(&end, start + 200 * MS);
  timer_start(&b, start + 20 * MS);
  timer_start(&a, start + 40 * MS);
  timer_start(&a, start + 2 * MS); /* moved */
  timer_start(&stopped, start + 10 * MS);
  timer_start(&soon, 0);
  timer_stop(&stopped);
  event_loop();
  clock_gettime(CLOCK_MONOTONIC, &t1);
  CHECK("timer_order", !strcmp(order, "aabbbe"));
  CHECK("timer_not_early", !early);
  CHECK("clock_runs", clock_now() - start >= 200 * MS && t1.tv_sec - t0.tv_sec < 60);
  CHECK("clock_agrees",
        (t1.tv_sec - t0.tv_sec) * 1000000000 + t1.tv_nsec - t0.tv_nsec >= 200000000);
  CHECK("clock_wall", time(NULL) > 1500000000);
}

/* --- Events -------------------------------------------------------------------------------- */

static unsigned calls[2], turns_of_other;
static int near[2], far[2];

static void count_call(uint32_t port, void *arg) {
  unsigned *counter = arg;
  ++*counter;
  (void)port;
}

/* One that always has more to do, and the other's turns in between. */
static void endless(uint32_t port, void *arg) {
  (void)arg;
  if (++calls[0] < 100)
    event_again(port);
  event_send((uint32_t)near[1]);
  if (calls[0] == 50)
    turns_of_other = calls[1];
}

static void stop(struct timer *t) {
  (void)t;
  event_loop_stop();
}

static void loop_for(uint64_t ns) {
  struct timer end = {.fire = stop};
  timer_start(&end, clock_now() + ns);
  event_loop();
}

static void check_handlers(void) {
  event_send((uint32_t)near[0]); /* before anybody listens */
  event_handle((uint32_t)far[0], count_call, &calls[0]);
  loop_for(MS);
  CHECK("event_not_lost", calls[0] == 1);
  event_handle((uint32_t)far[0], NULL, NULL);
  event_send((uint32_t)near[0]);
  loop_for(MS);
  CHECK("event_masked", calls[0] == 1);
  calls[0] = 0;
  event_handle((uint32_t)far[1], count_call, &calls[1]);
  event_handle((uint32_t)far[0], endless, NULL);
  loop_for(100 * MS);
  CHECK("event_again", calls[0] == 100);
  CHECK("event_fair", turns_of_other >= 24 && calls[1] >= 50);
}

/* Sets itself for at once, for ever: the ports have their turns all the same. */
static void fire_at_once(struct timer *t) {
  if (calls[0] < 3) {
    event_send((uint32_t)near[0]);
    timer_start(t, 0);
  }
}

static void check_busy_timer(void) {
  struct timer busy = {.fire = fire_at_once};
  calls[0] = 0;
  event_handle((uint32_t)far[0], count_call, &calls[0]);
  timer_start(&busy, 0);
  loop_for(20 * MS);
  CHECK("timer_gives_way", calls[0] == 3);
}

static void check_wait(void) {
  uint64_t start = clock_now();
  event_handle((uint32_t)far[0], NULL, NULL);
  CHECK("wait_in_vain", !event_wait((uint32_t)far[0], start + 10 * MS));
  CHECK("wait_long_enough", clock_now() - start >= 10 * MS);
  event_send((uint32_t)near[0]);
  CHECK("wait_found", event_wait((uint32_t)far[0], clock_now() + 10000 * MS));
}

static void test_events(void) {
  for (unsigned i = 0; i < 2; i++) {
    near[i] = event_alloc(DOMID_SELF);
    far[i] = event_bind(DOMID_SELF, (uint32_t)near[i]);
    event_wait((uint32_t)far[i], clock_now()); /* binding makes it pending */
  }
  CHECK("event_bind", near[0] > 0 && far[0] > 0 && near[1] > 0 && far[1] > 0);
  check_handlers();
  check_busy_timer();
  check_wait();
  CHECK("event_close", !event_close((uint32_t)far[0]));
  CHECK("event_closed", event_close((uint32_t)far[0]) < 0);
  CHECK("event_wrong_port", event_handle(EVENT_PORTS, count_call, NULL) == -XEN_EINVAL);
  CHECK("event_wrong_domain", event_bind(77, 1) < 0);
}

/* --- Grants to ourselves ------------------------------------------------------------------- */

#define PAGES 100u

static void check_map(uint16_t self) {
  static uint32_t refs[PAGES];
  uint8_t *pages = page_alloc(PAGES);
  int16_t status;
  bool good = true;
  for (unsigned i = 0; i < PAGES; i++) {
    pages[i * PAGE_SIZE] = (uint8_t)(i + 1);
    refs[i] = (uint32_t)grant_allow(self, pages + i * PAGE_SIZE, false);
  }
  uint8_t *mapped = grant_map(self, refs, PAGES, false, &status);
  CHECK("grant_map", mapped && status == GNTST_okay);
  for (unsigned i = 0; mapped && i < PAGES; i++)
    good &= mapped[i * PAGE_SIZE] == i + 1;
  CHECK("grant_map_order", good);
  mapped[PAGE_SIZE + 5] = 99;
  CHECK("grant_shared", pages[PAGE_SIZE + 5] == 99);
  CHECK("grant_busy", grant_end(refs[0]) == -XEN_EBUSY);
  CHECK("grant_unmap", grant_unmap(mapped, PAGES) == 0);
  for (unsigned i = 0; i < PAGES; i++)
    good &= grant_end(refs[i]) == 0;
  CHECK("grant_end", good);
  CHECK("grant_gone", !grant_map(self, refs, 1, false, &status) && status != GNTST_okay);
  page_free(pages, PAGES);
}

static void check_part(uint16_t self) {
  uint8_t *page = page_alloc(1);
  uint32_t refs[2] = {(uint32_t)grant_allow(self, page, true), 400};
  int16_t status;
  CHECK("grant_all_or_none", !grant_map(self, refs, 2, true, &status) && status != GNTST_okay);
  CHECK("grant_read_only", !grant_map(self, refs, 1, false, &status) && status != GNTST_okay);
  CHECK("grant_free_again", grant_end(refs[0]) == 0);
  page_free(page, 1);
}

static void check_copy(uint16_t self) {
  char *from = page_alloc(1), *to = page_alloc(1);
  uint32_t ref = (uint32_t)grant_allow(self, from, true);
  strcpy(from + 100, "copied");
  struct gnttab_copy op = {.source = {.u.ref = ref, .domid = self, .offset = 100},
                           .dest = {.u.gmfn = page_gfn(to), .domid = DOMID_SELF, .offset = 8},
                           .len = 7,
                           .flags = GNTCOPY_source_gref};
  CHECK("grant_copy", !grant_copy(&op, 1) && !strcmp(to + 8, "copied"));
  op.source.offset = PAGE_SIZE - 3;
  CHECK("grant_copy_refused", grant_copy(&op, 1) != 0);
  grant_end(ref);
}

static void test_grants(void) {
  uint16_t self = (uint16_t)domain_id();
  check_map(self);
  check_part(self);
  check_copy(self);
}

/* --- What the domain is given -------------------------------------------------------------- */

static void test_module(void) {
  size_t size;
  const uint8_t *module = domain_module(&size);
  uint32_t sum = 0;
  for (size_t i = 0; i < size; i++)
    sum = sum * 31 + module[i];
  printf("module: %zu bytes, sum %u\n", size, sum);
}

static void echo(void *arg) {
  char text[16];
  (void)arg;
  for (size_t n; (n = console_read(text, sizeof(text)));)
    for (size_t i = 0; i < n; i++) {
      printf("typed %c\n", text[i]);
      if (text[i] == 'q')
        event_loop_stop();
    }
}

static void test_typing(void) {
  CHECK("console_ring", !console_on_input(echo, NULL));
  printf("type now\n");
  event_loop();
}

static void test_no_store(void) {
  CHECK("no_store", !xs_read(XS_NONE, "name", NULL) && errno == ENOTCONN);
}

/* --- The store, as services/store serves it ------------------------------------------------ */

static bool reads(uint32_t transaction, const char *path, const char *want) {
  char *value = xs_read(transaction, path, NULL);
  bool good = value && !strcmp(value, want);
  free(value);
  return good;
}

static void check_nodes(void) {
  size_t count = 0;
  CHECK("store_name", reads(XS_NONE, "name", "d1"));
  CHECK("store_printf", !xs_printf(XS_NONE, "data/a", "%d", 12) && reads(XS_NONE, "data/a", "12"));
  CHECK("store_mkdir", !xs_mkdir(XS_NONE, "data/dir/b"));
  char **names = xs_directory(XS_NONE, "data", &count);
  CHECK("store_directory", names && count == 2 && !strcmp(names[0], "a"));
  free(names);
  CHECK("store_rm", !xs_rm(XS_NONE, "data/dir"));
  CHECK("store_gone", !xs_read(XS_NONE, "data/dir", NULL) && errno == ENOENT);
  CHECK("store_refused", xs_write(XS_NONE, "/local/domain/2/x", "", 0) && errno == EACCES);
}

static void check_transactions(void) {
  uint32_t t = xs_begin();
  bool good = t != XS_NONE && reads(t, "data/a", "12") && !xs_write(XS_NONE, "data/a", "13", 2) &&
              !xs_write(t, "data/a", "14", 2);
  CHECK("store_conflict", good && xs_end(t, true) && errno == EAGAIN);
  CHECK("store_kept", reads(XS_NONE, "data/a", "13"));
  t = xs_begin();
  good = !xs_write(t, "data/a", "15", 2) && reads(XS_NONE, "data/a", "13") && !xs_end(t, true);
  CHECK("store_commit", good && reads(XS_NONE, "data/a", "15"));
}

static unsigned seen;
static char seen_path[64];

static void saw(struct xs_watch *w, const char *path) {
  (void)w;
  if (++seen == 2) {
    snprintf(seen_path, sizeof(seen_path), "%s", path);
    event_loop_stop();
  }
}

static void check_watch(void) {
  static struct xs_watch w = {.path = "data/watched", .fire = saw};
  CHECK("store_watch", !xs_watch(&w) && !xs_write(XS_NONE, "data/watched/x", "new", 3));
  event_loop(); /* it fires once at its start */
  CHECK("store_seen", !strncmp(seen_path, "data/watched", 12));
  CHECK("store_unwatch", !xs_unwatch(&w));
}

static void test_store(void) {
  check_nodes();
  check_transactions();
  check_watch();
}

/* --- The ends ------------------------------------------------------------------------------ */

static int deeper(volatile int *n) {
  volatile int local[64];
  local[0] = *n + 1;
  return deeper(local) + local[0];
}

static void end_overflow(void) {
  volatile int n = 0;
  deeper(&n);
}

static void end_write_text(void) {
  *(volatile uint8_t *)(uintptr_t)end_write_text = 0xc3;
}

static void end_write_constant(void) {
  static const char constant[] = "constant";
  *(volatile char *)(uintptr_t)constant = 0;
}

static void end_run_data(void) {
  static uint8_t ret[1] = {0xc3};
  ((void (*)(void))(uintptr_t)ret)();
}

static void end_run_heap(void) {
  uint8_t *ret = page_alloc(1);
  *ret = 0xc3;
  ((void (*)(void))(uintptr_t)ret)();
}

static void end_null(void) {
  *(volatile int *)(uintptr_t)8 = 1;
}

static void end_assert(void) {
  assert(!"so");
}

static void end_panic(void) {
  panic("the answer is %.1f", 42.0);
}

static void end_double_free(void) {
  void *page = page_alloc(1);
  page_free(page, 1);
  page_free(page, 1);
}

static void end_status(void) {
  exit(3);
}

static void end_canary(void) {
  char small[8];
  memset(small, 0, (size_t)atoi("64"));
  __asm__ volatile("" : : "r"(small) : "memory");
}

static void end_heap(void) {
  char *volatile block = malloc(100);
  free(block);
  free(block);
}

static const struct {
  const char *name;
  void (*run)(void);
} parts[] = {
    {"memory", test_memory},
    {"time", test_time},
    {"events", test_events},
    {"grants", test_grants},
    {"module", test_module},
    {"typing", test_typing},
    {"no-store", test_no_store},
    {"store", test_store},
    {"overflow", end_overflow},
    {"write-text", end_write_text},
    {"write-constant", end_write_constant},
    {"run-data", end_run_data},
    {"run-heap", end_run_heap},
    {"null", end_null},
    {"assert", end_assert},
    {"panic", end_panic},
    {"double-free", end_double_free},
    {"status", end_status},
    {"canary", end_canary},
    {"heap", end_heap},
};

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
      if (!strcmp(argv[i], parts[p].name))
        parts[p].run();
  printf("DONE %u %u\n", passed, failed);
  return 0;
}
