/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document as a tree with places. No schema: see schema.c.
 */
#include "yaml.h"

#include <stdlib.h>
#include <string.h>

static struct mark mark_from(yaml_mark_t m) {
  return (struct mark){(unsigned)m.line + 1, (unsigned)m.column + 1};
}

/* The library reads ahead: a byte that it cannot take has an offset and no mark. */
static struct mark mark_of_byte(const uint8_t *text, size_t offset) {
  struct mark m = {1, 1};
  for (size_t i = 0; i < offset; i++)
    m = text[i] == '\n' ? (struct mark){m.line + 1, 1} : (struct mark){m.line, m.column + 1};
  return m;
}

static void keep_problem(struct yaml *y, const uint8_t *text, size_t size) {
  size_t offset = y->parser.problem_offset;
  y->problem = xstrdup(y->parser.problem ? y->parser.problem : "cannot be read");
  y->where = mark_from(y->parser.problem_mark);
  if (y->parser.error == YAML_READER_ERROR)
    y->where = mark_of_byte(text, offset < size ? offset : size);
}

static void look_for_second(struct yaml *y, const uint8_t *text, size_t size) {
  yaml_document_t more;
  if (!yaml_parser_load(&y->parser, &more)) {
    keep_problem(y, text, size);
    return;
  }
  if (yaml_document_get_root_node(&more))
    y->second = mark_from(more.start_mark);
  yaml_document_delete(&more);
}

void yaml_open(struct yaml *y, const uint8_t *text, size_t size) {
  *y = (struct yaml){0};
  if (!yaml_parser_initialize(&y->parser)) {
    y->problem = xstrdup("out of memory");
    return;
  }
  yaml_parser_set_input_string(&y->parser, text ? text : (const uint8_t *)"", size);
  if (!yaml_parser_load(&y->parser, &y->document)) {
    keep_problem(y, text, size);
    return;
  }
  y->loaded = true;
  if (yaml_root(y))
    look_for_second(y, text, size);
}

void yaml_close(struct yaml *y) {
  if (y->loaded)
    yaml_document_delete(&y->document);
  yaml_parser_delete(&y->parser);
  free(y->problem);
  *y = (struct yaml){0};
}

const yaml_node_t *yaml_root(struct yaml *y) {
  return y->loaded ? yaml_document_get_root_node(&y->document) : NULL;
}

const yaml_node_t *yaml_at(struct yaml *y, int index) {
  return yaml_document_get_node(&y->document, index);
}

struct mark yaml_mark(const yaml_node_t *node) {
  return node ? mark_from(node->start_mark) : (struct mark){0};
}

const char *yaml_scalar(const yaml_node_t *node) {
  return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

const yaml_node_t *yaml_map_get(struct yaml *y, const yaml_node_t *map, const char *key) {
  if (!map || map->type != YAML_MAPPING_NODE)
    return NULL;
  for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
    const char *text = yaml_scalar(yaml_at(y, p->key));
    if (text && !strcmp(text, key))
      return yaml_at(y, p->value);
  }
  return NULL;
}
