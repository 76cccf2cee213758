/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A system file in memory: what the person wrote, with defaults filled in and
 * names still names. system.c turns the tree into this; rules.c judges it;
 * compile.c makes the image from it. docs/guide/system-file.md describes it
 * to people.
 */
#ifndef SKERRY_SYSTEM_H
#define SKERRY_SYSTEM_H

#include <stdbool.h>

#include "channels.h"
#include "kernel.h"
#include "schema.h"
#include "yaml.h"

#define SYSTEM_MAX_CPUS       1024u
#define SYSTEM_PORTS_PER_VCPU 8u /* what a stock Linux binds on each vCPU, rounded up */

enum domain_service { SERVICE_NONE, SERVICE_STORE, SERVICE_CONSOLE };
enum domain_serial { SERIAL_NONE, SERIAL_COM1, SERIAL_COM2 };

struct domain {
  const yaml_node_t *node; /* of the mapping; for places in messages */
  char *name;
  char *kernel_path, *ramdisk_path; /* as written; ramdisk_path may be NULL */
  char *command_line;               /* "" if absent */
  uint64_t memory;                  /* bytes of RAM */
  uint64_t vcpus;
  struct cpu_list cpus; /* one for each vCPU, or none: any CPU */
  bool console;
  uint64_t on_shutdown, on_reboot, on_crash; /* enum manifest_action */
  uint64_t weight, max_restarts, smt_share, event_channels;
  uint64_t service;   /* enum domain_service */
  uint64_t serial;    /* enum domain_serial: the hypervisor's line */
  uint64_t uart_port; /* of a UART that is not; 0: none */
  uint64_t uart_interrupt;
  uint64_t tsc_khz;                /* 0: the machine's */
  uint64_t grant_frames, maptrack; /* 0: not given, until channels_resolve */
  uint64_t keep;                   /* bytes that outlive a life; 0: none, or not given */

  /* Set by system_load_files; owned by the system. */
  const struct source *kernel;
  const struct source *ramdisk; /* NULL: the domain has none */
};

/* A file that domains name, read once however many name it. */
struct source {
  const char *path; /* as written; not owned */
  bool is_kernel;
  int error;                 /* errno: why it could not be read; 0: it was */
  enum kernel_status status; /* of a kernel that was read */
  struct kernel kernel;
  struct buf bytes; /* of a ramdisk */
};

struct system {
  char *name;
  uint64_t machine_cpus;   /* 0: not given */
  uint64_t machine_memory; /* bytes; 0: not given */
  uint64_t all_stopped;    /* enum manifest_all_stopped */
  uint64_t slice_us;
  char *console; /* the name of a domain; NULL: not given */
  struct domain *domains;
  unsigned count;
  struct channels channels;
  struct source *sources; /* room for two a domain */
  unsigned source_count;
  char *folder; /* of the system file: paths are relative to it */
};

extern const struct schema system_schema;

/* Fills *s from a tree that the rules of form have accepted. */
void system_from_tree(struct system *s, struct yaml *y, const char *path);

/* Reads kernels and ramdisks; errors are left in the sources. */
void system_load_files(struct system *s);
void system_free(struct system *s);

/* The place of a field's value, or of the mapping where it is absent. */
struct mark domain_mark(struct yaml *y, const struct domain *d, const char *key);

/* The least number of CPUs that a machine must have for these domains. */
uint64_t system_least_cpus(const struct system *s);
/* Of `serial` or `uart`: the first of the 8 I/O ports, and the ISA interrupt; 0, 0: none. */
struct uart {
  uint16_t port, interrupt;
};
struct uart domain_uart(const struct domain *d);
bool domain_may_restart(const struct domain *d);

#endif
