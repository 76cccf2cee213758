/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, keyboard and history of the console service, with sources that are strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <console/mux.h>

#define SOURCES 4u /* the log, then three domains */

static struct mux mux;
static struct source sources[SOURCES];
static const char *printed[SOURCES]; /* not taken yet */
static char typed[SOURCES][4096];
static size_t takes[SOURCES]; /* bytes that it takes of what is typed */

static size_t read_text(struct source *s, char *to, size_t size) {
  const char **from = &printed[s - sources];
  size_t n = *from ? strnlen(*from, size) : 0;
  memcpy(to, *from, n);
  *from += n;
  return n;
}

static size_t write_text(struct source *s, const char *from, size_t size) {
  size_t i = (size_t)(s - sources), n = size < takes[i] ? size : takes[i];
  strncat(typed[i], from, n);
  takes[i] -= n;
  return n;
}

static int setup(void **unused) {
  static const char *const names[SOURCES] = {NULL, "one", "two", "three"};
  char line[256];
  (void)unused;
  memset(sources, 0, sizeof(sources));
  memset(typed, 0, sizeof(typed));
  for (unsigned i = 0; i < SOURCES; i++) {
    sources[i] = (struct source){.name = names[i], .read = read_text, .write = write_text};
    printed[i] = "";
    takes[i] = 4096;
  }
  mux_init(&mux, sources, SOURCES);
  size_t n = mux_take(&mux, line, sizeof(line) - 1);
  line[n] = 0;
  assert_string_equal(line, "console: input to domain one (Ctrl-A three times switches)\r\n");
  return 0;
}

/* Turns until nothing moves, and the line takes all. */
static const char *shown(void) {
  static char screen[1 << 20];
  size_t used = 0;
  for (unsigned turns = 0; mux_turn(&mux) || mux_waits(&mux); turns++) {
    used += mux_take(&mux, screen + used, sizeof(screen) - 1 - used);
    assert_true(turns < 100000);
  }
  screen[used] = 0;
  return screen;
}

static const char *print(unsigned source, const char *text) {
  printed[source] = text;
  return shown();
}

static void keys(const char *text) {
  while (*text)
    mux_key(&mux, *text++);
}

static void test_lines(void **unused) {
  (void)unused;
  assert_string_equal(print(1, "at once"), "[one] at once");
  assert_string_equal(print(2, "not yet"), "");
  assert_string_equal(print(2, ", now\n"), "\r\n[two] not yet, now\r\n");
  assert_string_equal(print(1, " more\n"), "[one] at once more\r\n");
  assert_string_equal(print(0, "skerry: a log\r\n"), "skerry: a log\r\n");
  assert_string_equal(print(3, "\n"), "[three] \r\n");
}

/* Of a source without the keyboard nothing moves the cursor. */
static void test_controls(void **unused) {
  (void)unused;
  assert_string_equal(print(2, "\033[2Jx\ty\r\n"), "[two] [2Jx\ty\r\n");
  assert_string_equal(print(1, "\033[2Jx\r\n"), "[one] \033[2Jx\r\n");
}

static void test_long_line(void **unused) {
  char text[MUX_LINE + 3];
  (void)unused;
  memset(text, 'x', sizeof(text));
  strcpy(text + MUX_LINE, "y\n");
  const char *got = print(2, text);
  assert_int_equal(strlen(got), strlen("[two] \r\n[two] y\r\n") + MUX_LINE);
  assert_string_equal(got + strlen(got) - 9, "[two] y\r\n");
}

static void test_typing(void **unused) {
  (void)unused;
  keys("ab\001c\001\001d");
  assert_string_equal(shown(), "");
  assert_string_equal(typed[1], "ab\001c\001\001d");
  keys("\001\001\001ef");
  assert_string_equal(shown(), "console: input to domain two (Ctrl-A three times switches)\r\n");
  assert_string_equal(typed[2], "ef");
  keys("\001\001\001\001\001\001g");
  (void)shown();
  assert_string_equal(typed[1], "ab\001c\001\001dg"); /* around, past the log */
}

/* What a domain does not read is kept to a bound, and forgotten when the keyboard goes on. */
static void test_typed_and_not_read(void **unused) {
  (void)unused;
  takes[1] = 0;
  for (unsigned i = 0; i < 1000; i++)
    keys("x");
  keys("\001\001\001y");
  (void)shown();
  assert_string_equal(typed[2], "y");
  takes[1] = 4096;
  keys("\001\001\001\001\001\001z");
  (void)shown();
  assert_string_equal(typed[1], "z");
}

static void test_history(void **unused) {
  (void)unused;
  (void)print(2, "first\nsec\033ond\nprompt# ");
  keys("\001\001\001");
  assert_string_equal(shown(), "console: input to domain two (Ctrl-A three times switches)\r\n"
                               "[two] first\r\n[two] second\r\n[two] prompt# ");
}

/* The oldest goes; it starts with a whole line. */
static void test_history_is_bounded(void **unused) {
  static char text[3 * MUX_HISTORY];
  size_t used = 0;
  (void)unused;
  for (unsigned i = 0; used < 2 * MUX_HISTORY; i++)
    used += (size_t)snprintf(text + used, sizeof(text) - used, "line %u\n", i);
  (void)print(3, text);
  keys("\001\001\001\001\001\001");
  const char *got = shown();
  const char *start = strstr(got, "[three] line ");
  assert_non_null(start);
  size_t lines = 0;
  for (const char *at = start; (at = strstr(at, "[three] line ")); at++)
    lines++;
  unsigned first = (unsigned)strtoul(start + 13, NULL, 10), last = 0;
  char *end = strrchr(got, ' ');
  last = (unsigned)strtoul(end, NULL, 10);
  assert_int_equal(last - first + 1, lines);
  assert_in_range(lines, MUX_HISTORY / 12, MUX_HISTORY / 8);
}

/* One that prints without end leaves the others their turns, and nothing is lost of anybody. */
static void test_flood(void **unused) {
  static char flood[200001];
  char byte;
  (void)unused;
  memset(flood, 'f', sizeof(flood) - 1);
  for (unsigned i = 99; i < sizeof(flood) - 1; i += 100)
    flood[i] = '\n';
  printed[3] = flood;
  printed[2] = "I too\n";
  size_t taken = 0;
  char seen[8] = "";
  while (strcmp(seen, "I too\r\n")) { /* a byte of the line at a time */
    (void)mux_turn(&mux);
    assert_int_equal(mux_take(&mux, &byte, 1), 1);
    memmove(seen, seen + 1, 6);
    seen[6] = byte;
    assert_true(++taken < 2 * MUX_OUT);
  }
  const char *rest = shown();
  size_t count = 0;
  for (; *rest; rest++)
    count += *rest == 'f';
  assert_true(count > 150000);
}

/* Any bytes, any keys: each line that ends is somebody's. */
static void test_random(void **unused) {
  char text[64];
  (void)unused;
  for (unsigned i = 0; i < 20000; i++) {
    size_t n = (size_t)rand() % (sizeof(text) - 1);
    for (size_t j = 0; j < n; j++)
      text[j] = rand() % 6 ? "a\n\r\033\t#"[rand() % 6] : (char)(1 + rand() % 255);
    text[n] = 0;
    if (!(rand() % 20))
      keys("\001\001\001");
    const char *got = print(1 + (unsigned)rand() % 3, text);
    for (const char *at = got; (at = strstr(at, "\r\n[")); at += 2)
      assert_true(!strncmp(at + 3, "one] ", 5) || !strncmp(at + 3, "two] ", 5) ||
                  !strncmp(at + 3, "three] ", 7));
    for (unsigned s = 0; s < SOURCES; s++) {
      typed[s][0] = 0;
      takes[s] = 4096;
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_lines, setup),
      cmocka_unit_test_setup(test_controls, setup),
      cmocka_unit_test_setup(test_long_line, setup),
      cmocka_unit_test_setup(test_typing, setup),
      cmocka_unit_test_setup(test_typed_and_not_read, setup),
      cmocka_unit_test_setup(test_history, setup),
      cmocka_unit_test_setup(test_history_is_bounded, setup),
      cmocka_unit_test_setup(test_flood, setup),
      cmocka_unit_test_setup(test_random, setup),
  };
  return cmocka_run_group_tests_name("services_console", tests, NULL, NULL);
}
