/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skerry build` and `skerry check`.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"

static int build_run(int argc, char **argv) {
  const char *input = NULL, *output = NULL;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-o")) {
      if (++i == argc)
        return command_usage(&command_build, "-o needs a file");
      output = argv[i];
    } else if (argv[i][0] == '-' || input) {
      return command_usage(&command_build, "`%s` is not expected", argv[i]);
    } else {
      input = argv[i];
    }
  }
  if (!input || !output)
    return command_usage(&command_build, "it needs a system file and -o IMAGE");
  struct buf image;
  int status = command_image(input, NULL, &image);
  int error = status ? 0 : file_write(output, image.data, image.size);
  if (error)
    fprintf(stderr, "skerry: cannot write %s: %s\n", output, strerror(error));
  buf_free(&image);
  return status ? status : error != 0;
}

static int check_run(int argc, char **argv) {
  if (argc != 2 || argv[1][0] == '-')
    return command_usage(&command_check, "it needs one system file");
  struct buf image;
  int status = command_image(argv[1], NULL, &image);
  if (!status)
    printf("%s: no errors\n", argv[1]);
  buf_free(&image);
  return status;
}

const struct command command_build = {
    .name = "build",
    .summary = "compile a system file into an image",
    .help = "usage: skerry build SYSTEM.yaml -o IMAGE\n\n"
            "Checks the system file, reads the kernels and ramdisks that it names (paths are\n"
            "relative to it), places everything in the domains' memory and writes one image,\n"
            "which the hypervisor takes as its boot module. The same input gives the same\n"
            "bytes. Messages have the form file:line:column: message; with any, nothing is\n"
            "written and the exit code is 1.\n\n"
            "  -o IMAGE   the file to write\n",
    .run = build_run,
};

const struct command command_check = {
    .name = "check",
    .summary = "check a system file and all files that it names",
    .help = "usage: skerry check SYSTEM.yaml\n\n"
            "Does all that `skerry build` does, and writes nothing. Messages have the form\n"
            "file:line:column: message. Exit code: 0 without errors, 1 with some.\n",
    .run = check_run,
};
