/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the values of a mapping to the members of a structure, by the tables of
 * the form. Judges nothing: see rules_form.c.
 */
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "value.h"

static void take_cpus(struct yaml *y, const yaml_node_t *value, struct cpu_list *list) {
  if (value->type != YAML_SEQUENCE_NODE)
    return; /* `any` */
  const yaml_node_item_t *start = value->data.sequence.items.start;
  unsigned count = (unsigned)(value->data.sequence.items.top - start);
  *list = (struct cpu_list){xcalloc(count, sizeof(uint32_t)), count};
  for (unsigned i = 0; i < count; i++) {
    uint64_t cpu = 0;
    value_count(yaml_scalar(yaml_at(y, start[i])), &cpu);
    list->cpu[i] = (uint32_t)cpu;
  }
}

/* A folded or literal block ends with a newline that nobody means. */
static char *take_text(const char *text) {
  char *copy = xstrdup(text);
  size_t length = strlen(copy);
  if (length && copy[length - 1] == '\n')
    copy[length - 1] = 0;
  return copy;
}

static void take_value(struct yaml *y, const struct field *f, const yaml_node_t *value,
                       void *context) {
  void *at = (char *)context + f->offset;
  const char *text = yaml_scalar(value);
  switch (f->type) {
  case FIELD_NAME:
  case FIELD_PATH:
  case FIELD_TEXT:
    free(*(char **)at);
    *(char **)at = take_text(text);
    return;
  case FIELD_COUNT:
    value_count(text, at);
    return;
  case FIELD_SIZE:
    value_size(text, at);
    return;
  case FIELD_TIME:
    value_time(text, at);
    return;
  case FIELD_BOOL:
    value_bool(text, at);
    return;
  case FIELD_CHOICE:
    *(uint64_t *)at = (uint64_t)value_choice(text, f->words);
    return;
  case FIELD_CPUS:
    take_cpus(y, value, at);
    return;
  case FIELD_ADDRESS:
  case FIELD_PORT:
    value_address(text, at);
    return;
  case FIELD_MAC:
    value_mac(text, ((struct mac *)at)->byte);
    return;
  case FIELD_MAP:
    schema_fill(y, f->inner, value, context);
    return;
  case FIELD_LIST:
    return;
  }
}

void schema_fill(struct yaml *y, const struct schema *s, const yaml_node_t *map, void *structure) {
  schema_each_value(y, s, map, take_value, structure);
}
