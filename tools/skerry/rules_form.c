/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of form: is this YAML, has each mapping its keys, is each value of
 * its type and in its range. They know the tables in system.c and nothing of
 * what the values mean together.
 */
#include <inttypes.h>
#include <string.h>

#include "rules.h"
#include "value.h"

static struct mark here(const struct rule_check *c) {
  return yaml_mark(c->node);
}

static void rule_yaml_syntax(struct rule_check *c) {
  if (c->yaml->problem)
    diag_add(c->diag, c->yaml->where, "not YAML: %s", c->yaml->problem);
}

static void rule_one_document(struct rule_check *c) {
  if (c->yaml->second.line)
    diag_add(c->diag, c->yaml->second, "a system file holds one document; here starts another");
}

static void rule_not_empty(struct rule_check *c) {
  if (!c->yaml->problem && !yaml_root(c->yaml))
    diag_add(c->diag, (struct mark){1, 1}, "the file is empty: it must name a system and domains");
}

static void rule_is_mapping(struct rule_check *c) {
  if (c->node->type != YAML_MAPPING_NODE)
    diag_add(c->diag, here(c), "%s must be a mapping (`key: value` lines)", c->schema->what);
}

/* A key's text; "" for one that is no scalar, which no table has. */
static const char *key_text(struct rule_check *c, const yaml_node_pair_t *pair) {
  const char *text = yaml_scalar(yaml_at(c->yaml, pair->key));
  return text ? text : "";
}

#define EACH_PAIR(p, node)                                                                         \
  for (const yaml_node_pair_t *p = (node)->data.mapping.pairs.start;                               \
       (node)->type == YAML_MAPPING_NODE && p < (node)->data.mapping.pairs.top; p++)

static void rule_unknown_key(struct rule_check *c) {
  EACH_PAIR(p, c->node) {
    if (!schema_field(c->schema, key_text(c, p)))
      diag_add(c->diag, yaml_mark(yaml_at(c->yaml, p->key)), "%s has no key `%s`", c->schema->what,
               key_text(c, p));
  }
}

static void rule_duplicate_key(struct rule_check *c) {
  EACH_PAIR(p, c->node) {
    const yaml_node_pair_t *first = c->node->data.mapping.pairs.start;
    while (strcmp(key_text(c, first), key_text(c, p)))
      first++;
    if (first != p)
      diag_add(c->diag, yaml_mark(yaml_at(c->yaml, p->key)), "`%s` stands here again: see line %u",
               key_text(c, p), yaml_mark(yaml_at(c->yaml, first->key)).line);
  }
}

static void rule_missing_key(struct rule_check *c) {
  if (c->node->type != YAML_MAPPING_NODE)
    return;
  for (const struct field *f = c->schema->fields; f->key; f++)
    if (f->required && !yaml_map_get(c->yaml, c->node, f->key))
      diag_add(c->diag, here(c), "%s needs `%s`", c->schema->what, f->key);
}

static void rule_one_of(struct rule_check *c) {
  if (!c->schema->one_of || c->node->type != YAML_MAPPING_NODE)
    return;
  const struct field *first = NULL;
  for (const struct field *f = c->schema->fields; f->key; f++) {
    if (!yaml_map_get(c->yaml, c->node, f->key))
      continue;
    if (first)
      diag_add(c->diag, here(c), "%s has one kind: `%s` and `%s` are two", c->schema->what,
               first->key, f->key);
    first = f;
  }
  if (c->node->data.mapping.pairs.start == c->node->data.mapping.pairs.top)
    diag_add(c->diag, here(c), "%s needs a kind: `%s`, say", c->schema->what,
             c->schema->fields->key);
}

static bool wants_text(const struct field *f) {
  return f->type != FIELD_MAP && f->type != FIELD_LIST && f->type != FIELD_CPUS;
}

static void rule_single_value(struct rule_check *c) {
  if (wants_text(c->field) && !yaml_scalar(c->node))
    diag_add(c->diag, here(c), "`%s` takes one value, not a list or a mapping", c->field->key);
}

static void rule_empty_value(struct rule_check *c) {
  const char *text = yaml_scalar(c->node);
  if (text && !*text && wants_text(c->field) && c->field->type != FIELD_TEXT)
    diag_add(c->diag, here(c), "`%s` has no value", c->field->key);
}

static void rule_list(struct rule_check *c) {
  if (c->field->type == FIELD_LIST && c->node->type != YAML_SEQUENCE_NODE)
    diag_add(c->diag, here(c), "`%s` must be a list (`- ` before each)", c->field->key);
}

static void rule_list_length(struct rule_check *c) {
  if (c->field->type != FIELD_LIST)
    return;
  long count = c->node->data.sequence.items.top - c->node->data.sequence.items.start;
  if (count < 1 || (uint64_t)count > c->field->max)
    diag_add(c->diag, here(c), "`%s` holds %ld: it takes 1 to %" PRIu64, c->field->key, count,
             c->field->max);
}

/* YAML escapes can put any byte into a scalar, zero too. */
static void rule_control_character(struct rule_check *c) {
  const char *text = yaml_scalar(c->node);
  size_t length = text ? c->node->data.scalar.length : 0;
  if (length && c->field->type == FIELD_TEXT && text[length - 1] == '\n')
    length--; /* of a block: dropped later */
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
      diag_add(c->diag, here(c), "`%s` holds a control character (byte %zu is 0x%02X)",
               c->field->key, i + 1, (unsigned char)text[i]);
      return;
    }
}

static void rule_name_form(struct rule_check *c) {
  if (c->field->type == FIELD_NAME && !value_name(yaml_scalar(c->node)))
    diag_add(c->diag, here(c),
             "`%s` is no name: it takes letters, digits, `-`, `_` and `.`, and starts with none "
             "of `-` and `.`",
             yaml_scalar(c->node));
}

static void rule_text_length(struct rule_check *c) {
  if (c->field->type != FIELD_NAME && c->field->type != FIELD_TEXT)
    return;
  size_t length = strlen(yaml_scalar(c->node));
  if (length > c->field->max)
    diag_add(c->diag, here(c), "`%s` has %zu characters: at most %" PRIu64 " fit", c->field->key,
             length, c->field->max);
}

static void rule_number(struct rule_check *c) {
  uint64_t v;
  if (c->field->type == FIELD_COUNT && !value_count(yaml_scalar(c->node), &v))
    diag_add(c->diag, here(c), "`%s` takes a whole number, not `%s`", c->field->key,
             yaml_scalar(c->node));
}

static void rule_number_range(struct rule_check *c) {
  uint64_t v;
  if (c->field->type != FIELD_COUNT || !value_count(yaml_scalar(c->node), &v))
    return;
  if (v < c->field->min || v > c->field->max)
    diag_add(c->diag, here(c), "`%s` is %" PRIu64 ": it takes %" PRIu64 " to %" PRIu64,
             c->field->key, v, c->field->min, c->field->max);
}

static void rule_size(struct rule_check *c) {
  uint64_t v;
  if (c->field->type == FIELD_SIZE && !value_size(yaml_scalar(c->node), &v))
    diag_add(c->diag, here(c),
             "`%s` takes a size such as 512MiB (KiB, MiB, GiB or TiB, no fraction), not `%s`",
             c->field->key, yaml_scalar(c->node));
}

static void rule_size_range(struct rule_check *c) {
  uint64_t v;
  if (c->field->type != FIELD_SIZE || !value_size(yaml_scalar(c->node), &v))
    return;
  if (v < c->field->min || v > c->field->max)
    diag_add(c->diag, here(c), "`%s` is %s: it takes %s to %s", c->field->key, value_size_text(v),
             value_size_text(c->field->min), value_size_text(c->field->max));
}

static void rule_size_pages(struct rule_check *c) {
  uint64_t v;
  if (c->field->type == FIELD_SIZE && value_size(yaml_scalar(c->node), &v) && v % 4096)
    diag_add(c->diag, here(c), "`%s` is %s: it must be a multiple of 4 KiB", c->field->key,
             value_size_text(v));
}

static void rule_time(struct rule_check *c) {
  uint64_t v;
  if (c->field->type == FIELD_TIME && !value_time(yaml_scalar(c->node), &v))
    diag_add(c->diag, here(c), "`%s` takes a time such as 10ms (us, ms or s), not `%s`",
             c->field->key, yaml_scalar(c->node));
}

static void rule_time_range(struct rule_check *c) {
  uint64_t v;
  if (c->field->type != FIELD_TIME || !value_time(yaml_scalar(c->node), &v))
    return;
  if (v < c->field->min || v > c->field->max)
    diag_add(c->diag, here(c), "`%s` is %" PRIu64 " us: it takes %" PRIu64 " to %" PRIu64 " us",
             c->field->key, v, c->field->min, c->field->max);
}

static void rule_true_false(struct rule_check *c) {
  bool v;
  if (c->field->type == FIELD_BOOL && !value_bool(yaml_scalar(c->node), &v))
    diag_add(c->diag, here(c), "`%s` is true or false, not `%s`", c->field->key,
             yaml_scalar(c->node));
}

static void rule_choice(struct rule_check *c) {
  if (c->field->type != FIELD_CHOICE || value_choice(yaml_scalar(c->node), c->field->words) >= 0)
    return;
  struct buf words = {0};
  for (const char *const *w = c->field->words; *w; w++)
    buf_printf(&words, "%s`%s`", w == c->field->words ? "" : w[1] ? ", " : " or ", *w);
  diag_add(c->diag, here(c), "`%s` is %s, not `%s`", c->field->key, buf_text(&words),
           yaml_scalar(c->node));
  buf_free(&words);
}

/* What addresses of this type are a multiple of; 0: it is another type. */
static uint64_t address_step(const struct field *f) {
  return f->type == FIELD_ADDRESS ? 4096 : f->type == FIELD_PORT ? 8 : 0;
}

static void rule_address(struct rule_check *c) {
  uint64_t v;
  if (address_step(c->field) && !value_address(yaml_scalar(c->node), &v))
    diag_add(c->diag, here(c), "`%s` takes an address such as %s, not `%s`", c->field->key,
             c->field->type == FIELD_PORT ? "0x3e8" : "0xF0000000", yaml_scalar(c->node));
}

static void rule_address_range(struct rule_check *c) {
  uint64_t v, step = address_step(c->field);
  if (!step || !value_address(yaml_scalar(c->node), &v))
    return;
  if (v < c->field->min || v > c->field->max || v % step)
    diag_add(c->diag, here(c),
             "`%s` is 0x%" PRIx64 ": it takes 0x%" PRIx64 " to 0x%" PRIx64
             ", a multiple of 0x%" PRIx64,
             c->field->key, v, c->field->min, c->field->max, step);
}

static void rule_mac(struct rule_check *c) {
  struct mac mac;
  if (c->field->type == FIELD_MAC && !value_mac(yaml_scalar(c->node), mac.byte))
    diag_add(c->diag, here(c),
             "`%s` takes the address of one interface, such as 00:16:3e:12:34:56, not `%s`",
             c->field->key, yaml_scalar(c->node));
}

static void rule_cpus_form(struct rule_check *c) {
  const char *text = yaml_scalar(c->node);
  if (c->field->type != FIELD_CPUS || (text && !strcmp(text, "any")))
    return;
  if (c->node->type != YAML_SEQUENCE_NODE)
    diag_add(c->diag, here(c), "`%s` is `any` or a list of CPU numbers such as [0, 1]",
             c->field->key);
}

static void rule_cpu_number(struct rule_check *c) {
  if (c->field->type != FIELD_CPUS || c->node->type != YAML_SEQUENCE_NODE)
    return;
  const yaml_node_item_t *i = c->node->data.sequence.items.start;
  for (; i < c->node->data.sequence.items.top; i++) {
    const yaml_node_t *item = yaml_at(c->yaml, *i);
    const char *text = yaml_scalar(item);
    uint64_t v;
    if (!text || !value_count(text, &v) || v > c->field->max)
      diag_add(c->diag, yaml_mark(item), "`%s` is no CPU number: they go from 0 to %" PRIu64,
               text ? text : "a list or mapping", c->field->max);
  }
}

const struct rule rules_form[] = {
    {"yaml-syntax", RULE_TEXT, rule_yaml_syntax},
    {"one-document", RULE_TEXT, rule_one_document},
    {"not-empty", RULE_TEXT, rule_not_empty},
    {"is-mapping", RULE_MAP, rule_is_mapping},
    {"unknown-key", RULE_MAP, rule_unknown_key},
    {"duplicate-key", RULE_MAP, rule_duplicate_key},
    {"missing-key", RULE_MAP, rule_missing_key},
    {"one-of", RULE_MAP, rule_one_of},
    {"single-value", RULE_VALUE, rule_single_value},
    {"empty-value", RULE_VALUE, rule_empty_value},
    {"list", RULE_VALUE, rule_list},
    {"list-length", RULE_VALUE, rule_list_length},
    {"control-character", RULE_VALUE, rule_control_character},
    {"name-form", RULE_VALUE, rule_name_form},
    {"text-length", RULE_VALUE, rule_text_length},
    {"number", RULE_VALUE, rule_number},
    {"number-range", RULE_VALUE, rule_number_range},
    {"size", RULE_VALUE, rule_size},
    {"size-range", RULE_VALUE, rule_size_range},
    {"size-pages", RULE_VALUE, rule_size_pages},
    {"time", RULE_VALUE, rule_time},
    {"time-range", RULE_VALUE, rule_time_range},
    {"true-false", RULE_VALUE, rule_true_false},
    {"choice", RULE_VALUE, rule_choice},
    {"address", RULE_VALUE, rule_address},
    {"address-range", RULE_VALUE, rule_address_range},
    {"mac", RULE_VALUE, rule_mac},
    {"cpus-form", RULE_VALUE, rule_cpus_form},
    {"cpu-number", RULE_VALUE, rule_cpu_number},
    {0},
};
