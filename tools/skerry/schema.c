/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a tree beside the tables of its form. Judges nothing: see rules_form.c.
 */
#include "schema.h"

#include <string.h>

const struct field *schema_field(const struct schema *s, const char *key) {
  for (const struct field *f = s->fields; key && f->key; f++)
    if (!strcmp(f->key, key))
      return f;
  return NULL;
}

void schema_each_value(struct yaml *y, const struct schema *s, const yaml_node_t *map,
                       schema_value_fn *fn, void *context) {
  if (map->type != YAML_MAPPING_NODE)
    return;
  for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
    const struct field *f = schema_field(s, yaml_scalar(yaml_at(y, p->key)));
    if (f)
      fn(y, f, yaml_at(y, p->value), context);
  }
}

struct map_walk {
  schema_map_fn *fn;
  void *context;
};

static void walk_value(struct yaml *y, const struct field *f, const yaml_node_t *value,
                       void *context) {
  struct map_walk *w = context;
  if (f->type == FIELD_MAP)
    schema_each_map(y, f->inner, value, w->fn, w->context);
  if (f->type != FIELD_LIST || value->type != YAML_SEQUENCE_NODE)
    return;
  for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top;
       i++)
    schema_each_map(y, f->inner, yaml_at(y, *i), w->fn, w->context);
}

/* The depth is that of the schema, so that an alias to its own parent ends too. */
void schema_each_map(struct yaml *y, const struct schema *s, const yaml_node_t *node,
                     schema_map_fn *fn, void *context) {
  struct map_walk w = {fn, context};
  fn(y, s, node, context);
  schema_each_value(y, s, node, walk_value, &w);
}
