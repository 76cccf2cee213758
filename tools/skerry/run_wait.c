/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting without a terminal: for `SKERRY-READY NAME` from each domain but a
 * store, which the others could not be ready without, then for the machine to
 * power off.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

#define READY      "SKERRY-READY "
#define PROGRESS_S 5
#define MAX_LINE   4096u

void run_watch_init(struct run_watch *w, const struct image_view *v) {
  *w = (struct run_watch){.view = v, .ready = xcalloc(v->header->domains.count, sizeof(bool))};
  for (uint32_t i = 0; i < v->header->domains.count; i++) {
    w->ready[i] = v->domains[i].flags & MANIFEST_DOMAIN_WATCHES;
    w->ready_count += w->ready[i];
  }
}

void run_watch_free(struct run_watch *w) {
  free(w->ready);
  buf_free(&w->line);
}

/* `[NAME] ... SKERRY-READY NAME`: a domain speaks for itself alone. The mark may
 * stand after other output on its line. */
static bool line_says_ready(const char *line, const char *name) {
  size_t length = strlen(name);
  const char *mark = strstr(line, READY);
  if (!mark || line[0] != '[' || strncmp(line + 1, name, length) || line[1 + length] != ']')
    return false;
  mark += strlen(READY);
  size_t said = strcspn(mark, " \t");
  return said == length && !strncmp(mark, name, length);
}

static void look_at_line(struct run_watch *w) {
  const char *line = buf_text(&w->line);
  for (uint32_t i = 0; i < w->view->header->domains.count; i++) {
    if (w->ready[i] || !line_says_ready(line, w->view->domains[i].name))
      continue;
    w->ready[i] = true;
    w->ready_count++;
  }
  w->line.size = 0;
}

void run_watch_bytes(struct run_watch *w, const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] == '\n' || w->line.size == MAX_LINE)
      look_at_line(w);
    else if (bytes[i] != '\r' && bytes[i])
      buf_u8(&w->line, (uint8_t)bytes[i]);
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_missing(const struct run_watch *w) {
  for (uint32_t i = 0; i < w->view->header->domains.count; i++)
    if (!w->ready[i])
      fprintf(stderr, " %s", w->view->domains[i].name);
  fputs("\n", stderr);
}

static void print_progress(const struct run_watch *w, double seconds) {
  uint32_t count = w->view->header->domains.count;
  fprintf(stderr, "skerry: %.0f s: ", seconds);
  if (w->ready_count == count) {
    fprintf(stderr, "all %u domains are ready, waiting for the power-off\n", count);
    return;
  }
  fprintf(stderr, "%u of %u domains ready, waiting for", w->ready_count, count);
  print_missing(w);
}

enum step { STEP_GOES_ON, STEP_ENDED };

/* Takes what has come, or waits until a time for it. */
static enum step take_output(struct run_process *p, struct run_watch *w, bool *messages,
                             double until) {
  double left = until - now();
  struct pollfd fds[] = {{.fd = p->out, .events = POLLIN},
                         {.fd = *messages ? p->err : -1, .events = POLLIN}};
  if (poll(fds, 2, left > 0 ? (int)(left * 1000) + 1 : 0) <= 0)
    return STEP_GOES_ON;
  if (fds[1].revents)
    *messages = run_forward_messages(p);
  if (!fds[0].revents)
    return STEP_GOES_ON;
  char bytes[4096];
  ssize_t n = read(p->out, bytes, sizeof(bytes));
  if (n <= 0)
    return n < 0 && errno == EINTR ? STEP_GOES_ON : STEP_ENDED;
  fwrite(bytes, 1, (size_t)n, stdout);
  fflush(stdout);
  run_watch_bytes(w, bytes, (size_t)n);
  return STEP_GOES_ON;
}

/* True when the machine ended by itself before the time was up. */
static bool watch(struct run_process *p, struct run_watch *w, unsigned seconds) {
  double start = now(), deadline = start + seconds, progress = start + PROGRESS_S;
  bool messages = true, all = false;
  while (!run_interrupted() && now() < deadline) {
    double until = progress < deadline ? progress : deadline;
    if (take_output(p, w, &messages, until) == STEP_ENDED)
      return true;
    if (now() >= progress) {
      print_progress(w, now() - start);
      progress += PROGRESS_S;
    }
    if (!all && w->ready_count == w->view->header->domains.count) {
      all = true;
      fprintf(stderr, "skerry: %.1f s: all domains are ready\n", now() - start);
      deadline = now() + seconds;
    }
  }
  return false;
}

static int judge(const struct run_process *p, const struct run_watch *w, bool ended) {
  if (run_interrupted()) {
    fputs("skerry: interrupted\n", stderr);
    return 1;
  }
  if (w->ready_count < w->view->header->domains.count) {
    fprintf(stderr, "skerry: %s; not ready:", ended ? "the machine ended too early" : "time is up");
    print_missing(w);
    return 1;
  }
  if (!ended) {
    fputs("skerry: time is up; all domains were ready, but the machine did not power off\n",
          stderr);
    return 1;
  }
  if (!WIFEXITED(p->status) || WEXITSTATUS(p->status)) {
    fprintf(stderr, "skerry: the emulator failed (status 0x%x)\n", (unsigned)p->status);
    return 1;
  }
  fputs("skerry: all domains were ready, and the machine has powered off\n", stderr);
  return 0;
}

int run_wait_ready(struct run_process *p, const struct image_view *v, unsigned seconds) {
  struct run_watch w;
  run_watch_init(&w, v);
  bool ended = watch(p, &w, seconds);
  run_reap(p, !ended);
  int status = judge(p, &w, ended);
  run_watch_free(&w);
  return status;
}
