/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels in both forms of the report.
 */
#include <inttypes.h>

#include "report.h"
#include "value.h"

struct kind {
  const char *word, *gives, *colour;
};

static const struct kind *kind_of(const struct manifest_channel *c) {
  static const struct kind kinds[] = {
      {"?", "?", "#000000"},
      {"events", "events both ways", "#7a4fa3"},
      {"memory", "a shared range", "#b5651d"},
      {"disk", "events both ways, grants to the second", "#1f6fb2"},
      {"network", "events both ways, grants to the second", "#2e8b57"},
      {"console", "events both ways, grants to the second", "#808080"},
      {"store", "events both ways, grants to the second", "#c0392b"},
  };
  return &kinds[c->kind < sizeof(kinds) / sizeof(kinds[0]) ? c->kind : 0];
}

static void put_memory(const struct manifest_channel *c, struct buf *out) {
  buf_printf(out, "; %s at 0x%" PRIx64 ", which the first may read%s", value_size_text(c->size),
             c->front_gpa, c->flags & MANIFEST_CHANNEL_WRITABLE ? " and write" : "");
}

static void put_line(const struct image_view *v, const struct manifest_channel *c,
                     struct buf *out) {
  const struct kind *kind = kind_of(c);
  buf_printf(out, "  %s and %s: %s%s%s: %s", v->domains[c->front].name, v->domains[c->back].name,
             kind->word, *c->name ? " " : "", c->name, kind->gives);
  if (c->front_port)
    buf_printf(out, "; ports %u and %u from the start", c->front_port, c->back_port);
  if (c->kind == MANIFEST_CHANNEL_MEMORY)
    put_memory(c, out);
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

/* Of two domains in one column: the edge must not move them apart. */
void report_channels_dot(const struct image_view *v, struct buf *out) {
  for (uint32_t i = 0; i < v->header->channels.count; i++) {
    const struct manifest_channel *c = &v->channels[i];
    const struct kind *kind = kind_of(c);
    buf_printf(out,
               "  d%u:name -> d%u:name [constraint=false, dir=%s, penwidth=1.6, color=\"%s\", "
               "fontcolor=\"%s\", label=\"%s",
               v->domains[c->front].domid, v->domains[c->back].domid,
               c->kind == MANIFEST_CHANNEL_EVENTS ? "both" : "forward", kind->colour, kind->colour,
               kind->word);
    if (*c->name) {
      buf_put_text(out, " ");
      report_put_escaped(c->name, out);
    }
    buf_put_text(out, "\"];\n");
  }
}
