/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many consoles on one serial line, as an engine: pure C without memory of its own, tested on the
 * host. Each line has its origin; one source has the keyboard, and what it prints appears at once,
 * what the others print line by line. Each has a history, which is shown when it gets the keyboard.
 * docs/design/console.md explains it. One thread; nothing waits.
 */
#ifndef CONSOLE_MUX_H
#define CONSOLE_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUX_LINE    254u
#define MUX_HISTORY 8192u /* bytes of a source; powers of two, as the others */
#define MUX_TYPED   256u
#define MUX_OUT     16384u

/* Where bytes come from: a domain or, without a name, a log whose lines say themselves whose they
 * are. The caller sets the first fields; none of the calls may block. */
struct source {
  const char *name; /* NULL: a log, which never has the keyboard */
  void *arg;
  /* Takes up to `size` bytes that it printed. */
  size_t (*read)(struct source *s, char *to, size_t size);
  /* Gives it bytes that were typed; how many it took. */
  size_t (*write)(struct source *s, const char *from, size_t size);

  /* Private. */
  char line[MUX_LINE]; /* that is not ended yet */
  unsigned used;
  char history[MUX_HISTORY];
  uint32_t printed; /* bytes of history ever */
  char typed[MUX_TYPED];
  uint32_t typed_head, typed_tail;
};

struct mux {
  struct source *sources;
  unsigned count;
  struct source *focus; /* who has the keyboard; NULL: nobody can */
  struct source *open;  /* whose line is open on the screen; NULL: none */
  bool after_cr;
  unsigned ctrl_a, turn;
  uint32_t replayed; /* of the focus's history; less than `printed`: being shown */
  char out[MUX_OUT];
  uint32_t out_head, out_tail;
};

/* The first source with a name gets the keyboard. The structures are the caller's, and zeroes but
 * for what it sets. */
void mux_init(struct mux *m, struct source *sources, unsigned count);

/* A key was typed. Ctrl-A three times moves the keyboard to the next source. */
void mux_key(struct mux *m, char c);

/* Moves a bounded part: of each source's output as much as there is room for, in turns, and what
 * was typed. True if anything moved. */
bool mux_turn(struct mux *m);

/* Takes up to `size` bytes for the serial line. */
size_t mux_take(struct mux *m, char *to, size_t size);
bool mux_waits(const struct mux *m); /* is there something to take? */

/* A new life: what was typed for the last one is forgotten. */
void mux_restarted(struct source *s);

#endif
