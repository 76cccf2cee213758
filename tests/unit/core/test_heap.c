/* SPDX-License-Identifier: Apache-2.0 */
/* The pairing heap against a plain array. */
#include "world.h"
#include <heap.h>

#define NODES 300u

static struct heap heap;
static struct heap_node node[NODES];
static bool in[NODES];

static uint64_t smallest(void) {
  uint64_t min = UINT64_MAX;

  for (unsigned i = 0; i < NODES; i++)
    if (in[i] && node[i].key < min)
      min = node[i].key;
  return min;
}

static void check(void) {
  uint64_t min = smallest();

  if (min == UINT64_MAX)
    assert_null(heap.root);
  else
    assert_int_equal(heap.root->key, min);
}

static void test_random(void **unused) {
  for (unsigned step = 0; step < 200000; step++) {
    unsigned i = rnd(NODES);

    if (!in[i]) {
      heap_insert(&heap, &node[i], rnd(1000));
      in[i] = true;
    } else if (rnd(2)) {
      heap_remove(&heap, &node[i]);
      in[i] = false;
    } else {
      struct heap_node *root = heap.root;

      heap_remove(&heap, root);
      in[root - node] = false;
    }
    check();
  }
}

static void test_sorts(void **unused) {
  uint64_t last = 0;

  heap.root = NULL;
  for (unsigned i = 0; i < NODES; i++)
    heap_insert(&heap, &node[i], rnd(1u << 30));
  for (unsigned i = 0; i < NODES; i++) {
    struct heap_node *root = heap.root;

    assert_true(root->key >= last);
    last = root->key;
    heap_remove(&heap, root);
    assert_null(root->child);
    assert_null(root->sibling);
  }
  assert_null(heap.root);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_sorts)};

  return cmocka_run_group_tests_name("core_heap", tests, NULL, NULL);
}
