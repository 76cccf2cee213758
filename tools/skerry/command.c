/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share.
 */
#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "image.h"
#include "rules.h"

#define MAX_IMAGE (4ull << 30)

static void append_arguments(struct system *s, const char *extra) {
  for (unsigned i = 0; extra && i < s->count; i++) {
    struct domain *d = &s->domains[i];
    struct buf line = {0};
    buf_printf(&line, "%s%s%s", d->command_line, *d->command_line ? " " : "", extra);
    free(d->command_line);
    d->command_line = xstrdup(buf_text(&line));
    buf_free(&line);
  }
}

static int compile_file(const char *path, const char *extra, struct buf *image) {
  struct yaml y;
  struct system s;
  struct diag d = {0};
  int failed = rules_load(path, &y, &s, &d) != 0;
  if (failed)
    fputs(buf_text(&d.text), stderr);
  else {
    append_arguments(&s, extra);
    compile_image(&s, image);
  }
  diag_free(&d);
  system_free(&s);
  yaml_close(&y);
  return failed;
}

static int is_image(const char *path) {
  char magic[8] = {0};
  FILE *f = fopen(path, "rb");
  size_t n = f ? fread(magic, 1, sizeof(magic), f) : 0;
  if (f)
    fclose(f);
  return n == sizeof(magic) && !memcmp(magic, MANIFEST_MAGIC, sizeof(magic));
}

int command_image(const char *path, const char *extra, struct buf *image) {
  *image = (struct buf){0};
  if (!is_image(path))
    return compile_file(path, extra, image);
  if (extra) {
    fprintf(stderr, "skerry: %s: an image's command lines cannot be changed\n", path);
    return 1;
  }
  int error = file_read(path, MAX_IMAGE, image);
  if (error)
    fprintf(stderr, "skerry: %s: %s\n", path, strerror(error));
  return error != 0;
}

int command_usage(const struct command *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "skerry %s: ", c->name);
  vfprintf(stderr, format, args);
  fprintf(stderr, "; `skerry %s --help` says more\n", c->name);
  va_end(args);
  return 2;
}
