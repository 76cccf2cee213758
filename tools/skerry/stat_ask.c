/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a running hypervisor for its exit counts: as a person would, by the
 * keys of its console (docs/guide/consoles.md).
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "stat.h"

#define SWITCH_KEYS "\1\1\1" /* Ctrl-A three times: the input moves on */
#define STAT_KEY    "s"
#define SILENCE_MS  10000
#define DOMAINS_MAX 1024

struct console {
  int fd;
  char line[512]; /* the last whole one, with its newline */
};

static int open_socket(const char *path) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to))) {
    close(fd);
    fd = -1;
  }
  return fd;
}

static int open_line(const char *path) {
  struct termios raw;
  int fd = open(path, O_RDWR | O_NOCTTY);
  if (fd >= 0 && !tcgetattr(fd, &raw)) {
    cfmakeraw(&raw);
    tcsetattr(fd, TCSANOW, &raw);
  }
  return fd;
}

static bool read_line(struct console *c) {
  struct pollfd ready = {.fd = c->fd, .events = POLLIN};
  for (size_t n = 0; n + 1 < sizeof(c->line);) {
    if (poll(&ready, 1, SILENCE_MS) != 1 || read(c->fd, c->line + n, 1) != 1)
      return false;
    if (c->line[n++] == '\n') {
      c->line[n] = '\0';
      return true;
    }
  }
  c->line[sizeof(c->line) - 1] = '\0'; /* longer than any of the hypervisor's own */
  return true;
}

static bool line_is(const struct console *c, const char *start) {
  return !strncmp(c->line, start, strlen(start));
}

static bool press(struct console *c, const char *keys, const char *answer) {
  if (write(c->fd, keys, strlen(keys)) != (ssize_t)strlen(keys))
    return false;
  do
    if (!read_line(c))
      return false;
  while (!line_is(c, answer));
  return true;
}

static bool press_switch(struct console *c) {
  return press(c, SWITCH_KEYS, "skerry: input to ");
}

/* The input goes round the domains and the hypervisor: to the latter, and how many steps it took.
 */
static const char *to_hypervisor(struct console *c, char first[sizeof(c->line)], unsigned *steps) {
  for (*steps = 1; *steps <= DOMAINS_MAX; ++*steps) {
    if (!press_switch(c))
      return "no answer to the keys that switch the console";
    if (*steps == 1)
      memcpy(first, c->line, sizeof(c->line));
    if (line_is(c, "skerry: input to skerry"))
      return NULL;
  }
  return "the console's input never comes to the hypervisor";
}

/* On until whoever had the input after the first step has it again: a whole round. Then all but one
 * step of another. */
static const char *back(struct console *c, const char *first, unsigned steps) {
  unsigned round = steps - 1;
  bool answers = true;
  do {
    answers = press_switch(c);
    round++;
  } while (answers && strcmp(c->line, first) && round <= 2 * DOMAINS_MAX);
  for (unsigned i = 1; answers && i < round; i++)
    answers = press_switch(c);
  return answers ? NULL : "no answer to the keys that switch the console back";
}

static const char *collect(struct console *c, struct buf *out) {
  if (write(c->fd, STAT_KEY, 1) != 1)
    return "cannot write to the console";
  while (read_line(c) && !line_is(c, "skerry: exits: end")) {
    if (line_is(c, "skerry: h: ") || line_is(c, "skerry: q: "))
      return "this hypervisor was built without CONFIG_EXIT_STATS";
    if (line_is(c, "skerry: exits: "))
      buf_printf(out, "%s", c->line);
  }
  return line_is(c, "skerry: exits: end") ? NULL : "no answer to the key that shows exit counts";
}

const char *stat_ask(const char *path, bool is_socket, struct buf *out) {
  struct console c = {.fd = is_socket ? open_socket(path) : open_line(path)};
  char first[sizeof(c.line)];
  unsigned steps;
  if (c.fd < 0)
    return "cannot connect to it";
  const char *wrong = to_hypervisor(&c, first, &steps);
  if (!wrong) {
    wrong = collect(&c, out);
    const char *left = back(&c, first, steps);
    wrong = wrong ? wrong : left;
  }
  close(c.fd);
  return wrong;
}
