/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands as a shell calls them: exit codes, and which files they leave.
 * What they print goes to this program's own output.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../../tools/skerry/command.h"
#include "make_kernel.h"

#define WORK        "build/unit/command"
#define GOOD        WORK "/smallest.yaml"
#define BAD         "tests/manifests/bad/number.yaml"
#define IMAGE       WORK "/system.img"

#define RUN(c, ...) run(&(c), (char *[]){(char *)(uintptr_t)(c).name, __VA_ARGS__, NULL})

static int run(const struct command *c, char **argv) {
  int argc = 0;
  while (argv[argc])
    argc++;
  return c->run(argc, argv);
}

static int exists(const char *path) {
  return !access(path, F_OK);
}

static void test_build(void **state) {
  (void)state;
  unlink(IMAGE);
  assert_int_equal(RUN(command_build, GOOD, "-o", IMAGE), 0);
  assert_true(exists(IMAGE));
  unlink(IMAGE);
  assert_int_equal(RUN(command_build, BAD, "-o", IMAGE), 1);
  assert_false(exists(IMAGE));
  assert_int_equal(RUN(command_build, WORK "/none.yaml", "-o", IMAGE), 1);
  assert_int_equal(RUN(command_build, GOOD, "-o", WORK "/none/system.img"), 1);
}

/* What is there already survives a build that fails. */
static void test_build_keeps_the_old_image(void **state) {
  (void)state;
  assert_int_equal(RUN(command_build, "-o", IMAGE, GOOD), 0);
  assert_int_equal(RUN(command_build, BAD, "-o", IMAGE), 1);
  assert_int_equal(RUN(command_report, IMAGE), 0);
}

static void test_usage(void **state) {
  (void)state;
  assert_int_equal(RUN(command_build, GOOD), 2);
  assert_int_equal(RUN(command_build, "-o", IMAGE), 2);
  assert_int_equal(RUN(command_build, GOOD, "-o"), 2);
  assert_int_equal(RUN(command_build, GOOD, GOOD, "-o", IMAGE), 2);
  assert_int_equal(RUN(command_check, "--all"), 2);
  assert_int_equal(RUN(command_check, GOOD, GOOD), 2);
  assert_int_equal(RUN(command_report, "--svg"), 2);
  assert_int_equal(RUN(command_report, GOOD, "--png", "x"), 2);
  assert_int_equal(RUN(command_run, "--cpus", "2"), 2);
  assert_int_equal(RUN(command_run, GOOD, "--cpus"), 2);
  assert_int_equal(RUN(command_run, GOOD, "--cpus", "0"), 2);
  assert_int_equal(RUN(command_run, GOOD, "--wait-ready", "soon"), 2);
  assert_int_equal(RUN(command_run, GOOD, GOOD), 2);
}

static void test_check(void **state) {
  (void)state;
  assert_int_equal(RUN(command_check, GOOD), 0);
  assert_int_equal(RUN(command_check, BAD), 1);
}

static void test_report(void **state) {
  (void)state;
  assert_int_equal(RUN(command_build, GOOD, "-o", IMAGE), 0);
  assert_int_equal(RUN(command_report, IMAGE), 0);
  assert_int_equal(RUN(command_report, GOOD, "--dot", WORK "/map.dot"), 0);
  assert_true(exists(WORK "/map.dot"));
  assert_int_equal(RUN(command_report, IMAGE, "--figures", WORK "/none"), 1);
  assert_int_equal(truncate(IMAGE, 5000), 0);
  assert_int_equal(RUN(command_report, IMAGE), 1);
}

static void test_report_draws(void **state) {
  (void)state;
  if (system("dot -V > /dev/null 2>&1"))
    skip();
  unlink(WORK "/map.svg");
  assert_int_equal(RUN(command_report, GOOD, "--svg", WORK "/map.svg"), 0);
  struct buf svg;
  assert_int_equal(file_read(WORK "/map.svg", 1 << 20, &svg), 0);
  assert_non_null(strstr(buf_text(&svg), "smallest"));
  buf_free(&svg);
  assert_int_equal(RUN(command_report, GOOD, "--svg", WORK "/none/map.svg"), 1);
}

static void test_run_refuses(void **state) {
  (void)state;
  assert_int_equal(RUN(command_run, GOOD, "--hv", WORK "/none.elf"), 1);
  assert_int_equal(RUN(command_run, BAD, "--hv", GOOD), 1);
  assert_int_equal(RUN(command_build, GOOD, "-o", IMAGE), 0);
  assert_int_equal(RUN(command_run, IMAGE, "--set-arg", "quiet", "--hv", GOOD), 1);
}

static int set_up(void **state) {
  (void)state;
  struct buf text;
  make_example_files(WORK "/kernels");
  if (file_read("tests/manifests/good/smallest.yaml", 1 << 20, &text) ||
      file_write(GOOD, text.data, text.size))
    return -1;
  buf_free(&text);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_build),       cmocka_unit_test(test_build_keeps_the_old_image),
      cmocka_unit_test(test_usage),       cmocka_unit_test(test_check),
      cmocka_unit_test(test_report),      cmocka_unit_test(test_report_draws),
      cmocka_unit_test(test_run_refuses),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
