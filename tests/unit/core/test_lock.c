/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket locks: exclusion between real threads, order, and the ticket's wrap. */
#include "world.h"
#include <lib/lock.h>
#include <threads.h>

static struct spinlock lock;
static unsigned long counter; /* plain: the lock alone keeps it right */

static int count(void *unused) {
  for (unsigned i = 0; i < 20000; i++) {
    spin_lock(&lock);
    counter++;
    spin_unlock(&lock);
  }
  return 0;
}

static void yield(void) {
  thrd_yield();
}

static void test_excludes(void **unused) {
  thrd_t t[3];

  fake_init(64, 1, 1);
  fake_waiting = yield;
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(thrd_create(&t[i], count, NULL), thrd_success);
  for (unsigned i = 0; i < 3; i++)
    thrd_join(t[i], NULL);
  assert_int_equal(counter, 60000);
  assert_false(spin_is_locked(&lock));
}

static void test_wraps(void **unused) {
  struct spinlock l = {.next = UINT16_MAX, .owner = UINT16_MAX};

  for (unsigned i = 0; i < 3; i++) {
    assert_false(spin_is_locked(&l));
    spin_lock(&l);
    assert_true(spin_is_locked(&l));
    spin_unlock(&l);
  }
}

static struct spinlock waited_for;

static void release(void) {
  spin_unlock(&waited_for);
}

/* Whoever waits serves others; here that is how the lock comes free. */
static void test_serves_while_waiting(void **unused) {
  fake_init(64, 1, 1);
  spin_lock(&waited_for);
  fake_meanwhile = release;
  spin_lock(&waited_for);
  assert_true(spin_is_locked(&waited_for));
}

static void test_waiting_for_oneself_is_found(void **unused) {
  struct spinlock l = {0};

  fake_init(64, 1, 1);
  spin_lock(&l);
  assert_true(PANICS(spin_lock(&l)));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_excludes), cmocka_unit_test(test_wraps),
                                     cmocka_unit_test(test_serves_while_waiting),
                                     cmocka_unit_test(test_waiting_for_oneself_is_found)};

  return cmocka_run_group_tests_name("core_lock", tests, NULL, NULL);
}
