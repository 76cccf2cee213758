/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between console.c (output by lines, each with its origin) and its twins:
 * console_mux.c (input, and one domain's output at once) and console_plain.c
 * (output alone).
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <console.h>

/* Put text out at once, under the domain's prefix. `line` remembers the line that is not ended. */
void console_emit_now(struct domain_stub *d, struct console_line *line, const char *s, size_t n);
/* Collect text in `line` and put it out when the line ends, or is too long; control characters are
 * left out. */
void console_emit_lines(struct domain_stub *d, struct console_line *line, const char *s, size_t n);

/* Put out again what `line` has, if another line has come in between. */
void console_emit_open(struct domain_stub *d, const struct console_line *line);

#endif
