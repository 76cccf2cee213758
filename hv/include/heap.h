/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pairing heap: the smallest key first, the nodes stand in what they order.
 * Insertion is constant, removal (of any node) logarithmic, amortised. No
 * allocation, no recursion, no lock: the owner of the heap has one.
 */
#ifndef HEAP_H
#define HEAP_H

#include <lib/types.h>

struct heap_node {
  uint64_t key; /* not to be changed while it is in a heap */
  struct heap_node *child, *sibling;
  struct heap_node
      *prev; /* left sibling, or the parent of a first child; NULL: root or in no heap */
};

struct heap {
  struct heap_node *root; /* smallest key, or NULL */
};

void heap_insert(struct heap *h, struct heap_node *n, uint64_t key);
void heap_remove(struct heap *h, struct heap_node *n);

#endif
