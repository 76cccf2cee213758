/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skerry: the command line. Each command has a file of its own (cmd_*.c).
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "environment.h"

static const struct command *const commands[] = {&command_bench,
                                                 &command_build,
                                                 &command_check,
                                                 &command_report,
                                                 &command_run,
                                                 &command_stat,
                                                 NULL};

static void print_help(FILE *out) {
  fputs("skerry compiles a system file into one image that the Skerry hypervisor boots.\n\n"
        "usage: skerry COMMAND ...\n\ncommands:\n",
        out);
  for (unsigned i = 0; commands[i]; i++)
    fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
  fputs("\n`skerry COMMAND --help` says more; `skerry --version` what this one is. "
        "docs/guide/system-file.md describes the system "
        "file.\n",
        out);
}

static int is_help(const char *arg) {
  return !strcmp(arg, "--help") || !strcmp(arg, "-h") || !strcmp(arg, "help");
}

static int run_command(const struct command *c, int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
    if (is_help(argv[i])) {
      fputs(c->help, stdout);
      return 0;
    }
  return c->run(argc, argv);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr);
    return 2;
  }
  if (is_help(argv[1])) {
    print_help(stdout);
    return 0;
  }
  if (!strcmp(argv[1], "--version")) {
    fputs(environment_text, stdout);
    return 0;
  }
  for (unsigned i = 0; commands[i]; i++)
    if (!strcmp(argv[1], commands[i]->name))
      return run_command(commands[i], argc - 1, argv + 1);
  fprintf(stderr, "skerry: no command `%s`; `skerry --help` lists them\n", argv[1]);
  return 2;
}
