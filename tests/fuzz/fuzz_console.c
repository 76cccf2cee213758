/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's engine and the byte rings between it and two domains: one writes what it likes into
 * its ring and its indices, also while it has the keyboard; the other prints lines of one letter.
 * No line that carries the other's name holds anything else, and nothing that it printed is
 * missing.
 */
#include <abi/xen/hvm.h>
#include <libos/stream.h>
#include <services/console/mux.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

enum { LOG, LIAR, GOOD, SOURCES, STEPS_MAX = 64, LETTER = 'G', SHOWN_MAX = 1 << 20 };

#define GOODS "[good] "

struct client {
  struct xencons_interface *page; /* on the heap: its bounds are watched */
  struct stream in, out;
};

static struct mux mux;
static struct source sources[SOURCES];
static struct client clients[SOURCES];
static char shown[SHOWN_MAX];
static size_t shown_used;
static unsigned printed; /* letters of the good one */

/* --- as services/console/main.c has them -------------------------------------------------------
 */

static size_t log_read(struct source *s, char *to, size_t size) {
  (void)s, (void)to, (void)size;
  return 0;
}

static size_t ring_read(struct source *s, char *to, size_t size) {
  int n = stream_read(&((struct client *)s->arg)->out, to, size);
  return n > 0 ? (size_t)n : 0;
}

static size_t ring_write(struct source *s, const char *from, size_t size) {
  int n = stream_write(&((struct client *)s->arg)->in, from, size);
  return n > 0 ? (size_t)n : 0;
}

static void join(struct client *c) {
  struct xencons_interface *page = calloc(1, sizeof(*page));
  FUZZ_REQUIRE(page);
  c->page = page;
  c->in = (struct stream){&page->in_prod, &page->in_cons, (uint8_t *)page->in, sizeof(page->in)};
  c->out =
      (struct stream){&page->out_prod, &page->out_cons, (uint8_t *)page->out, sizeof(page->out)};
}

/* --- the serial line ---------------------------------------------------------------------------
 */

static void settle(void) {
  for (unsigned i = 0; i < 1000; i++) {
    bool moved = mux_turn(&mux);
    shown_used += mux_take(&mux, shown + shown_used, sizeof(shown) - shown_used);
    FUZZ_REQUIRE(shown_used < sizeof(shown));
    if (!moved)
      return;
  }
  FUZZ_REQUIRE(!"the engine comes to rest");
}

static void line_judge(const char *line, size_t size, unsigned *seen) {
  size_t head = strlen(GOODS);
  bool good = size >= head && !memcmp(line, GOODS, head);
  for (size_t i = head; good && i < size; i++)
    FUZZ_REQUIRE(line[i] == LETTER || line[i] == '\r');
  for (size_t i = 0; i < size; i++) {
    FUZZ_REQUIRE(line[i] != LETTER || good);
    *seen += line[i] == LETTER;
  }
}

static void shown_judge(void) {
  unsigned seen = 0;
  for (size_t at = 0, end; at < shown_used; at = end + 1) {
    for (end = at; end < shown_used && shown[end] != '\n';)
      end++;
    line_judge(shown + at, end - at, &seen);
  }
  FUZZ_REQUIRE(seen >= printed); /* its history may have been shown again */
}

/* --- what the two do ---------------------------------------------------------------------------
 */

static void liar_prints(struct fuzz_input *in) {
  char bytes[256];
  uint8_t size = fuzz_u8(in);
  fuzz_take(in, bytes, size);
  for (unsigned i = 0; i < size; i++)
    bytes[i] = bytes[i] == LETTER ? 'g' : bytes[i];
  stream_write(&clients[LIAR].out, bytes, size);
}

static void liar_repeats(struct fuzz_input *in) {
  char bytes[256];
  memset(bytes, fuzz_u8(in), sizeof(bytes));
  for (unsigned i = fuzz_u8(in) % 64; bytes[0] != LETTER && i; i--) {
    stream_write(&clients[LIAR].out, bytes, sizeof(bytes));
    settle();
  }
}

static void liar_points(struct fuzz_input *in) {
  volatile uint32_t *const words[] = {clients[LIAR].in.prod, clients[LIAR].in.cons,
                                      clients[LIAR].out.prod, clients[LIAR].out.cons};
  uint32_t value;
  uint8_t which = fuzz_u8(in);
  fuzz_take(in, &value, sizeof(value));
  *words[which % 4] = which & 0x80 ? *words[which % 4] + value % 4096 : value;
  for (unsigned i = 0; i < sizeof(clients[LIAR].page->out); i++) /* what it now shows */
    if (clients[LIAR].page->out[i] == LETTER)
      clients[LIAR].page->out[i] = 'g';
}

static void good_prints(struct fuzz_input *in) {
  char line[200];
  size_t size = 1 + fuzz_u8(in) % (sizeof(line) - 1);
  memset(line, LETTER, size);
  line[size - 1] = '\n';
  FUZZ_REQUIRE(stream_write(&clients[GOOD].out, line, size) == (int)size);
  printed += (unsigned)size - 1;
}

static void key(struct fuzz_input *in) {
  mux_key(&mux, (char)fuzz_u8(in));
}

static void switch_over(struct fuzz_input *in) {
  (void)in;
  for (unsigned i = 0; i < 3; i++)
    mux_key(&mux, 1);
}

static void good_types(struct fuzz_input *in) {
  char typed[64];
  (void)in;
  FUZZ_REQUIRE(stream_read(&clients[GOOD].in, typed, sizeof(typed)) >= 0);
}

static void liar_restarts(struct fuzz_input *in) {
  (void)in;
  free(clients[LIAR].page);
  join(&clients[LIAR]);
  mux_restarted(&sources[LIAR]);
}

static void step(struct fuzz_input *in) {
  static void (*const steps[])(struct fuzz_input *) = {
      liar_prints, liar_prints, liar_points, liar_repeats,  good_prints,
      key,         switch_over, good_types,  liar_restarts,
  };
  steps[fuzz_u8(in) % (sizeof(steps) / sizeof(*steps))](in);
  settle();
}

void fuzz_one(struct fuzz_input *in) {
  static const char *const names[SOURCES] = {NULL, "liar", "good"};
  shown_used = printed = 0;
  memset(sources, 0, sizeof(sources));
  for (unsigned i = 0; i < SOURCES; i++) {
    join(&clients[i]);
    sources[i] = (struct source){.name = names[i],
                                 .arg = &clients[i],
                                 .read = i ? ring_read : log_read,
                                 .write = ring_write};
  }
  mux_init(&mux, sources, SOURCES);
  for (unsigned i = 0; i < STEPS_MAX && in->left; i++)
    step(in);
  shown_judge();
  for (unsigned i = 0; i < SOURCES; i++)
    free(clients[i].page);
}
