/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document as a tree with places, over libyaml's document interface.
 * Knows nothing of system files.
 */
#ifndef SKERRY_YAML_H
#define SKERRY_YAML_H

#include <stdbool.h>
#include <yaml.h>

#include "diag.h"

struct yaml {
  yaml_parser_t parser;
  yaml_document_t document;
  bool loaded;        /* the document is there */
  char *problem;      /* owned; NULL: the text is YAML */
  struct mark where;  /* of the problem */
  struct mark second; /* of a second document; line 0: none */
};

/* Never fails: what is wrong with the text is in `problem` and `second`. The
 * text must outlive the call only. */
void yaml_open(struct yaml *y, const uint8_t *text, size_t size);
void yaml_close(struct yaml *y);

/* NULL where the document is empty. Nodes live as long as the document. */
const yaml_node_t *yaml_root(struct yaml *y);
const yaml_node_t *yaml_at(struct yaml *y, int index);

struct mark yaml_mark(const yaml_node_t *node);

/* The text of a scalar; NULL if the node is none. */
const char *yaml_scalar(const yaml_node_t *node);

/* The value of the first pair with this key; NULL: no such key. */
const yaml_node_t *yaml_map_get(struct yaml *y, const yaml_node_t *map, const char *key);

#endif
