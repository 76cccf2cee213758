/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a system file. Each is one function and has one bad example in
 * tests/manifests/bad/NAME.yaml with its exact message in NAME.expected; a test
 * holds the two together.
 */
#ifndef SKERRY_RULES_H
#define SKERRY_RULES_H

#include "system.h"

/* Rules run in stages; a stage with messages is the last that runs, since the
 * next could only guess. */
enum rule_stage {
  RULE_TEXT,    /* on the YAML document */
  RULE_MAP,     /* on each mapping */
  RULE_VALUE,   /* on each value: the first that speaks ends it for this value */
  RULE_SYSTEM,  /* on the system as a whole, names and numbers */
  RULE_CHANNEL, /* on the channels, with what was chosen for them */
  RULE_DOMAIN,  /* on each domain with its files: the first that speaks, as above */
};

struct rule_check {
  struct yaml *yaml;
  struct diag *diag;
  struct system *system;       /* from RULE_SYSTEM on */
  struct domain *domain;       /* RULE_DOMAIN */
  const struct schema *schema; /* RULE_MAP */
  const struct field *field;   /* RULE_VALUE */
  const yaml_node_t *node;     /* RULE_MAP, RULE_VALUE */
};

struct rule {
  const char *name; /* of its example too */
  enum rule_stage stage;
  void (*check)(struct rule_check *c); /* says what is wrong with diag_add */
};

/* The rules of form (rules_form.c), of channels (rules_channels.c) and of the other meaning
 * (rules.c); a NULL name ends each. */
extern const struct rule rules_form[];
extern const struct rule rules_channels[];
extern const struct rule rules_meaning[];

/* Reads, judges and loads a system file: fills *s and returns 0, or leaves messages
 * in *d and returns -1. Free *s with system_free and close *y in both cases; the
 * tree and the system live together. */
int rules_load(const char *path, struct yaml *y, struct system *s, struct diag *d);

#endif
