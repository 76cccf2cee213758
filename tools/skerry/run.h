/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running an image under the emulator: starting it, a person's terminal, and
 * waiting without one.
 */
#ifndef SKERRY_RUN_H
#define SKERRY_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "image.h"

enum run_emulator { RUN_QEMU, RUN_BOCHS }; /* an AMD machine, an Intel one */

struct run_machine {
  enum run_emulator emulator;
  const char *bochs;      /* path of bochs.py */
  const char *hypervisor; /* path of skerry-hv.elf */
  uint64_t memory_mib;
  uint64_t cpus;
  char *const *extra; /* further arguments; NULL ends them */
  bool verbose;       /* print the emulator's command line */
};

struct run_process {
  pid_t pid;
  int in;             /* the serial port's input; -1: closed */
  int out;            /* its output */
  int err;            /* the emulator's own messages */
  struct buf message; /* the start of a line of `err` */
  int status;         /* exit status, as waitpid gives it, after run_reap */
};

/* Memory that is enough for the image's domains and for the hypervisor, in MiB. */
uint64_t run_memory_mib(const struct image_view *v);

/* Starts the emulator with the image in memory; 0 or an errno. It dies with us. */
int run_start(const struct run_machine *m, const struct buf *image, struct run_process *p);

/* Ends the emulator if it still runs, and closes what run_start opened. */
void run_reap(struct run_process *p, bool end);

/* True after SIGINT, SIGTERM or SIGHUP: everything that waits must give up. */
bool run_interrupted(void);
void run_catch_signals(void);

/* Hands on the emulator's messages but those on missing CPU features. Returns
 * false at their end. */
bool run_forward_messages(struct run_process *p);

/* Joins the person's terminal and the serial port until the machine ends or the
 * person presses Ctrl-]. Returns the exit code. */
int run_terminal(struct run_process *p, bool input);

/* Watches the output until each domain but a store has printed `SKERRY-READY NAME`, then until
 * the machine ends; `seconds` for each of the two. Returns the exit code. */
int run_wait_ready(struct run_process *p, const struct image_view *v, unsigned seconds);

/* The lines of a console, cut out of its bytes; for run_wait_ready and its tests. */
struct run_watch {
  const struct image_view *view;
  bool *ready; /* of each domain; owned */
  unsigned ready_count;
  struct buf line; /* that has not ended yet */
};

void run_watch_init(struct run_watch *w, const struct image_view *v);
void run_watch_bytes(struct run_watch *w, const char *bytes, size_t size);
void run_watch_free(struct run_watch *w);

#endif
