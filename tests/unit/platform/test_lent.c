/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serial line lent to a domain: what goes where, and how it comes back. The UART is a string.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <console.h>
#include <console_lent.h>
#include <drivers/uart.h>
#include <lib/lib.h>

static char screen[65536];
static size_t screen_used;
static unsigned inits, mails, locks;
static void (*while_put)(void);
static jmp_buf *waiting; /* who waits for a lock jumps here */

void uart_put(char c) {
  if (while_put)
    while_put();
  screen[screen_used++] = c;
  screen[screen_used] = 0;
}
void uart_init(uint16_t port) {
  assert_int_equal(port, 0x3f8);
  inits++;
}
uint16_t uart_port(void) {
  return 0x3f8;
}
void uart_flush(void) {
}
void uart_input_on(void) {
}
void spin_lock(struct spinlock *l) {
  if (l->owner && waiting)
    longjmp(*waiting, 1);
  if (l->owner++)
    abort();
  locks++;
}
void spin_unlock(struct spinlock *l) {
  l->owner--;
}
void vcpu_mail(struct vcpu_stub *s, enum mail m) {
  assert_int_equal(s->id, 7);
  mails += m == MAIL_SERIAL;
}

static struct manifest_domain config = {.name = "console", .first_port = 0x3f8, .ports = 8};
static struct vcpu_stub vcpu = {.id = 7};
static struct domain_stub owner = {.config = &config, .vcpus = &vcpu};
static struct domain_stub other = {.config = &config, .vcpus = &vcpu};

static void screen_is(const char *text) {
  assert_string_equal(screen, text);
  screen[screen_used = 0] = 0;
}

static void log_is(const char *text) {
  char all[65536];
  size_t n = console_lent_read(all, sizeof(all) - 1);
  all[n] = 0;
  assert_string_equal(all, text);
}

static void log_is_forgotten(void) {
  char all[65536];
  (void)console_lent_read(all, sizeof(all));
  screen[screen_used = 0] = 0;
}

static void test_lent(void **unused) {
  (void)unused;
  log_printf("boot\n");
  screen_is("skerry: boot\r\n");
  console_lend(&owner);
  owner.state = DOMAIN_NEW;
  assert_false(console_lent_tell());
  log_printf("built\n");
  screen_is("skerry: built\r\n");
  owner.state = DOMAIN_RUNNING;
  mails = 0;
  log_printf("it runs\n");
  screen_is("");
  assert_true(mails > 0);
  log_is("skerry: it runs\r\n");
  log_is("");
}

static bool has_port(const struct domain_stub *d, uint16_t port, unsigned size) {
  bool has = console_lent_enter(d, port, size);
  if (has)
    console_lent_leave();
  return has;
}

static void test_ports(void **unused) {
  (void)unused;
  assert_true(has_port(&owner, 0x3f8, 1));
  assert_true(has_port(&owner, 0x3ff, 1));
  assert_false(has_port(&owner, 0x3f7, 1));
  assert_false(has_port(&owner, 0x400, 1));
  assert_false(has_port(&owner, 0x3f8, 2));
  assert_false(has_port(&other, 0x3f8, 1));
  owner.state = DOMAIN_ENDING;
  assert_false(has_port(&owner, 0x3f8, 1));
  owner.state = DOMAIN_RUNNING;
}

static bool reaches_uart(void) {
  jmp_buf here;
  waiting = &here;
  bool reached = !setjmp(here) && console_lent_enter(&owner, 0x3f8, 1);
  waiting = NULL;
  return reached;
}

static void starts_again(void) {
  while_put = NULL;
  owner.state = DOMAIN_RUNNING;
  assert_false(reaches_uart());
}

/* A life that begins while a line goes out waits for its end: the bytes of that would become the
 * divisor that the domain is about to set. */
static void test_starts_within_a_line(void **unused) {
  (void)unused;
  owner.state = DOMAIN_ENDING;
  while_put = starts_again;
  log_printf("going out\n");
  assert_null(while_put);
  screen_is("\r\nskerry: going out\r\n");
  assert_true(reaches_uart());
  console_lent_leave();
}

/* What it did not read is shown, then what follows, until its next life. */
static void test_ends(void **unused) {
  (void)unused;
  log_printf("last words\n");
  owner.state = DOMAIN_ENDING;
  inits = 0;
  log_printf("crashed\n");
  assert_int_equal(inits, 1);
  screen_is("\r\nskerry: last words\r\nskerry: crashed\r\n");
  log_printf("restart\n");
  assert_int_equal(inits, 1);
  screen_is("skerry: restart\r\n");
  owner.state = DOMAIN_RUNNING;
  log_printf("again\n");
  log_is("skerry: again\r\n");
}

/* The newest is kept. */
static void test_full(void **unused) {
  char all[32768];
  (void)unused;
  for (unsigned i = 0; i < 4000; i++)
    log_printf("line %u\n", i);
  size_t n = console_lent_read(all, sizeof(all));
  assert_int_equal(n, 16384);
  assert_memory_equal(all + n - strlen("skerry: line 3999\r\n"), "skerry: line 3999\r\n",
                      strlen("skerry: line 3999\r\n"));
}

/* A UART that is not ours: its ports and its interrupt are its owner's, the line and the log ours.
 */
static void test_other(void **unused) {
  static struct manifest_domain away = {.name = "away", .first_port = 0x3e8, .ports = 8};
  static struct domain_stub other_owner = {
      .config = &away, .vcpus = &vcpu, .state = DOMAIN_RUNNING};
  (void)unused;
  owner.state = DOMAIN_ENDING;
  log_printf("\n"); /* the line is taken back */
  log_is_forgotten();
  console_lend(&other_owner);
  inits = mails = 0;
  log_printf("line\n");
  screen_is("skerry: line\r\n");
  log_is("");
  assert_int_equal(mails, 0);
  assert_false(console_lent_tell());
  assert_false(console_lent_interrupt());
  assert_int_equal(mails, 1);
  assert_true(has_port(&other_owner, 0x3ef, 1));
  assert_false(has_port(&other_owner, 0x3f8, 1));
  assert_false(has_port(&owner, 0x3f8, 1));
  other_owner.state = DOMAIN_ENDING;
  assert_false(has_port(&other_owner, 0x3e8, 1));
  assert_false(console_lent_interrupt());
  assert_int_equal(mails, 1);
  log_printf("ended\n");
  screen_is("skerry: ended\r\n");
  assert_int_equal(inits, 0);
  console_lend(&owner);
  owner.state = DOMAIN_RUNNING;
  assert_true(console_lent_interrupt());
  log_printf("\n"); /* the line is lent again */
  log_is_forgotten();
}

/* Whoever holds a lock may never let go of it. */
static void test_panic(void **unused) {
  (void)unused;
  log_printf("unread\n");
  console_panic();
  locks = inits = 0;
  log_printf("PANIC\n");
  assert_int_equal(locks, 0);
  assert_int_equal(inits, 1);
  screen_is("\r\nskerry: unread\r\nskerry: PANIC\r\n");
  assert_false(has_port(&owner, 0x3f8, 1));
  assert_false(console_lent_tell());
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_lent),
                                     cmocka_unit_test(test_ports),
                                     cmocka_unit_test(test_starts_within_a_line),
                                     cmocka_unit_test(test_ends),
                                     cmocka_unit_test(test_full),
                                     cmocka_unit_test(test_other),
                                     cmocka_unit_test(test_panic)};
  return cmocka_run_group_tests_name("lent", tests, NULL, NULL);
}
