/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels in both forms of the report.
 */
#include <inttypes.h>
#include <stdbool.h>

#include "report.h"
#include "value.h"

struct kind {
  const char *word, *colour;
};

static const struct kind *kind_of(const struct manifest_channel *c) {
  static const struct kind kinds[] = {
      {"?", "#000000"},       {"events", "#7a4fa3"},  {"memory", "#b5651d"}, {"disk", "#1f6fb2"},
      {"network", "#2e8b57"}, {"console", "#808080"}, {"store", "#c0392b"},
  };
  return &kinds[c->kind < sizeof(kinds) / sizeof(kinds[0]) ? c->kind : 0];
}

static void put_what_crosses(const struct image_view *v, const struct manifest_channel *c,
                             struct buf *out) {
  const char *front = v->domains[c->front].name, *back = v->domains[c->back].name;
  if (c->kind == MANIFEST_CHANNEL_MEMORY) {
    buf_printf(out, "%s may read%s %s of %s at 0x%" PRIx64, front,
               c->flags & MANIFEST_CHANNEL_WRITABLE ? " and write" : "", value_size_text(c->size),
               back, c->front_gpa);
    return;
  }
  buf_put_text(out, "events both ways");
  if (c->kind != MANIFEST_CHANNEL_EVENTS)
    buf_printf(out, ", %s may use what %s grants", back, front);
  if (c->front_port)
    buf_printf(out, "; ports %u and %u from the start", c->front_port, c->back_port);
}

/* A range whose both ends are one domain: nothing crosses. */
static bool is_keep(const struct manifest_channel *c) {
  return c->front == c->back;
}

static void put_keep(const struct image_view *v, const struct manifest_channel *c,
                     struct buf *out) {
  buf_printf(out, "  %s keeps %s at 0x%" PRIx64 " over its restarts\n", v->domains[c->front].name,
             value_size_text(c->size), c->front_gpa);
}

static void put_line(const struct image_view *v, const struct manifest_channel *c,
                     struct buf *out) {
  if (is_keep(c)) {
    put_keep(v, c, out);
    return;
  }
  buf_printf(out, "  %s and %s, %s%s%s: ", v->domains[c->front].name, v->domains[c->back].name,
             kind_of(c)->word, *c->name ? " " : "", c->name);
  put_what_crosses(v, c, out);
  buf_put_text(out, "\n");
}

void report_channels_text(const struct image_view *v, struct buf *out) {
  buf_put_text(out, "\nWho may talk to whom\n\n");
  for (uint32_t i = 0; i < v->header->channels.count; i++)
    put_line(v, &v->channels[i], out);
  buf_printf(out, "  %s. No %sevent, grant, shared page or device crosses between two domains.\n",
             v->header->channels.count ? "Nobody else" : "Nobody",
             v->header->channels.count ? "other " : "");
}

static bool same_ends(const struct manifest_channel *a, const struct manifest_channel *b) {
  return a->front == b->front && a->back == b->back;
}

/* One edge for all channels of two ends, which stand together in the table: a line of its label
 * for each. It must not move domains of one column apart. */
void report_channels_dot(const struct image_view *v, struct buf *out) {
  uint32_t count = v->header->channels.count;
  for (uint32_t i = 0; i < count; i++) {
    const struct manifest_channel *c = &v->channels[i];
    if (is_keep(c))
      continue;
    if (!i || !same_ends(c - 1, c))
      buf_printf(out,
                 "  d%u:name -> d%u:name [constraint=false, penwidth=1.6, color=\"#1f6fb2\", "
                 "label=<",
                 v->domains[c->front].domid, v->domains[c->back].domid);
    buf_printf(out, "<font color=\"%s\">%s ", kind_of(c)->colour, kind_of(c)->word);
    report_put_escaped(c->name, out);
    buf_put_text(out, "</font><br align=\"left\"/>");
    if (i + 1 == count || !same_ends(c, c + 1))
      buf_put_text(out, ">];\n");
  }
}

const struct manifest_domain *report_uart_owner(const struct image_view *v) {
  for (uint32_t i = 0; i < v->header->domains.count; i++)
    if (v->domains[i].ports)
      return &v->domains[i];
  return NULL;
}

const struct manifest_domain *report_console_server(const struct image_view *v,
                                                    const struct manifest_domain *d) {
  for (uint32_t i = 0; i < v->header->channels.count; i++) {
    const struct manifest_channel *c = &v->channels[i];
    if (c->kind == MANIFEST_CHANNEL_CONSOLE && &v->domains[c->front] == d)
      return &v->domains[c->back];
  }
  return NULL;
}
