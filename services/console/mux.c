/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine of the console service (mux.h). Whatever a source prints, it has made room for before
 * it takes it: so a byte that was taken is shown, and a line that is slow only makes sources wait.
 */
#include "mux.h"

#include <string.h>

#define CTRL_A        1
#define CTRL_A_NEEDED 3u
#define CHUNK         128u /* of one source, before the others have their turn */
#define PREFIX        40u  /* a name in its brackets, and the end of another's line */
/* What a chunk can become: each byte a line of its own, and one that stood open shown again. */
#define BURST         (CHUNK * (PREFIX + 1) + MUX_LINE + 2 * PREFIX)

_Static_assert(MUX_OUT > 2 * BURST, "a chunk fits");

/* --- The line --------------------------------------------------------------------------------- */

static bool has_room(const struct mux *m) {
  return MUX_OUT - (m->out_head - m->out_tail) >= BURST;
}

static void put(struct mux *m, char c) {
  m->out[m->out_head++ % MUX_OUT] = c;
}

static void put_text(struct mux *m, const char *text) {
  while (*text)
    put(m, *text++);
}

static void end_line(struct mux *m) {
  if (!m->after_cr)
    put(m, '\r');
  put(m, '\n');
  m->open = NULL;
  m->after_cr = false;
}

static void open_line(struct mux *m, struct source *s) {
  if (m->open)
    end_line(m);
  if (s->name) {
    put(m, '[');
    put_text(m, s->name);
    put_text(m, "] ");
  }
  m->open = s;
}

static void put_byte(struct mux *m, struct source *s, char c) {
  if (m->open != s)
    open_line(m, s);
  if (c == '\n') {
    end_line(m);
    return;
  }
  put(m, c);
  m->after_cr = c == '\r';
}

static bool is_control(char c) {
  return (unsigned char)c < ' ' && c != '\t' && c != '\n';
}

/* --- What a source has printed ------------------------------------------------------------------
 */

/* The line that stands open, again, if another has come in between. */
static void show_open(struct mux *m, struct source *s) {
  for (unsigned i = 0; m->open != s && i < s->used; i++) {
    open_line(m, s);
    for (; i < s->used; i++)
      put_byte(m, s, s->line[i]);
  }
}

static void line_add(struct source *s, char c) {
  if (c == '\n' || s->used == MUX_LINE)
    s->used = 0;
  if (c != '\n')
    s->line[s->used++] = c;
}

static void emit_now(struct mux *m, struct source *s, char c) {
  show_open(m, s);
  put_byte(m, s, c);
  line_add(s, c);
}

/* Without control characters, which could draw anything anywhere. */
static void emit_line(struct mux *m, struct source *s) {
  for (unsigned i = 0; i < s->used; i++)
    if (!is_control(s->line[i]))
      put_byte(m, s, s->line[i]);
  if (m->open == s || !s->used)
    put_byte(m, s, '\n');
  s->used = 0;
}

static void emit_later(struct mux *m, struct source *s, char c) {
  if (c == '\n' || s->used == MUX_LINE)
    emit_line(m, s);
  if (c != '\n')
    s->line[s->used++] = c;
}

static void remember(struct source *s, char c) {
  if (!is_control(c))
    s->history[s->printed++ % MUX_HISTORY] = c;
}

static void print(struct mux *m, struct source *s, char c) {
  if (s->name)
    remember(s, c);
  if (s == m->focus) {
    emit_now(m, s, c);
    m->replayed = s->printed;
  } else {
    emit_later(m, s, c);
  }
}

static bool source_turn(struct mux *m, struct source *s) {
  char chunk[CHUNK];
  if (!has_room(m))
    return false;
  size_t n = s->read(s, chunk, sizeof(chunk));
  for (size_t i = 0; i < n; i++)
    print(m, s, chunk[i]);
  return n;
}

/* --- History ------------------------------------------------------------------------------------
 */

/* From the first line that is whole. */
static uint32_t history_start(const struct source *s) {
  uint32_t at = s->printed > MUX_HISTORY ? s->printed - MUX_HISTORY : 0;
  if (!at)
    return 0;
  while (at != s->printed && s->history[at % MUX_HISTORY] != '\n')
    at++;
  return at == s->printed ? at : at + 1;
}

static bool replay_turn(struct mux *m) {
  struct source *s = m->focus;
  if (!s || m->replayed == s->printed || !has_room(m))
    return false;
  for (unsigned i = 0; i < CHUNK && m->replayed != s->printed; i++)
    put_byte(m, s, s->history[m->replayed++ % MUX_HISTORY]);
  return true;
}

/* --- Typing -------------------------------------------------------------------------------------
 */

static void type(struct source *s, char c) {
  if (s->typed_head - s->typed_tail < MUX_TYPED)
    s->typed[s->typed_head++ % MUX_TYPED] = c;
}

/* Bytes that it does not take stay; when there are too many, what is typed then is lost. */
static bool typed_turn(struct source *s) {
  uint32_t at = s->typed_tail % MUX_TYPED, n = s->typed_head - s->typed_tail;
  n = n < MUX_TYPED - at ? n : MUX_TYPED - at;
  size_t taken = n ? s->write(s, s->typed + at, n) : 0;
  memset(s->typed + at, 0, taken);
  s->typed_tail += (uint32_t)taken;
  return taken;
}

void mux_restarted(struct source *s) {
  memset(s->typed, 0, sizeof(s->typed));
  s->typed_tail = s->typed_head;
}

static struct source *next_focus(const struct mux *m) {
  unsigned at = m->focus ? (unsigned)(m->focus - m->sources) : m->count - 1;
  for (unsigned i = 1; i <= m->count; i++)
    if (m->sources[(at + i) % m->count].name)
      return &m->sources[(at + i) % m->count];
  return NULL;
}

static void focus_next(struct mux *m) {
  struct source *to = next_focus(m);
  if (!to)
    return;
  if (m->focus)
    mux_restarted(m->focus);
  if (m->open)
    end_line(m);
  put_text(m, "console: input to domain ");
  put_text(m, to->name);
  put_text(m, " (Ctrl-A three times switches)\r\n");
  m->focus = to;
  m->replayed = history_start(to);
}

void mux_key(struct mux *m, char c) {
  if (c == CTRL_A) {
    m->ctrl_a = (m->ctrl_a + 1) % CTRL_A_NEEDED;
    if (!m->ctrl_a && has_room(m))
      focus_next(m);
    return;
  }
  for (; m->focus && m->ctrl_a; m->ctrl_a--)
    type(m->focus, CTRL_A);
  if (m->focus)
    type(m->focus, c);
}

/* --- All ----------------------------------------------------------------------------------------
 */

bool mux_turn(struct mux *m) {
  bool moved = false;
  if (replay_turn(m))
    return true;
  for (unsigned i = 0; i < m->count; i++)
    moved |= source_turn(m, &m->sources[(m->turn + i) % m->count]);
  m->turn++; /* who is first when room is short */
  if (m->focus)
    moved |= typed_turn(m->focus);
  return moved;
}

size_t mux_take(struct mux *m, char *to, size_t size) {
  size_t n = 0;
  for (; n < size && m->out_tail != m->out_head; n++)
    to[n] = m->out[m->out_tail++ % MUX_OUT];
  return n;
}

bool mux_waits(const struct mux *m) {
  return m->out_tail != m->out_head;
}

void mux_init(struct mux *m, struct source *sources, unsigned count) {
  *m = (struct mux){.sources = sources, .count = count};
  focus_next(m);
}
