/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages about a system file: collected, so that a person sees all of them,
 * each as `file:line:column: message`, and with the rule that spoke.
 */
#ifndef SKERRY_DIAG_H
#define SKERRY_DIAG_H

#include "buf.h"

struct mark {
  unsigned line, column; /* from 1; 0: the file as a whole */
};

struct diag {
  const char *file; /* as the person wrote it; not owned */
  const char *rule; /* name of the rule at work, or NULL; not owned */
  unsigned count;   /* messages so far */
  struct buf text;  /* the messages, a line each */
  struct buf rules; /* the rule of each message, a line each */
};

void diag_add(struct diag *d, struct mark at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_free(struct diag *d);

#endif
