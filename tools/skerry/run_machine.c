/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and ending the emulator.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define MAX_ARGUMENTS 128
#define MIB_KIB       1024u

uint64_t run_memory_mib(const struct image_view *v) {
  uint64_t domains = v->header->machine_kib;
  uint64_t image = v->header->image_size / 1024;
  /* Frame records and nested page tables take under 1 %; the rest covers the
   * firmware, the hypervisor and holes. */
  uint64_t mib = (domains + domains / 100 + image) / MIB_KIB + 160;
  return (mib + 63) / 64 * 64;
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

bool run_interrupted(void) {
  return interrupted;
}

void run_catch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: poll must return */
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/* The image's path is one of our descriptors: QEMU cuts a module's name at
 * commas and spaces, which a file of the person's may have. */
static int image_descriptor(const struct buf *image) {
  int fd = memfd_create("system.img", 0);
  size_t done = 0;
  while (fd >= 0 && done < image->size) {
    ssize_t n = write(fd, image->data + done, image->size - done);
    if (n <= 0) {
      close(fd);
      return -1;
    }
    done += (size_t)n;
  }
  return fd;
}

struct arguments {
  const char *list[MAX_ARGUMENTS];
  unsigned count;
  char cpus[24], memory[24], image[48]; /* what the list leads to */
};

static void add(struct arguments *a, const char *option, const char *value) {
  if (a->count + 3 > MAX_ARGUMENTS)
    return;
  a->list[a->count++] = option;
  if (value)
    a->list[a->count++] = value;
}

static void qemu_arguments(const struct run_machine *m, struct arguments *a) {
  bool spare = m->cpus > 1; /* see docs/guide/debugging.md, the first CPU's flags */
  snprintf(a->cpus, sizeof(a->cpus), "%" PRIu64, m->cpus + spare);
  add(a, "qemu-system-x86_64", NULL);
  add(a, "-accel", "tcg");
  add(a, "-machine", "q35");
  add(a, "-cpu", "EPYC,+svm");
  add(a, "-smp", a->cpus);
  add(a, "-m", a->memory);
  add(a, "-nodefaults", "-no-reboot");
  add(a, "-display", "none");
  /* Not `-nographic`, nor a multiplexer: their escape is Ctrl-A, which is the
   * hypervisor's. */
  add(a, "-chardev", "stdio,id=console,signal=off,mux=off");
  add(a, "-serial", "chardev:console");
  add(a, "-monitor", "none");
  add(a, "-kernel", m->hypervisor);
  add(a, "-initrd", a->image);
  if (spare)
    add(a, "-append", "boot-cpu=spare");
}

static void bochs_arguments(const struct run_machine *m, struct arguments *a) {
  snprintf(a->cpus, sizeof(a->cpus), "%" PRIu64, m->cpus);
  add(a, m->bochs, m->hypervisor);
  add(a, a->image, NULL);
  add(a, "--cpus", a->cpus);
  add(a, "--memory", a->memory);
}

static void build_arguments(const struct run_machine *m, int image, struct arguments *a) {
  snprintf(a->memory, sizeof(a->memory), "%" PRIu64, m->memory_mib);
  snprintf(a->image, sizeof(a->image), "/proc/self/fd/%d", image);
  if (m->emulator == RUN_BOCHS)
    bochs_arguments(m, a);
  else
    qemu_arguments(m, a);
  for (char *const *extra = m->extra; extra && *extra; extra++)
    add(a, *extra, NULL);
}

static void print_arguments(const struct arguments *a) {
  fputs("skerry:", stderr);
  for (unsigned i = 0; i < a->count; i++)
    fprintf(stderr, " %s", a->list[i]);
  fputs("\n", stderr);
}

static void child(struct arguments *a, int in, int out, int err, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* no emulator is left behind */
  if (getppid() != parent)
    _exit(127);
  setpgid(0, 0); /* the terminal's signals are ours to handle */
  signal(SIGPIPE, SIG_DFL);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  execvp(a->list[0], (char *const *)(uintptr_t)a->list);
  fprintf(stderr, "skerry: cannot start %s: %s\n", a->list[0], strerror(errno));
  _exit(127);
}

static int fork_child(struct arguments *a, int pipes[3][2], struct run_process *p) {
  pid_t parent = getpid();
  p->pid = fork();
  if (p->pid == 0)
    child(a, pipes[0][0], pipes[1][1], pipes[2][1], parent);
  int error = p->pid < 0 ? errno : 0;
  close(pipes[0][0]);
  close(pipes[1][1]);
  close(pipes[2][1]);
  p->in = pipes[0][1];
  p->out = pipes[1][0];
  p->err = pipes[2][0];
  return error;
}

int run_start(const struct run_machine *m, const struct buf *image, struct run_process *p) {
  struct arguments a = {0};
  int pipes[3][2];
  *p = (struct run_process){.pid = -1, .in = -1, .out = -1, .err = -1};
  int fd = image_descriptor(image);
  if (fd < 0)
    return errno;
  build_arguments(m, fd, &a);
  if (m->verbose)
    print_arguments(&a);
  int error = 0;
  for (unsigned i = 0; i < 3 && !error; i++)
    error = pipe2(pipes[i], O_CLOEXEC) ? errno : 0;
  if (!error)
    error = fork_child(&a, pipes, p);
  close(fd);
  return error;
}

void run_reap(struct run_process *p, bool end) {
  if (p->in >= 0)
    close(p->in);
  p->in = -1;
  if (end)
    kill(p->pid, SIGKILL);
  while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
    if (run_interrupted())
      kill(p->pid, SIGKILL);
  while (run_forward_messages(p))
    ;
  buf_free(&p->message);
  close(p->out);
  close(p->err);
}

static bool is_noise(const char *line) {
  return strstr(line, "TCG doesn't support requested feature") != NULL;
}

/* A message may come in several pieces: only whole lines are judged. */
bool run_forward_messages(struct run_process *p) {
  char text[4096];
  ssize_t n = read(p->err, text, sizeof(text));
  if (n <= 0)
    return n < 0 && errno == EINTR && !run_interrupted();
  for (ssize_t i = 0; i < n; i++) {
    if (text[i] != '\n') {
      buf_u8(&p->message, (uint8_t)text[i]);
      continue;
    }
    if (!is_noise(buf_text(&p->message)))
      fprintf(stderr, "%s\r\n", buf_text(&p->message));
    p->message.size = 0;
  }
  return true;
}
