/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and their children. Nothing here knows clients, permissions or transactions.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

struct node *node_new(struct name name, bool over) {
  struct node *n = calloc(1, sizeof(*n) + name.size + 1);
  if (!n)
    return NULL;
  if (over && !(n->over = calloc(1, sizeof(*n->over)))) {
    free(n);
    return NULL;
  }
  memcpy(n->name, name.text, name.size);
  return n;
}

void node_free(struct node *n) {
  if (!n)
    return;
  for (unsigned i = 0; i < n->count; i++)
    node_free(n->children[i]);
  if (n->over)
    node_free(n->over->twin);
  free(n->over);
  free(n->children);
  free(n->value);
  free(n);
}

struct name node_name(const struct node *n) {
  return (struct name){n->name, strlen(n->name)};
}

static int name_order(struct name name, const char *other) {
  int order = strncmp(name.text, other, name.size);
  return order ? order : -(other[name.size] != 0);
}

/* The place of the name among the children, or where it would be; *found tells. */
static unsigned child_place(const struct node *n, struct name name, bool *found, uint64_t *steps) {
  unsigned low = 0, high = n->count;
  while (low < high) {
    unsigned middle = (low + high) / 2;
    int order = name_order(name, n->children[middle]->name);
    ++*steps;
    if (!order) {
      *found = true;
      return middle;
    }
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  *found = false;
  return low;
}

struct node *node_child(struct store *s, const struct node *n, struct name name) {
  bool found;
  unsigned i = child_place(n, name, &found, &s->steps);
  return found ? n->children[i] : NULL;
}

bool node_reserve(struct node *n, unsigned more) {
  if (n->count + more <= n->room)
    return true;
  unsigned room = n->count + more + n->count / 2;
  struct node **children = realloc(n->children, room * sizeof(*children));
  if (!children)
    return false;
  n->children = children;
  n->room = room;
  return true;
}

void node_attach(struct node *parent, struct node *child) {
  bool found;
  uint64_t steps = 0;
  unsigned i = child_place(parent, node_name(child), &found, &steps);
  memmove(parent->children + i + 1, parent->children + i,
          (parent->count - i) * sizeof(*parent->children));
  parent->children[i] = child;
  parent->count++;
  child->parent = parent;
}

/* Room that nobody is charged for must not stay. */
static void node_shrink(struct node *n) {
  if (n->room < 8 || n->count > n->room / 4)
    return;
  struct node **children = realloc(n->children, n->room / 2 * sizeof(*children));
  if (children) {
    n->children = children;
    n->room /= 2;
  }
}

void node_detach(struct node *n) {
  struct node *parent = n->parent;
  bool found;
  uint64_t steps = 0;
  unsigned i = child_place(parent, node_name(n), &found, &steps);
  parent->count--;
  memmove(parent->children + i, parent->children + i + 1,
          (parent->count - i) * sizeof(*parent->children));
  n->parent = NULL;
  node_shrink(parent);
}

size_t node_cost(const struct node *n) {
  return sizeof(*n) + strlen(n->name) + 1 + n->size + sizeof(n);
}

/* From the end: first the length, then the names from the last one on. */
void node_path(const struct node *n, struct path *p) {
  size_t size = 0;
  p->depth = 0;
  for (const struct node *i = n; i->parent; i = i->parent, p->depth++)
    size += 1 + strlen(i->name);
  p->size = size ? size : 1;
  p->text[0] = '/';
  p->text[p->size] = 0;
  for (const struct node *i = n; i->parent; i = i->parent) {
    size_t name = strlen(i->name);
    size -= name;
    memcpy(p->text + size, i->name, name);
    p->text[--size] = '/';
  }
}
