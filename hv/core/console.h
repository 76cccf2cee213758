/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between console.c (output by lines, each with its origin) and its twins:
 * console_mux.c (input, and one domain's output at once) and console_plain.c
 * (output alone).
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <console.h>

/* Put text out as that domain's, under its prefix; control characters too. */
void console_emit(struct domain_stub *d, const char *s, size_t n);
/* Collect text in `line` and put it out when it ends, control characters left out. */
void console_emit_lines(struct domain_stub *d, struct console_line *line, const char *s, size_t n);
/* Put out what has been collected. */
void console_flush(struct domain_stub *d, struct console_line *line);

#endif
