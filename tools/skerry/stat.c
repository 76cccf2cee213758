/* SPDX-License-Identifier: Apache-2.0 */
/* Exit counts: reading and writing them. */
#include "stat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct stat_count *first(const struct stat_counts *c) {
  return (struct stat_count *)c->list.data;
}

static struct stat_count *end(const struct stat_counts *c) {
  return first(c) + c->list.size / sizeof(struct stat_count);
}

static bool parse(const char *line, struct stat_count *c) {
  char last;
  return sscanf(line, "skerry: exits: %63s %u %31s %" SCNu64 "%c", c->domain, &c->vcpu, c->reason,
                &c->count, &last) == 5 &&
         (last == '\n' || last == '\r');
}

static struct stat_count *find(const struct stat_counts *c, const struct stat_count *like) {
  for (struct stat_count *s = first(c); s < end(c); s++)
    if (s->vcpu == like->vcpu && !strcmp(s->domain, like->domain) &&
        !strcmp(s->reason, like->reason))
      return s;
  return NULL;
}

static void add(struct stat_counts *c, const struct stat_count *new) {
  struct stat_count *old = find(c, new);
  if (old) {
    *old = *new;
    return;
  }
  buf_put(&c->list, new, sizeof(*new));
}

struct stat_counts stat_read(const char *text) {
  struct stat_counts c = {0};
  struct stat_count one;
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (parse(line, &one))
      add(&c, &one);
  }
  return c;
}

void stat_free(struct stat_counts *c) {
  buf_free(&c->list);
}

void stat_text(const struct stat_counts *c, struct buf *out) {
  uint64_t all = 0;
  buf_printf(out, "%-16s %4s %-10s %12s\n", "DOMAIN", "VCPU", "REASON", "EXITS");
  for (const struct stat_count *s = first(c); s < end(c); s++) {
    buf_printf(out, "%-16s %4u %-10s %12" PRIu64 "\n", s->domain, s->vcpu, s->reason, s->count);
    all += s->count;
  }
  buf_printf(out, "%-32s %12" PRIu64 "\n", "all", all);
}

void stat_prometheus(const struct stat_counts *c, struct buf *out) {
  buf_printf(out, "# HELP skerry_exits_total How often a vCPU has left its guest.\n"
                  "# TYPE skerry_exits_total counter\n");
  for (const struct stat_count *s = first(c); s < end(c); s++) {
    buf_printf(out, "skerry_exits_total{domain=\"%s\",vcpu=\"%u\",reason=\"%s\"} %" PRIu64 "\n",
               s->domain, s->vcpu, s->reason, s->count);
  }
}
