/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What main.c needs of a command, and what the commands share.
 */
#ifndef SKERRY_COMMAND_H
#define SKERRY_COMMAND_H

#include "buf.h"

/* Exit codes: 0 done; 1 the input is wrong, or what ran failed; 2 wrong usage. */
struct command {
  const char *name;
  const char *summary;               /* one line */
  const char *help;                  /* the whole page */
  int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command command_bench, command_build, command_check, command_report,
    command_run, command_stat;

/* An image from a path: a system file is compiled (its messages go to stderr), an
 * image is read as it is. `extra` is appended to every command line; NULL: nothing,
 * and an error where the path is an image already. 0 or an exit code. */
int command_image(const char *path, const char *extra, struct buf *image);

/* Says that the usage is wrong and returns the exit code. */
int command_usage(const struct command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
