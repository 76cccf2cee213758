/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical CPUs: the shared record of each, its loop, and the set type. What
 * is private to a CPU (stacks, windows, descriptor tables) is arch's.
 */
#ifndef CPU_H
#define CPU_H

#include <timer.h>

#define CPUS_MAX 255

struct vcpu_stub;
struct domain_stub;
struct sched_group;

struct cpu {
  uint32_t id;   /* 0 is the boot CPU, then MADT order */
  uint32_t core; /* CPUs with equal numbers are threads of one core */
  bool online;
  bool pinned; /* its core belongs to pinned vCPUs: the fair scheduler leaves it alone */
  union {
    struct {
      bool need_resched; /* asked to go through the scheduler at the next chance; atomic */
      bool serve;        /* arch_cpu_serve has something to do; atomic */
      bool resumed;      /* has been given to a vCPU that has not entered its guest since */
    };
    uint32_t asked; /* any of them */
  };
  struct vcpu_stub *running;  /* the vCPU whose stack this CPU is on, or NULL */
  struct domain_stub *linked; /* the domain whose arena is linked, or NULL; atomic */
  uint64_t flush_ack; /* generation of `linked` up to which translations are dropped (p2m.c) */
  struct timer_queue timers;

  /* scheduler, under its lock */
  struct spinlock sched_lock; /* of the vCPU that owns this CPU */
  struct vcpu_stub *owner;    /* the vCPU pinned here, or NULL */
  struct timer slice;
  bool idle;                      /* found nothing to run, and nobody has called it since */
  struct cpu *core_next;          /* ring of the threads of a core */
  struct cpu *core_first;         /* the thread that holds the core's state: */
  uint32_t core_running;          /* threads that run a vCPU, */
  struct sched_group *core_group; /* whose, and */
  bool core_clearing;             /* whether all must leave for another group's sake */

  uint32_t arch_id;         /* x86: local APIC id */
  uint64_t windows, visits; /* counts for the auditor */
} __aligned(64);

extern struct cpu cpus[CPUS_MAX];
extern unsigned cpu_count; /* CPUs that were started */
extern unsigned cpu_first; /* the first that domains get: 1 if the boot CPU is spared */

/* Sets need_resched and, if the CPU may be in a guest or idle, interrupts it. */
void cpu_resched(struct cpu *c);

/* The scheduler's loop, on the CPU's private stack; entered once by every CPU
 * after boot, never left. */
void cpu_loop(void) __noreturn;

#endif
