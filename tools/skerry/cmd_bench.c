/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skerry bench`: a door to tools/bench of the source tree that this program was
 * built in. It measures nothing itself.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define OWN_PLACE "/build/tools/skerry"

/* The tree's folder of the benchmark; 0 or an exit code. */
static int find_bench(char path[PATH_MAX]) {
  ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
  size_t place = strlen(OWN_PLACE);
  path[n > 0 ? n : 0] = '\0';
  if (n < (ssize_t)place || strcmp(path + n - place, OWN_PLACE)) {
    fprintf(stderr, "skerry: `bench` needs the source tree around build/tools/skerry\n");
    return 1;
  }
  snprintf(path + n - place, PATH_MAX - ((size_t)n - place), "/tools/bench");
  return 0;
}

static int bench_run(int argc, char **argv) {
  char path[PATH_MAX];
  int status = find_bench(path);
  char **arguments = calloc((size_t)argc + 3, sizeof(*arguments));
  if (status || !arguments) {
    free(arguments);
    return 1;
  }
  arguments[0] = "/usr/bin/python3";
  arguments[1] = path;
  arguments[2] = "run";
  memcpy(arguments + 3, argv + 1, ((size_t)argc - 1) * sizeof(*arguments));
  execv(arguments[0], arguments);
  fprintf(stderr, "skerry: cannot start %s: %s\n", arguments[0], strerror(errno));
  free(arguments);
  return 1;
}

const struct command command_bench = {
    .name = "bench",
    .summary = "measure beside the peers, here or on a Slurm cluster",
    .help = "usage: skerry bench [--peers A,B] [--measures A,B] [--matrix FILE|none] [--slurm]\n\n"
            "Runs the campaign of `make bench`, which builds what it needs first, and writes\n"
            "build/bench/index.html, report.txt and results.json. docs/guide/benchmarks.md.\n\n"
            "  --peers LIST     skerry,xen417,xen420,bare,floor; all when not given\n"
            "  --measures LIST  measures, or groups of them, to show\n"
            "  --matrix FILE    another matrix than tests/bench/matrix.yaml, or none\n"
            "  --slurm          submit the jobs to the cluster that `sbatch` reaches, and gather\n"
            "                   the results; the tree must be at the same place on its machines\n",
    .run = bench_run,
};
