/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's lines and its input, with a UART made of two strings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/arch.h>
#include <console.h>
#include <drivers/uart.h>
#include <frame.h>
#include <sched.h>

static char screen[8192];
static size_t screen_used;
static const char *typed = "";
static unsigned mails, debugs;

void uart_put(char c) {
  screen[screen_used++] = c;
  screen[screen_used] = 0;
}
int uart_get(void) {
  return *typed ? *typed++ : -1;
}
void uart_input_on(void) {
}

void spin_lock(struct spinlock *l) {
  if (l->owner++)
    abort();
}
void spin_unlock(struct spinlock *l) {
  l->owner--;
}

/* --- what the console asks of others -------------------------------------------- */

static struct manifest_domain configs[2] = {{.name = "red"}, {.name = "blue"}};
static struct vcpu_stub vcpus[2];
static struct domain_stub stubs[2];
static struct domain red = {.stub = &stubs[0]}, blue = {.stub = &stubs[1]};
static struct console_line red_line, blue_line;
struct domain_stub *domains = stubs;
unsigned domain_count = 2;

void vcpu_mail(struct vcpu_stub *s, enum mail m) {
  mails += m == MAIL_CONSOLE && s == &vcpus[0];
  debugs += m == MAIL_DEBUG;
}
void runstate_get(const struct vcpu_stub *s, enum runstate *state, uint64_t *since,
                  uint64_t time[4]) {
  *state = RUNSTATE_RUNNING;
  *since = s->id;
  memset(time, 0, 4 * sizeof(*time));
}
uint64_t frame_count_free(void) {
  return 0;
}
uint64_t time_now(void) {
  return 0;
}
static jmp_buf off;
void arch_poweroff(void) {
  longjmp(off, 1);
}

/* --- helpers ------------------------------------------------------------------------ */

static int start(void **state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    stubs[i] = (struct domain_stub){.config = &configs[i], .vcpus = &vcpus[i], .vcpu_count = 1};
    vcpus[i] = (struct vcpu_stub){.domain = &stubs[i]};
  }
  memset(&red_line, 0, sizeof(red_line));
  memset(&blue_line, 0, sizeof(blue_line));
  typed = ""; /* not the end of what an earlier test had on its stack */
  console_start(0);
  screen_used = mails = debugs = 0;
  return 0;
}

static void red_says(const char *s) {
  console_domain_write(&red, &red_line, s, strlen(s));
}
static void blue_says(const char *s) {
  console_domain_write(&blue, &blue_line, s, strlen(s));
}
static void type(const char *s) {
  typed = s;
  console_receive();
}
static void shows(const char *s) {
  assert_string_equal(screen_used ? screen : "", s);
  screen_used = 0;
}
static void red_reads(const char *expect) {
  char got[300];
  size_t n = console_domain_read(&red, got, sizeof(got));
  assert_int_equal(n, strlen(expect));
  assert_memory_equal(got, expect, n);
}

/* --- tests ---------------------------------------------------------------------------- */

static void whole_lines(void **state) {
  (void)state;
  red_says("one\ntwo\n");
  blue_says("three\n");
  console_log("four\n", 5);
  shows("[red] one\r\n[red] two\r\n[blue] three\r\nskerry: four\r\n");
}

static void input_owner_shows_at_once(void **state) {
  (void)state;
  red_says("# ");
  shows("[red] # ");
  blue_says("not y");
  shows("");
  blue_says("et\n");
  shows("\r\n[blue] not yet\r\n");
  red_says("x\n");
  shows("[red] # x\r\n"); /* the whole line again */
  red_says("# ");
  red_says("y\n");
  shows("[red] # y\r\n");
}

/* What was drawn with the input must not be drawn again without it. */
static void line_that_loses_the_input(void **state) {
  (void)state;
  red_says("a\033[2K");
  type("\1\1\1");
  screen_used = 0;
  red_says("b\n");
  shows("[red] a[2Kb\r\n");
}

static void long_line_that_loses_the_input(void **state) {
  (void)state;
  char text[sizeof(red_line.text) + 1];
  memset(text, 'x', sizeof(text) - 1);
  text[sizeof(text) - 1] = 0;
  red_says(text);
  type("\1\1\1");
  screen_used = 0;
  red_says("y\n");
  assert_int_equal(screen_used, 6 + sizeof(red_line.text) + 1 + 2);
}

static void interrupted_long_line(void **state) {
  (void)state;
  char text[301];
  memset(text, 'x', 300);
  text[300] = 0;
  red_says(text);
  blue_says("\n");
  screen_used = 0;
  red_says("\n");
  assert_int_equal(screen_used, 6 + 300 - sizeof(red_line.text) + 2); /* what is remembered */
}

static void carriage_returns(void **state) {
  (void)state;
  red_says("a\r\nb\rc\n");
  shows("[red] a\r\n[red] b\rc\r\n");
}

static void others_cannot_forge(void **state) {
  (void)state;
  blue_says("\r\033[2Kskerry: hello\a\tx\n");
  shows("[blue] [2Kskerry: hello\tx\r\n");
}

static void long_line(void **state) {
  (void)state;
  char text[601];
  memset(text, 'x', 600);
  text[600] = 0;
  blue_says(text);
  assert_int_equal(screen_used, 7 + 2 * sizeof(blue_line.text));
  blue_says("\n");
  assert_int_equal(screen_used, 7 + 600 + 2);
}

static void line_begun_before_the_input_came(void **state) {
  (void)state;
  blue_says("half");
  type("\1\1\1");
  screen_used = 0;
  blue_says(" whole");
  shows("[blue] half whole");
}

/* A prompt without a newline is seen as soon as its domain is given the input, and once. */
static void prompt_appears_with_the_input(void **state) {
  (void)state;
  blue_says("# ");
  console_domain_show(&blue, &blue_line);
  shows("");
  type("\1\1\1");
  screen_used = 0;
  console_domain_show(&blue, &blue_line);
  shows("[blue] # ");
  console_domain_show(&blue, &blue_line);
  shows("");
  mails = 0;
  type("\1\1\1\1\1\1"); /* and red is told to show its own */
  assert_int_equal(mails, 1);
}

static void typing(void **state) {
  (void)state;
  type("ls\n");
  assert_int_equal(mails, 3);
  char none[4];
  assert_int_equal(console_domain_read(&blue, none, sizeof(none)), 0);
  red_reads("ls\n");
  red_reads("");
}

static void typing_too_much(void **state) {
  (void)state;
  char text[301];
  memset(text, 'y', 300);
  text[300] = 0;
  type(text);
  text[256] = 0;
  red_reads(text);
}

static void ctrl_a(void **state) {
  (void)state;
  type("\1");
  red_reads("");
  type("b\1\1c");
  red_reads("\1b\1\1c");
  type("\1\1\1");
  shows("skerry: input to domain blue (Ctrl-A three times switches)\r\n");
}

static void switching_drops_what_was_not_read(void **state) {
  (void)state;
  type("secret\1\1\1");
  char got[8];
  assert_int_equal(console_domain_read(&blue, got, sizeof(got)), 0);
  type("\1\1\1\1\1\1");
  red_reads("");
}

static void own_keys(void **state) {
  (void)state;
  type("\1\1\1\1\1\1");
  screen_used = 0;
  type("h");
  assert_non_null(strstr(screen, "skerry: q: turn the machine off\r\n"));
  type("e");
  assert_int_equal(debugs, 2);
  screen_used = 0;
  type("d");
  assert_non_null(strstr(screen, "skerry: blue vcpu 0: parked"));
  if (!setjmp(off)) {
    type("q");
    fail();
  }
  type("\1\1\1");
  type("x");
  red_reads("x");
}

static void panic_needs_no_lock(void **state) {
  (void)state;
  red_says("half");
  console_panic();
  console_log("PANIC\n", 6);
  shows("[red] half\r\nskerry: PANIC\r\n");
}

#define TEST(f) cmocka_unit_test_setup(f, start)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(whole_lines),
      TEST(input_owner_shows_at_once),
      TEST(line_that_loses_the_input),
      TEST(long_line_that_loses_the_input),
      TEST(interrupted_long_line),
      TEST(carriage_returns),
      TEST(others_cannot_forge),
      TEST(long_line),
      TEST(line_begun_before_the_input_came),
      TEST(prompt_appears_with_the_input),
      TEST(typing),
      TEST(typing_too_much),
      TEST(ctrl_a),
      TEST(switching_drops_what_was_not_read),
      TEST(own_keys),
      TEST(panic_needs_no_lock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
