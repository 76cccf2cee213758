/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for domains to report ready, with consoles made up here, and a script
 * in the emulator's place.
 */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../tools/skerry/run.h"

#define WORK "build/unit/run"

static const struct manifest_domain domains[] = {{.name = "one"}, {.name = "one-b"}};
static const struct manifest_header header = {.domains = {0, 2}, .machine_kib = 1 << 20};
static const struct image_view view = {.header = &header, .domains = domains};

static unsigned ready_after(const char *text, size_t step) {
  struct run_watch w;
  run_watch_init(&w, &view);
  for (size_t at = 0; at < strlen(text); at += step)
    run_watch_bytes(&w, text + at, strlen(text) - at < step ? strlen(text) - at : step);
  unsigned bits = w.ready[0] | (unsigned)w.ready[1] << 1;
  assert_int_equal(w.ready_count, (bits & 1) + (bits >> 1));
  run_watch_free(&w);
  return bits;
}

static void test_ready_lines(void **state) {
  (void)state;
  for (size_t step = 1; step < 80; step += 13) {
    assert_int_equal(ready_after("[one] SKERRY-READY one\r\n", step), 1);
    assert_int_equal(ready_after("[one-b] SKERRY-READY one-b uptime=3\n", step), 2);
    assert_int_equal(ready_after("[one] x\n[one] [ 0.5] SKERRY-READY one\n[one] y\n"
                                 "[one-b] SKERRY-READY one-b\n",
                                 step),
                     3);
  }
}

static void test_a_store_is_not_waited_for(void **state) {
  (void)state;
  static const struct manifest_domain with_store[] = {{.name = "one"},
                                                      {.flags = MANIFEST_DOMAIN_WATCHES}};
  static const struct image_view both = {.header = &header, .domains = with_store};
  struct run_watch w;
  run_watch_init(&w, &both);
  assert_int_equal(w.ready_count, 1);
  assert_false(w.ready[0]);
  run_watch_free(&w);
}

static void test_lines_that_do_not_count(void **state) {
  (void)state;
  assert_int_equal(ready_after("[one] SKERRY-READY one", 100), 0); /* not ended */
  assert_int_equal(ready_after("[one] SKERRY-READY one-b\n", 100), 0);
  assert_int_equal(ready_after("[one-b] SKERRY-READY one\n", 100), 0);
  assert_int_equal(ready_after("SKERRY-READY one\n", 100), 0);
  assert_int_equal(ready_after("[one] SKERRY-READY onerous\n", 100), 0);
  assert_int_equal(ready_after("[one] SKERRY-READY\n", 100), 0);
}

static void test_memory(void **state) {
  (void)state;
  uint64_t mib = run_memory_mib(&view);
  assert_int_equal(mib % 64, 0);
  assert_true(mib > 1024 + 128 && mib < 2048);
}

/* What judges is run_wait_ready; what runs is this shell script. */
static int run_script(const char *script, unsigned seconds) {
  struct buf text = {0}, image = {0};
  struct run_process p;
  struct run_machine m = {.hypervisor = "/dev/null", .memory_mib = 64, .cpus = 1};
  buf_printf(&text, "#!/bin/sh\n%s\n", script);
  assert_int_equal(file_write(WORK "/qemu-system-x86_64", text.data, text.size), 0);
  assert_int_equal(chmod(WORK "/qemu-system-x86_64", 0755), 0);
  buf_put(&image, "image", 5);
  assert_int_equal(run_start(&m, &image, &p), 0);
  int status = run_wait_ready(&p, &view, seconds);
  buf_free(&text);
  buf_free(&image);
  return status;
}

#define BOTH "echo '[one] SKERRY-READY one'; echo '[one-b] SKERRY-READY one-b'; "

static void test_wait_ready(void **state) {
  (void)state;
  assert_int_equal(run_script(BOTH "exit 0", 20), 0);
  assert_int_equal(run_script("echo '[one] SKERRY-READY one'; exit 0", 20), 1);
  assert_int_equal(run_script(BOTH "exit 3", 20), 1);
  assert_int_equal(run_script(BOTH "kill -9 $$", 20), 1);
  assert_int_equal(run_script(BOTH "exec sleep 60", 1), 1); /* no power-off */
  assert_int_equal(run_script("exec sleep 60", 1), 1);
}

/* The emulator must find the image where the command line says. */
static void test_image_is_passed(void **state) {
  (void)state;
  assert_int_equal(run_script("while [ \"$1\" != -initrd ]; do shift; done\n"
                              "[ \"$(cat $2)\" = image ] || exit 1\n" BOTH,
                              20),
                   0);
}

static int set_up(void **state) {
  (void)state;
  struct buf path = {0};
  char folder[4096];
  mkdir("build", 0777);
  mkdir("build/unit", 0777);
  mkdir(WORK, 0777);
  if (!getcwd(folder, sizeof(folder)))
    return -1;
  buf_printf(&path, "%s/" WORK ":%s", folder, getenv("PATH"));
  setenv("PATH", buf_text(&path), 1);
  buf_free(&path);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ready_lines),
      cmocka_unit_test(test_a_store_is_not_waited_for),
      cmocka_unit_test(test_lines_that_do_not_count),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_wait_ready),
      cmocka_unit_test(test_image_is_passed),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
