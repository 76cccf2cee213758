/* SPDX-License-Identifier: Apache-2.0 */
/* Pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986), two-pass merge. */
#include <heap.h>

/* Both are roots or NULL; the larger becomes the first child of the smaller. Of equals `a` wins:
 * who came earlier, as the callers have it. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b) {
  if (!a || !b)
    return a ? a : b;
  if (b->key < a->key) {
    struct heap_node *t = a;
    a = b;
    b = t;
  }
  b->sibling = a->child;
  if (b->sibling)
    b->sibling->prev = b;
  b->prev = a;
  a->child = b;
  return a;
}

static struct heap_node *detach(struct heap_node *n) {
  n->sibling = n->prev = NULL;
  return n;
}

/* One heap of a list of siblings, latest first: one pass pairs left to right and stacks the pairs,
 * another melds them right to left. */
static struct heap_node *merge(struct heap_node *first) {
  struct heap_node *pairs = NULL, *root = NULL;

  while (first) {
    struct heap_node *a = first, *b = a->sibling;

    first = b ? b->sibling : NULL;
    detach(a);
    if (b)
      a = meld(detach(b), a);
    a->sibling = pairs;
    pairs = a;
  }
  while (pairs) {
    struct heap_node *next = pairs->sibling;

    root = meld(root, detach(pairs));
    pairs = next;
  }
  return root;
}

void heap_insert(struct heap *h, struct heap_node *n, uint64_t key) {
  *n = (struct heap_node){.key = key};
  h->root = meld(h->root, n);
}

void heap_remove(struct heap *h, struct heap_node *n) {
  struct heap_node *rest = merge(n->child);

  if (n == h->root) {
    h->root = rest;
  } else {
    if (n->prev->child == n)
      n->prev->child = n->sibling;
    else
      n->prev->sibling = n->sibling;
    if (n->sibling)
      n->sibling->prev = n->prev;
    h->root = meld(h->root, rest);
  }
  *n = (struct heap_node){.key = n->key};
}
