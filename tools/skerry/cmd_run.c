/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skerry run`.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "run.h"
#include "value.h"

struct options {
  const char *input, *hypervisor, *set_arg;
  uint64_t memory_mib, cpus, wait_seconds;
  enum run_emulator emulator;
  bool headless, verbose;
  char *const *extra;
};

static int take_number(const char *option, const char *text, uint64_t *out) {
  if (value_count(text, out) && *out && *out <= UINT32_MAX)
    return 0;
  return command_usage(&command_run, "%s takes a number from 1, not `%s`", option, text);
}

static int take_machine(const char *name, enum run_emulator *out) {
  *out = strcmp(name, "bochs") ? RUN_QEMU : RUN_BOCHS;
  if (*out == RUN_BOCHS || !strcmp(name, "qemu"))
    return 0;
  return command_usage(&command_run, "--machine takes `qemu` or `bochs`, not `%s`", name);
}

static int take_option(struct options *o, const char *option, const char *value) {
  if (!strcmp(option, "--hv"))
    o->hypervisor = value;
  else if (!strcmp(option, "--set-arg"))
    o->set_arg = value;
  else if (!strcmp(option, "--machine"))
    return take_machine(value, &o->emulator);
  else if (!strcmp(option, "--memory"))
    return take_number(option, value, &o->memory_mib);
  else if (!strcmp(option, "--cpus"))
    return take_number(option, value, &o->cpus);
  else if (!strcmp(option, "--wait-ready"))
    return take_number(option, value, &o->wait_seconds);
  else
    return command_usage(&command_run, "`%s` is not expected", option);
  return 0;
}

static int parse(struct options *o, int argc, char **argv) {
  int status = 0;
  for (int i = 1; i < argc && !status; i++) {
    if (!strcmp(argv[i], "--")) {
      o->extra = argv + i + 1;
      break;
    }
    if (!strcmp(argv[i], "--headless"))
      o->headless = true;
    else if (!strcmp(argv[i], "--verbose"))
      o->verbose = true;
    else if (argv[i][0] != '-' && !o->input)
      o->input = argv[i];
    else if (i + 1 == argc || argv[i][0] != '-')
      status = command_usage(&command_run, "`%s` is not expected", argv[i]);
    else {
      status = take_option(o, argv[i], argv[i + 1]);
      i++;
    }
  }
  if (!status && !o->input)
    status = command_usage(&command_run, "it needs a system file or an image");
  return status;
}

/* A path from the folder above this program's. */
static const char *near_program(char path[PATH_MAX], const char *file) {
  ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 64);
  path[n > 0 ? n : 0] = 0;
  for (int level = 0; level < 2; level++) {
    char *slash = strrchr(path, '/');
    if (slash)
      *slash = 0;
  }
  strcat(path, file);
  return path;
}

/* build/tools/skerry finds build/default/skerry-hv.elf and tools/bochs.py. */
static const char *default_hypervisor(void) {
  static char path[PATH_MAX];
  return near_program(path, "/default/skerry-hv.elf");
}

static const char *bochs_script(void) {
  static char path[PATH_MAX];
  return near_program(path, "/../tools/bochs.py");
}

/* Two at least, so that what runs side by side does. */
static uint64_t default_cpus(const struct image_view *v) {
  return v->header->machine_cpus > 2 ? v->header->machine_cpus : 2;
}

static int run_image(const struct options *o, const struct buf *image, const struct image_view *v) {
  struct run_machine m = {
      .emulator = o->emulator,
      .bochs = bochs_script(),
      .hypervisor = o->hypervisor ? o->hypervisor : default_hypervisor(),
      .memory_mib = o->memory_mib ? o->memory_mib : run_memory_mib(v),
      .cpus = o->cpus ? o->cpus : default_cpus(v),
      .extra = o->extra,
      .verbose = o->verbose,
  };
  struct run_process p;
  if (access(m.hypervisor, R_OK)) {
    fprintf(stderr, "skerry: no hypervisor at %s: name one with --hv\n", m.hypervisor);
    return 1;
  }
  run_catch_signals();
  int error = run_start(&m, image, &p);
  if (error) {
    fprintf(stderr, "skerry: cannot start the emulator: %s\n", strerror(error));
    return 1;
  }
  if (o->wait_seconds)
    return run_wait_ready(&p, v, (unsigned)o->wait_seconds);
  return run_terminal(&p, !o->headless);
}

static int run_run(int argc, char **argv) {
  struct options o = {0};
  struct buf image = {0};
  struct image_view view;
  int status = parse(&o, argc, argv);
  if (!status)
    status = command_image(o.input, o.set_arg, &image);
  const char *wrong = status ? NULL : image_open(&image, &view);
  if (wrong) {
    fprintf(stderr, "skerry: %s: %s\n", o.input, wrong);
    status = 1;
  }
  if (!status)
    status = run_image(&o, &image, &view);
  buf_free(&image);
  return status;
}

const struct command command_run = {
    .name = "run",
    .summary = "boot a system under an emulator",
    .help = "usage: skerry run SYSTEM.yaml|IMAGE [OPTION...] [-- ARGUMENT-FOR-THE-EMULATOR...]\n\n"
            "Starts the hypervisor and the system on an emulated machine (no virtualisation\n"
            "hardware is used), whose serial port becomes this terminal. All keys go to the\n"
            "machine; Ctrl-] ends it. Ctrl-A three times gives the keys to the next domain.\n\n"
            "  --machine NAME        `qemu`, an AMD machine (the default), or `bochs`, an Intel\n"
            "                        one, which is slower\n"
            "  --hv ELF              the hypervisor (default: ../default/skerry-hv.elf from where\n"
            "                        this program stands)\n"
            "  --memory MIB          the machine's memory (default: what the domains take, and\n"
            "                        room for the hypervisor)\n"
            "  --cpus N              its CPUs (default: the least that the system needs, and\n"
            "                        two at least); an AMD machine has one more, the boot\n"
            "                        CPU, which runs no domain\n"
            "  --set-arg TEXT        append to the command line of every domain\n"
            "  --headless            take no input; end when the machine powers off\n"
            "  --wait-ready SECONDS  take no input; wait until each domain has printed\n"
            "                        `SKERRY-READY NAME`, then until the machine powers off, at\n"
            "                        most so long for each of the two; exit code 0 if both came\n"
            "  --verbose             print the emulator's command line\n",
    .run = run_run,
};
