/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects messages; says nothing itself.
 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void diag_add(struct diag *d, struct mark at, const char *format, ...) {
  va_list args;
  char *message = NULL;
  va_start(args, format);
  int n = vasprintf(&message, format, args);
  va_end(args);
  if (at.line)
    buf_printf(&d->text, "%s:%u:%u: ", d->file, at.line, at.column);
  else
    buf_printf(&d->text, "%s: ", d->file);
  buf_printf(&d->text, "%s\n", n < 0 ? "out of memory" : message);
  buf_printf(&d->rules, "%s\n", d->rule ? d->rule : "-");
  d->count++;
  free(message);
}

void diag_free(struct diag *d) {
  buf_free(&d->text);
  buf_free(&d->rules);
}
