/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each rule of a system file against its bad example and exact message, and the
 * good examples against all of them. The files that the examples name are made
 * here, in a folder of the build.
 */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "../../../tools/skerry/compile.h"
#include "../../../tools/skerry/rules.h"
#include "make_kernel.h"

#define WORK "build/unit/manifests"
#define BAD  "tests/manifests/bad"
#define GOOD "tests/manifests/good"

static void copy(const char *folder, const char *name) {
  struct buf from = {0}, to = {0}, bytes;
  buf_printf(&from, "%s/%s", folder, name);
  buf_printf(&to, WORK "/%s", name);
  assert_int_equal(file_read(buf_text(&from), 1 << 20, &bytes), 0);
  assert_int_equal(file_write(buf_text(&to), bytes.data, bytes.size), 0);
  buf_free(&from);
  buf_free(&to);
  buf_free(&bytes);
}

/* Calls for each example of a folder: name without `.yaml`. */
static unsigned each_example(const char *folder, void (*fn)(const char *folder, const char *name)) {
  DIR *d = opendir(folder);
  unsigned count = 0;
  assert_non_null(d);
  for (struct dirent *e = readdir(d); e; e = readdir(d)) {
    char name[64];
    if (!strstr(e->d_name, ".yaml"))
      continue;
    snprintf(name, sizeof(name), "%.*s", (int)strlen(e->d_name) - 5, e->d_name);
    fn(folder, name);
    count++;
  }
  closedir(d);
  return count;
}

/* Judges WORK/NAME.yaml as a person in that folder would. */
static void judge(const char *folder, const char *name, struct diag *d, struct buf *image) {
  struct buf file = {0};
  struct yaml y;
  struct system s;
  buf_printf(&file, "%s.yaml", name);
  copy(folder, buf_text(&file));
  assert_int_equal(chdir(WORK), 0);
  int status = rules_load(buf_text(&file), &y, &s, d);
  assert_int_equal(status != 0, d->count != 0);
  if (!status)
    compile_image(&s, image);
  assert_int_equal(chdir("../../.."), 0);
  system_free(&s);
  yaml_close(&y);
  buf_free(&file);
}

static int is_line(const char *lines, const char *line) {
  size_t length = strlen(line);
  for (const char *at = strstr(lines, line); at; at = strstr(at + 1, line))
    if ((at == lines || at[-1] == '\n') && at[length] == '\n')
      return 1;
  return 0;
}

static void check_bad(const char *folder, const char *name) {
  struct buf path = {0}, expected, image = {0};
  struct diag d = {0};
  buf_printf(&path, "%s/%s.expected", folder, name);
  judge(folder, name, &d, &image);
  if (file_read(buf_text(&path), 1 << 20, &expected))
    fail_msg("no %s; the messages are:\n%s", buf_text(&path), buf_text(&d.text));
  assert_string_equal(buf_text(&d.text), buf_text(&expected));
  if (!is_line(buf_text(&d.rules), name))
    fail_msg("the rule `%s` did not speak", name);
  buf_free(&path);
  buf_free(&expected);
  diag_free(&d);
}

static void test_bad_examples(void **state) {
  (void)state;
  assert_true(each_example(BAD, check_bad) > 40);
}

static void check_has_example(const struct rule *rules) {
  for (const struct rule *r = rules; r->name; r++) {
    struct buf path = {0};
    buf_printf(&path, BAD "/%s.yaml", r->name);
    if (access(buf_text(&path), R_OK))
      fail_msg("the rule `%s` has no bad example", r->name);
    buf_free(&path);
  }
}

static void test_every_rule_has_an_example(void **state) {
  (void)state;
  check_has_example(rules_form);
  check_has_example(rules_channels);
  check_has_example(rules_meaning);
}

static void check_good(const char *folder, const char *name) {
  struct buf first = {0}, second = {0};
  struct diag d = {0};
  judge(folder, name, &d, &first);
  assert_string_equal(buf_text(&d.text), "");
  judge(folder, name, &d, &second);
  assert_true(first.size > 4096);
  assert_int_equal(first.size, second.size);
  assert_memory_equal(first.data, second.data, first.size);
  buf_free(&first);
  buf_free(&second);
  diag_free(&d);
}

static void test_good_examples(void **state) {
  (void)state;
  assert_int_equal(each_example(GOOD, check_good), 2);
}

static void check_documented(const struct schema *s, const char *guide) {
  for (const struct field *f = s->fields; f->key; f++) {
    char key[64];
    snprintf(key, sizeof(key), "`%s`", f->key);
    if (!strstr(guide, key))
      fail_msg("docs/guide/system-file.md does not describe %s", key);
    if (f->inner)
      check_documented(f->inner, guide);
  }
}

static void test_every_field_is_documented(void **state) {
  (void)state;
  struct buf guide;
  assert_int_equal(file_read("docs/guide/system-file.md", 1 << 20, &guide), 0);
  check_documented(&system_schema, buf_text(&guide));
  buf_free(&guide);
}

static void test_unreadable_file(void **state) {
  (void)state;
  struct yaml y;
  struct system s;
  struct diag d = {0};
  assert_int_equal(rules_load("build/none.yaml", &y, &s, &d), -1);
  assert_string_equal(buf_text(&d.text),
                      "build/none.yaml: cannot be read: No such file or directory\n");
  diag_free(&d);
  system_free(&s);
  yaml_close(&y);
}

/* Damaged in any place the file gives messages or a system, and nothing else; the
 * sanitizers judge. */
static void judge_bytes(const uint8_t *bytes, size_t size) {
  struct yaml y;
  struct system s;
  struct diag d = {0};
  assert_int_equal(file_write(WORK "/damaged.yaml", bytes, size), 0);
  int status = rules_load(WORK "/damaged.yaml", &y, &s, &d);
  assert_int_equal(status != 0, d.count != 0);
  diag_free(&d);
  system_free(&s);
  yaml_close(&y);
}

static void test_damaged_files(void **state) {
  (void)state;
  static const char characters[] = "[{:&*!\"'#-\n\t\xFF";
  struct buf text;
  assert_int_equal(file_read(GOOD "/everything.yaml", 1 << 20, &text), 0);
  for (size_t i = 0; i < text.size; i++) {
    uint8_t kept = text.data[i];
    judge_bytes(text.data, i);
    for (const char *c = characters; *c; c++) {
      text.data[i] = (uint8_t)*c;
      judge_bytes(text.data, text.size);
    }
    text.data[i] = kept;
  }
  buf_free(&text);
}

/* A byte that YAML does not allow is named where it stands, though the library reads ahead. */
static void test_place_of_a_bad_byte(void **state) {
  (void)state;
  static const char text[] = "system: a\ndomains:\n  - name: x\x01\n";
  struct yaml y;
  yaml_open(&y, (const uint8_t *)text, sizeof(text) - 1);
  assert_non_null(y.problem);
  assert_int_equal(y.where.line, 3);
  assert_int_equal(y.where.column, 12);
  yaml_close(&y);
}

static void test_aliases_to_parents(void **state) {
  (void)state;
  static const char *const files[] = {"&a [*a]", "&a {domains: *a}", "system: &a [*a]",
                                      "domains: &a [{name: *a}]",
                                      "machine: &a {cpus: 1, machine: *a}\ndomains: *a"};
  for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
    judge_bytes((const uint8_t *)files[i], strlen(files[i]));
}

static int set_up(void **state) {
  (void)state;
  make_example_files(WORK "/kernels");
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_examples),        cmocka_unit_test(test_every_rule_has_an_example),
      cmocka_unit_test(test_good_examples),       cmocka_unit_test(test_every_field_is_documented),
      cmocka_unit_test(test_unreadable_file),     cmocka_unit_test(test_damaged_files),
      cmocka_unit_test(test_place_of_a_bad_byte), cmocka_unit_test(test_aliases_to_parents),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
