/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output to the serial line: who owns the line that stands open on the screen,
 * and the prefix of each new one. Input and the choice of who may leave a line
 * open are in the twins (core/console.h).
 */
#include "console.h"
#include <drivers/uart.h>
#include <lib/lib.h>

#define CHUNK 128 /* bytes under one hold of the lock, so that nobody waits long */

static const char nobody[] = "", self[] = "skerry";

static struct spinlock console_lock;
static const char *open_for = nobody; /* whose line is open on the screen */
static bool after_cr;
static bool lock_free; /* in a panic */

static void lock(void) {
  if (!lock_free)
    spin_lock(&console_lock);
}

static void unlock(void) {
  if (!lock_free)
    spin_unlock(&console_lock);
}

static void put_text(const char *s) {
  while (*s)
    uart_put(*s++);
}

static void end_line(void) {
  if (!after_cr)
    uart_put('\r');
  uart_put('\n');
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

static void emit_chunk(const char *who, const char *s, size_t n) {
  lock();
  for (; n; n--, s++) {
    if (open_for != who)
      open_line(who);
    if (*s == '\n') {
      end_line();
    } else {
      uart_put(*s);
      after_cr = *s == '\r';
    }
  }
  unlock();
}

static void emit(const char *who, const char *s, size_t n) {
  for (size_t part; n; n -= part, s += part) {
    part = MIN(n, (size_t)CHUNK);
    emit_chunk(who, s, part);
  }
}

void console_emit(struct domain_stub *d, const char *s, size_t n) {
  emit(d->config->name, s, n);
}

void console_flush(struct domain_stub *d, struct console_line *line) {
  emit(d->config->name, line->text, line->used);
  line->used = 0;
}

void console_emit_lines(struct domain_stub *d, struct console_line *line, const char *s, size_t n) {
  for (; n; n--, s++) {
    if ((unsigned char)*s < ' ' && *s != '\n' && *s != '\t')
      continue;
    line->text[line->used++] = *s;
    if (*s == '\n' || line->used == sizeof(line->text))
      console_flush(d, line);
  }
}

void console_log(const char *s, size_t n) {
  emit(self, s, n);
}

void console_panic(void) {
  lock_free = true;
}
