/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the rules over a system file, stage by stage. Holds no rule itself.
 */
#include <string.h>

#include "rules.h"

#define MAX_SYSTEM_FILE (16u << 20) /* bytes */

/* Runs one stage's rules of a list; true when one of them spoke. */
static bool run_stage(struct rule_check *c, const struct rule *rules, enum rule_stage stage,
                      bool first_only) {
  unsigned before = c->diag->count;
  for (const struct rule *r = rules; r->name; r++) {
    if (r->stage != stage)
      continue;
    c->diag->rule = r->name;
    r->check(c);
    if (first_only && c->diag->count != before)
      break;
  }
  c->diag->rule = NULL;
  return c->diag->count != before;
}

static void on_value(struct yaml *y, const struct field *f, const yaml_node_t *value,
                     void *context) {
  (void)y;
  struct rule_check *c = context;
  c->field = f;
  c->node = value;
  run_stage(c, rules_form, RULE_VALUE, true);
}

static void on_map(struct yaml *y, const struct schema *s, const yaml_node_t *map, void *context) {
  struct rule_check *c = context;
  c->schema = s;
  c->node = map;
  run_stage(c, rules_form, RULE_MAP, false);
  schema_each_value(y, s, map, on_value, c);
}

static bool run_meaning(struct rule_check *c) {
  channels_find(c->system);
  run_stage(c, rules_meaning, RULE_SYSTEM, false);
  run_stage(c, rules_channels, RULE_SYSTEM, false);
  if (c->diag->count)
    return false;
  channels_resolve(c->system);
  if (run_stage(c, rules_channels, RULE_CHANNEL, false))
    return false;
  system_load_files(c->system);
  for (unsigned i = 0; i < c->system->count; i++) {
    c->domain = &c->system->domains[i];
    run_stage(c, rules_meaning, RULE_DOMAIN, true);
  }
  return !c->diag->count;
}

int rules_load(const char *path, struct yaml *y, struct system *s, struct diag *d) {
  struct buf text;
  struct rule_check c = {.yaml = y, .diag = d, .system = s};
  *s = (struct system){0};
  *y = (struct yaml){0};
  d->file = path;
  int error = file_read(path, MAX_SYSTEM_FILE, &text);
  if (error) {
    diag_add(d, (struct mark){0}, "cannot be read: %s", strerror(error));
    return -1;
  }
  yaml_open(y, text.data, text.size);
  buf_free(&text);
  if (run_stage(&c, rules_form, RULE_TEXT, false))
    return -1;
  schema_each_map(y, &system_schema, yaml_root(y), on_map, &c);
  if (d->count)
    return -1;
  system_from_tree(s, y, path);
  return run_meaning(&c) ? 0 : -1;
}
