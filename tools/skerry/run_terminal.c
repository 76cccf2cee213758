/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person's terminal on the machine's serial port. Every key goes to the
 * machine, Ctrl-C and Ctrl-A too; Ctrl-] alone is ours.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "run.h"

#define QUIT_KEY 0x1D /* Ctrl-] */

static struct termios saved;

static bool make_raw(void) {
  struct termios raw;
  if (!isatty(0) || tcgetattr(0, &saved))
    return false;
  raw = saved;
  cfmakeraw(&raw);
  return !tcsetattr(0, TCSADRAIN, &raw);
}

static bool write_all(int fd, const char *bytes, size_t size) {
  while (size) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EINTR && !run_interrupted())
      continue;
    if (n < 0)
      return false;
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

static bool forward_output(struct run_process *p) {
  char bytes[4096];
  ssize_t n = read(p->out, bytes, sizeof(bytes));
  return n > 0 && write_all(1, bytes, (size_t)n);
}

/* False: the person wants to quit. */
static bool forward_input(struct run_process *p, bool raw) {
  char bytes[512];
  ssize_t n = read(0, bytes, sizeof(bytes));
  if (n <= 0) {
    close(p->in);
    p->in = -1;
    return n == 0 || errno == EINTR;
  }
  const char *quit = raw ? memchr(bytes, QUIT_KEY, (size_t)n) : NULL;
  write_all(p->in, bytes, quit ? (size_t)(quit - bytes) : (size_t)n);
  return !quit;
}

/* Returns true when the machine ended by itself. */
static bool join(struct run_process *p, bool input, bool raw) {
  bool messages = true;
  while (!run_interrupted()) {
    struct pollfd fds[] = {{.fd = p->out, .events = POLLIN},
                           {.fd = messages ? p->err : -1, .events = POLLIN},
                           {.fd = input && p->in >= 0 ? 0 : -1, .events = POLLIN}};
    if (poll(fds, 3, -1) < 0)
      continue;
    if (fds[1].revents)
      messages = run_forward_messages(p);
    if (fds[0].revents && !forward_output(p))
      return true;
    if (fds[2].revents && !forward_input(p, raw))
      return false;
  }
  return false;
}

int run_terminal(struct run_process *p, bool input) {
  bool raw = input && make_raw();
  if (raw)
    fputs("skerry: Ctrl-] ends the machine; Ctrl-A three times gives the keys to the next "
          "domain.\r\n",
          stderr);
  bool ended = join(p, input, raw);
  run_reap(p, !ended);
  if (raw) {
    tcsetattr(0, TCSADRAIN, &saved);
    fprintf(stderr, "\nskerry: %s\n", ended ? "the machine has ended" : "ended");
  }
  if (run_interrupted())
    return 1;
  return ended && p->status ? 1 : 0;
}
