/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit counts, as the hypervisor prints them (hv/include/exits.h), for a person
 * and for Prometheus. Not how they are got: cmd_stat.c and stat_ask.c.
 */
#ifndef SKERRY_STAT_H
#define SKERRY_STAT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct stat_count {
  char domain[64], reason[32];
  unsigned vcpu;
  uint64_t count;
};

struct stat_counts {
  struct buf list; /* of struct stat_count, in the order in which they first appeared */
};

/* From a console's output. Of counts that stand there more than once the last one holds; other
 * lines are skipped. */
struct stat_counts stat_read(const char *text);
void stat_free(struct stat_counts *c);

void stat_text(const struct stat_counts *c, struct buf *out);
/* Prometheus's text format, version 0.0.4. */
void stat_prometheus(const struct stat_counts *c, struct buf *out);

/* Ask a running hypervisor on its console, a UNIX socket or a terminal line, and append what it
 * answers; the console's input is then where it was. NULL, or what went wrong. */
const char *stat_ask(const char *path, bool is_socket, struct buf *out);

#endif
