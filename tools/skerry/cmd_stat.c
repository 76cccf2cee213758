/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skerry stat`.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "stat.h"

#define MAX_LOG (1ull << 30)

static int read_input(struct buf *text) {
  char block[65536];
  size_t n;
  while ((n = fread(block, 1, sizeof(block), stdin)) > 0)
    buf_put(text, block, n);
  return ferror(stdin) ? EIO : 0;
}

/* 0 or an exit code. */
static int get(const char *path, struct buf *text) {
  struct stat s = {0};
  const char *wrong = NULL;
  int error = 0;
  if (!strcmp(path, "-"))
    error = read_input(text);
  else if (stat(path, &s))
    error = errno;
  else if (S_ISSOCK(s.st_mode) || S_ISCHR(s.st_mode))
    wrong = stat_ask(path, S_ISSOCK(s.st_mode), text);
  else
    error = file_read(path, MAX_LOG, text);
  if (error || wrong)
    fprintf(stderr, "skerry: %s: %s\n", path, wrong ? wrong : strerror(error));
  return error || wrong;
}

static int print(const char *text, bool prometheus) {
  struct stat_counts c = stat_read(text);
  struct buf out = {0};
  int status = c.list.size == 0;
  if (status)
    fputs("skerry: no exit counts: was the hypervisor built with CONFIG_EXIT_STATS?\n", stderr);
  else if (prometheus)
    stat_prometheus(&c, &out);
  else
    stat_text(&c, &out);
  fwrite(out.data, 1, out.size, stdout);
  buf_free(&out);
  stat_free(&c);
  return status;
}

static int stat_run(int argc, char **argv) {
  const char *path = NULL;
  bool prometheus = false;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--prometheus"))
      prometheus = true;
    else if (!path && (argv[i][0] != '-' || !argv[i][1]))
      path = argv[i];
    else
      return command_usage(&command_stat, "`%s` is not expected", argv[i]);
  }
  if (!path)
    return command_usage(&command_stat, "it needs a console or what one has printed");
  struct buf text = {0};
  int status = get(path, &text);
  if (!status)
    status = print(buf_text(&text), prometheus);
  buf_free(&text);
  return status;
}

const struct command command_stat = {
    .name = "stat",
    .summary = "show how often guests have left their CPUs, and why",
    .help = "usage: skerry stat CONSOLE|LOG|- [--prometheus]\n\n"
            "Shows the exits of each vCPU by reason. CONSOLE is the hypervisor's console, a UNIX\n"
            "socket or a terminal line: it is asked, and its input is then where it was. LOG is\n"
            "what a console has printed (`-`: standard input), where each domain leaves its\n"
            "counts when it ends. The hypervisor must have been built with CONFIG_EXIT_STATS\n"
            "(`make hv CONFIG=stats`).\n\n"
            "  --prometheus  in Prometheus's text format\n",
    .run = stat_run,
};
