/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breaks an invariant on purpose, so that tests can see what a panic says:
 * the command line's `panic-test=` chooses which. panic_test_none.c is the twin.
 */
#include <asm/layout.h>
#include <asm/machine.h>
#include <lib/lib.h>
#include <timer.h>
#include "boot.h"

static void test_assert(void) {
  volatile int two = 2;
  assert(two == 3);
}

static void test_page_fault(void) {
  *(volatile int *)(PRIVATE_NMI_STACK - PAGE_SIZE) = 1; /* a guard page */
}

/* By a pointer, or the compiler would see through it. */
static void test_stack(void) {
  void (*volatile again)(void) = test_stack;
  volatile char buffer[256];
  buffer[0] = 0;
  again();
  buffer[1] = buffer[0];
}

static void test_null_call(void) {
  void (*volatile fn)(void) = NULL;
  fn();
}

static void test_write_text(void) {
  *(volatile char *)(uintptr_t)test_write_text = 0;
}

static void test_execute_data(void) {
  static char code[16] = {(char)0xc3};
  ((void (*)(void))(uintptr_t)code)();
}

static void test_smash(void) {
  char buffer[16];
  for (volatile unsigned i = 0; i < 64; i++)
    ((volatile char *)buffer)[i] = 'x';
}

/* When domains have run for a while. */
static void late(struct timer *t __unused_param) {
  panic("late, as it was told");
}

static void test_late(void) {
  static struct timer timer;
  timer_init(&timer, late);
  timer_set(&timer, time_now() + 10000000000ull);
}

static const struct {
  const char *name;
  void (*fn)(void);
} tests[] = {
    {"assert", test_assert}, {"pagefault", test_page_fault},
    {"stack", test_stack},   {"nullcall", test_null_call},
    {"wx", test_write_text}, {"nx", test_execute_data},
    {"smash", test_smash},   {"late", test_late},
};

__boot void (*panic_test_chosen(void))(void) {
  for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
    if (option_is("panic-test", tests[i].name))
      return tests[i].fn;
  return NULL;
}
