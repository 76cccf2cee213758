/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a system file, as tables: which keys a mapping may have, of what
 * type, in what range, and where the value goes. The rules of form walk the
 * tree beside these tables; the same tables fill the structures.
 */
#ifndef SKERRY_SCHEMA_H
#define SKERRY_SCHEMA_H

#include "yaml.h"

enum field_type {
  FIELD_NAME,    /* char *: 1..max characters that value_name allows */
  FIELD_PATH,    /* char * */
  FIELD_TEXT,    /* char *: at most max bytes, no control characters */
  FIELD_COUNT,   /* uint64_t: min..max */
  FIELD_SIZE,    /* uint64_t: bytes, whole pages, min..max */
  FIELD_TIME,    /* uint64_t: microseconds, min..max */
  FIELD_BOOL,    /* bool */
  FIELD_CHOICE,  /* uint64_t: place in words */
  FIELD_CPUS,    /* struct cpu_list: `any` or a list of CPU numbers 0..max */
  FIELD_ADDRESS, /* uint64_t: whole pages, min..max */
  FIELD_PORT,    /* uint64_t: of 8 I/O ports the first, min..max */
  FIELD_MAC,     /* struct mac */
  FIELD_MAP,     /* a mapping of its own schema, into the same structure */
  FIELD_LIST,    /* 1..max mappings, each of the schema, into an array */
};

struct schema;

struct field {
  const char *key;
  enum field_type type;
  bool required;
  uint64_t min, max;
  size_t offset; /* into the structure */
  const char *const *words;
  const struct schema *inner;
};

struct schema {
  const char *what;           /* for messages: "a domain" */
  const struct field *fields; /* a NULL key ends them */
  bool one_of;                /* a mapping has exactly one of the fields */
};

struct cpu_list {
  uint32_t *cpu;
  unsigned count;
};

struct mac {
  uint8_t byte[6];
};

const struct field *schema_field(const struct schema *s, const char *key);

/* Calls for each mapping in the tree that the schema expects to be one. */
typedef void schema_map_fn(struct yaml *y, const struct schema *s, const yaml_node_t *map,
                           void *context);
void schema_each_map(struct yaml *y, const struct schema *s, const yaml_node_t *node,
                     schema_map_fn *fn, void *context);

/* Calls for the value of each known key of one mapping. */
typedef void schema_value_fn(struct yaml *y, const struct field *f, const yaml_node_t *value,
                             void *context);
void schema_each_value(struct yaml *y, const struct schema *s, const yaml_node_t *map,
                       schema_value_fn *fn, void *context);

/* Stores the values of a mapping that the rules of form have accepted, and of the mappings in
 * it, into a structure; leaves lists to the caller. Texts and CPU lists are then the structure's.
 */
void schema_fill(struct yaml *y, const struct schema *s, const yaml_node_t *map, void *structure);

#endif
