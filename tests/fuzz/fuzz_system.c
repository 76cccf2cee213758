/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host tool from a system file to an image: whatever the text says, there
 * are either messages or an image that the tool's own reader takes and reports.
 */
#include "../../tools/skerry/compile.h"
#include "../../tools/skerry/image.h"
#include "../../tools/skerry/report.h"
#include "../../tools/skerry/rules.h"
#include "../unit/tool/make_kernel.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "fuzz.h"

/* A folder of this run's own: the input, a kernel `k` and a ramdisk `r`, so that a path may lead
 * somewhere. */
static char folder[] = "/tmp/fuzz-system-XXXXXX";
static const char *const names[] = {"input.yaml", "k", "r"};

static const char *place(const char *name) {
  static char path[64];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  return path;
}

static void leave(void) {
  for (unsigned i = 0; i < 3; i++)
    unlink(place(names[i]));
  rmdir(folder);
}

static void enter(void) {
  static int entered;
  struct buf kernel = {0};
  if (entered++)
    return;
  FUZZ_REQUIRE(mkdtemp(folder));
  atexit(leave);
  make_elf(&make_good_elf, &kernel);
  FUZZ_REQUIRE(!file_write(place("k"), kernel.data, kernel.size));
  FUZZ_REQUIRE(!file_write(place("r"), "ramdisk", 7));
  buf_free(&kernel);
}

static void check_image(const struct system *s) {
  struct buf image = {0}, text = {0};
  struct image_view view;
  const struct report_figures figures = REPORT_NO_FIGURES;
  compile_image(s, &image);
  FUZZ_REQUIRE(image_open(&image, &view) == NULL);
  report_text(&view, &figures, &text);
  report_dot(&view, &text);
  buf_free(&text);
  buf_free(&image);
}

void fuzz_one(struct fuzz_input *in) {
  struct yaml y;
  struct system s;
  struct diag d = {0};
  enter();
  FUZZ_REQUIRE(!file_write(place(names[0]), in->at, in->left));
  int status = rules_load(place(names[0]), &y, &s, &d);
  FUZZ_REQUIRE((status != 0) == (d.count != 0));
  if (!status)
    check_image(&s);
  system_free(&s);
  yaml_close(&y);
  diag_free(&d);
}
