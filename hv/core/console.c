/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output to the serial line: who owns the line that stands open on the screen,
 * and the prefix of each new one. Input and the choice of who may leave a line
 * open are in the twins (core/console.h).
 */
#include "console.h"
#include <console_lent.h>
#include <drivers/uart.h>
#include <lib/lib.h>

#define CHUNK 128 /* bytes under one hold of the lock, so that nobody waits long */

static const char nobody[] = "", self[] = "skerry";

struct spinlock console_lock;
static const char *open_for = nobody; /* whose line is open on the screen */
static bool after_cr;
static bool lock_free; /* in a panic */
static bool lent;      /* the line is a domain's, as long as the lock is held */

static void lock(void) {
  if (!lock_free)
    spin_lock(&console_lock);
  lent = ENABLED(CONFIG_CONSOLE_SERVICE) && console_lent_begin();
}

static void unlock(void) {
  if (!lock_free)
    spin_unlock(&console_lock);
}

static void put(char c) {
  if (ENABLED(CONFIG_CONSOLE_SERVICE) && lent && !lock_free)
    console_lent_put(c);
  else
    uart_put(c);
}

static void put_text(const char *s) {
  while (*s)
    put(*s++);
}

static void end_line(void) {
  if (!after_cr)
    put('\r');
  put('\n');
  open_for = nobody;
  after_cr = false;
}

static void open_line(const char *who) {
  if (open_for != nobody)
    end_line();
  bool own = who == self;
  put_text(own ? "" : "[");
  put_text(who);
  put_text(own ? ": " : "] ");
  open_for = who;
}

/* Whether control characters go out: those of a domain without the input could draw anything
 * anywhere. */
static void put_byte(char c, bool controls) {
  bool is_control = (unsigned char)c < ' ' && c != '\t';
  if (c == '\n') {
    end_line();
  } else if (controls || !is_control) {
    put(c);
    after_cr = c == '\r';
  }
}

/* `before`: what the open line has had so far; put out again if another line has come in between.
 */
static void emit_chunk(const char *who, const struct console_line *before, const char *s, size_t n,
                       bool controls) {
  lock();
  if (before && open_for != who && before->used) {
    open_line(who);
    for (unsigned i = 0; i < before->used; i++)
      put_byte(before->text[i], controls);
  }
  for (; n; n--, s++) {
    if (open_for != who)
      open_line(who);
    put_byte(*s, controls);
  }
  unlock();
  if (ENABLED(CONFIG_CONSOLE_SERVICE))
    (void)console_lent_tell();
}

static void line_add(struct console_line *line, const char *s, size_t n) {
  for (; n; n--, s++) {
    if (*s == '\n' || line->used == sizeof(line->text))
      line->used = 0;
    if (*s != '\n')
      line->text[line->used++] = *s;
  }
}

void console_emit_now(struct domain_stub *d, struct console_line *line, const char *s, size_t n) {
  for (size_t part; n; n -= part, s += part) {
    part = MIN(n, (size_t)CHUNK);
    emit_chunk(d->config->name, line, s, part, true);
    line_add(line, s, part);
  }
}

void console_emit_open(struct domain_stub *d, const struct console_line *line) {
  emit_chunk(d->config->name, line, NULL, 0, true);
}

static void emit_line(struct domain_stub *d, struct console_line *line) {
  emit_chunk(d->config->name, NULL, line->text, line->used, false);
  line->used = 0;
}

void console_emit_lines(struct domain_stub *d, struct console_line *line, const char *s, size_t n) {
  for (; n; n--, s++) {
    if (line->used == sizeof(line->text))
      emit_line(d, line);
    line->text[line->used++] = *s;
    if (*s == '\n')
      emit_line(d, line);
  }
}

void console_log(const char *s, size_t n) {
  emit_chunk(self, NULL, s, n, true);
}

void console_panic(void) {
  lock_free = true;
  if (ENABLED(CONFIG_CONSOLE_SERVICE))
    console_take();
}
