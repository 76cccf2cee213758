/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skerry report`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "report.h"

struct options {
  const char *input, *dot, *svg, *figures;
};

/* Graphviz reads the map from a file of its own: no shell, no pipe to fill up. */
static int draw(const char *dot_file, const char *svg) {
  pid_t child = fork();
  if (child == 0) {
    execlp("dot", "dot", "-Tsvg", "-o", svg, dot_file, (char *)NULL);
    fprintf(stderr, "skerry: cannot start Graphviz's `dot`: %s\n", strerror(errno));
    _exit(127);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return child < 0 || status;
}

static int write_svg(const struct buf *dot, const char *svg) {
  char name[] = "/tmp/skerry-XXXXXX";
  int fd = mkstemp(name);
  if (fd < 0)
    return 1;
  ssize_t n = write(fd, dot->data, dot->size);
  close(fd);
  int status = n != (ssize_t)dot->size || draw(name, svg);
  unlink(name);
  if (status)
    fprintf(stderr, "skerry: %s was not drawn\n", svg);
  return status;
}

static int write_maps(const struct image_view *v, const struct options *o) {
  struct buf dot = {0};
  int status = 0;
  report_dot(v, &dot);
  if (o->dot)
    status = file_write(o->dot, dot.data, dot.size);
  if (status)
    fprintf(stderr, "skerry: cannot write %s: %s\n", o->dot, strerror(status));
  if (!status && o->svg)
    status = write_svg(&dot, o->svg);
  buf_free(&dot);
  return status != 0;
}

static int write_text(const struct image_view *v, const struct options *o) {
  struct report_figures figures = REPORT_NO_FIGURES;
  struct buf text = {0};
  int error = o->figures ? file_read(o->figures, 1 << 20, &text) : 0;
  if (error) {
    fprintf(stderr, "skerry: %s: %s\n", o->figures, strerror(error));
    return 1;
  }
  if (o->figures)
    figures = report_read_figures(buf_text(&text));
  text.size = 0;
  report_text(v, &figures, &text);
  fwrite(text.data, 1, text.size, stdout);
  buf_free(&text);
  return 0;
}

static int parse(struct options *o, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char **to = !strcmp(argv[i], "--dot")       ? &o->dot
                      : !strcmp(argv[i], "--svg")     ? &o->svg
                      : !strcmp(argv[i], "--figures") ? &o->figures
                                                      : NULL;
    if (to && ++i == argc)
      return command_usage(&command_report, "%s needs a file", argv[i - 1]);
    if (!to && (argv[i][0] == '-' || o->input))
      return command_usage(&command_report, "`%s` is not expected", argv[i]);
    *(to ? to : &o->input) = argv[i];
  }
  return o->input ? 0 : command_usage(&command_report, "it needs a system file or an image");
}

static int report_run(int argc, char **argv) {
  struct options o = {0};
  struct buf image = {0};
  struct image_view view;
  int status = parse(&o, argc, argv);
  if (!status)
    status = command_image(o.input, NULL, &image);
  const char *wrong = status ? NULL : image_open(&image, &view);
  if (wrong) {
    fprintf(stderr, "skerry: %s: %s\n", o.input, wrong);
    status = 1;
  }
  if (!status)
    status = write_text(&view, &o);
  if (!status && (o.dot || o.svg))
    status = write_maps(&view, &o);
  buf_free(&image);
  return status;
}

const struct command command_report = {
    .name = "report",
    .summary = "say who has what: text, or a drawn partition map",
    .help = "usage: skerry report SYSTEM.yaml|IMAGE [--figures FILE] [--dot FILE] [--svg FILE]\n\n"
            "Prints which memory, CPUs, devices and consoles each domain has, who may talk to\n"
            "whom, the payloads with their SHA-256 digests and which of them stay in memory\n"
            "for restarts, and the formula of the memory that the hypervisor keeps.\n\n"
            "  --figures FILE  take the formula's constants from what `make figures` printed\n"
            "  --dot FILE      write a partition map for Graphviz as well\n"
            "  --svg FILE      have Graphviz's `dot` draw it\n",
    .run = report_run,
};
