/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains and vCPUs, each in two parts:
 *
 *   struct domain_stub, struct vcpu_stub   in the shared part: what a sender, a
 *       timer or the scheduler must reach when the arena is not linked. No
 *       guest content.
 *   struct domain, struct vcpu             in the arena, reachable only while
 *       it is linked. struct domain stands at ARENA_BASE.
 *
 * Life of a domain. Each vCPU is a thread: a stack in the arena on which root
 * mode runs for it. vCPU 0's thread builds the domain, runs the guest, and when
 * the domain ends waits for the other threads to park, takes the domain apart
 * and builds it again or stops. So all of this is scheduled as the domain's own work.
 *
 *        build          run               end (poweroff, reboot, crash)
 *   NEW -------> RUNNING ------> ENDING ------> STOPPED
 *    ^                              |
 *    +------------------------------+ restart
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <abi/manifest/manifest.h>
#include <arena.h>
#include <cpu.h>
#include <lib/atomic.h>
#include <asm/exits.h>
#include <asm/vcpu.h> /* struct arch_vcpu, struct arch_domain, struct arch_domain_stub */
#include <personality.h>

enum domain_state { DOMAIN_NEW, DOMAIN_RUNNING, DOMAIN_ENDING, DOMAIN_STOPPED };

enum domain_end {
  DOMAIN_END_NONE = 0,
  DOMAIN_END_POWEROFF,
  DOMAIN_END_REBOOT,
  DOMAIN_END_CRASH,
  DOMAIN_END_SOFT_RESET,
};

/* Why a vCPU needs attention; bits of vcpu_stub.mail. Set by vcpu_mail from any CPU. */
enum mail {
  MAIL_TIMER = 0,    /* the single-shot timer fired */
  MAIL_PERIODIC,     /* the periodic timer fired */
  MAIL_APIC_TIMER,   /* the local APIC's timer fired */
  MAIL_POLL_TIMEOUT, /* a poll's deadline */
  MAIL_CONSOLE,      /* console input waits, or output may go on */
  MAIL_INTERRUPT,    /* the virtual local APIC has something new (IPI from a sibling) */
  MAIL_EVENT,        /* an event was made pending by a sibling vCPU */
  MAIL_LIFE,         /* a change of state was asked for: look at `park` */
  MAIL_DEBUG,        /* VIRQ_DEBUG, from the console's debug key */
  MAIL_FAR,          /* an event of another domain waits in the domain's box */
  MAIL_LIVES,        /* vCPU 0 of a domain that watches: another one's life has changed */
  MAIL_SERIAL,       /* vCPU 0 of the domain that has the UART: input, room or log lines */
};
/* Any mail wakes a blocked vCPU; these wake a parked one. */
#define MAIL_WAKES_PARKED (BIT(MAIL_LIFE) | BIT(MAIL_INTERRUPT))

enum vcpu_state {
  VCPU_PARKED,   /* its thread stands at the top of its loop and has nothing to do */
  VCPU_RUNNABLE, /* waits for a CPU */
  VCPU_RUNNING,  /* on a CPU */
  VCPU_BLOCKED,  /* waits for mail */
};

/* The four states of the runstate ABI; times in ns. */
enum runstate { RUNSTATE_RUNNING, RUNSTATE_RUNNABLE, RUNSTATE_BLOCKED, RUNSTATE_OFFLINE };

struct vcpu_stub {
  uint32_t id; /* in its domain */
  struct domain_stub *domain;
  struct vcpu *vcpu; /* arena address; dereference only while linked */

  uint64_t mail;         /* atomic bits, enum mail */
  bool in_guest;         /* it is, or may enter without looking again: mail has to kick its CPU.
                            Published before the drain at entry; atomic */
  bool park;             /* asked to park; atomic */
  uint32_t parked_lives; /* `lives` of the domain when it last parked; by its thread */

  /* scheduler; under its lock. `state` is read without it by vcpu_mail */
  enum vcpu_state state;
  struct cpu *cpu; /* where it runs or ran last */
  struct cpu *pin; /* the CPU it owns, or NULL; set before sched_init */
  uint32_t weight;
  uint64_t vruntime;     /* ns, weighted: the fair scheduler's account */
  uint64_t charged;      /* its clock (see sched_fair.c) when the account was last brought up */
  struct heap_node node; /* in its group's queue while RUNNABLE */
  bool yielded;
  enum vcpu_state leave_state; /* with which its thread leaves the CPU; by the thread itself */
  uint64_t runstate_since;     /* system time of the last change */
  uint64_t runstate_time[4];
  uint64_t exits[ENABLED(CONFIG_EXIT_STATS) ? ARCH_EXITS : 0]; /* by reason; see exits.h */

  struct timer timer;      /* single-shot (MAIL_TIMER) */
  struct timer periodic;   /* MAIL_PERIODIC; period below */
  uint64_t period;         /* ns, 0: off */
  struct timer apic_timer; /* MAIL_APIC_TIMER */
  struct timer poll_timer; /* MAIL_POLL_TIMEOUT */
};

/* The vCPUs that may share a core with each other; see sched_fair.c. */
struct sched_group {
  struct heap ready;     /* by vruntime */
  struct heap_node node; /* among the groups with a vCPU in `ready`; key: its smallest */
};

struct domain_stub {
  uint16_t domid;
  bool used;
  const struct manifest_domain *config; /* in the payload frames, read-only */
  struct spinlock life_lock;
  enum domain_state state;
  enum domain_end end; /* why it is ENDING */
  uint32_t restarts;
  bool forgotten; /* build_forget was called */
  uint32_t vcpu_count;
  uint32_t parked;         /* vCPUs that have parked in this life; atomic */
  uint32_t lives;          /* that have begun; atomic */
  struct vcpu_stub *vcpus; /* array, shared part */
  uint64_t polling[DIV_ROUND_UP(MANIFEST_MAX_VCPUS, 64)]; /* vCPUs that poll ports; atomic bits */
  struct timer watchdog[2];

  /* ports that lead to other domains (channel.h); all absent if there can be none */
  uint32_t end_count;
  struct channel_end *ends;                    /* by port */
  uint64_t *box;                               /* by port; atomic bits */
  uint64_t box_words;                          /* words of `box` that are not 0; atomic bits */
  uint64_t changed[MANIFEST_MAX_DOMAINS / 64]; /* since a domain that watches has asked; atomic */

  uint64_t flush_gen;        /* p2m_flush; atomic */
  mfn_t p2m_root;            /* of its guest memory map, for p2m_get_far */
  struct grant_table grants; /* what others may reach of its memory (xen/state.h) */
  struct sched_group *group; /* `own_group`, or the common one of all that share cores */
  struct sched_group own_group;
  struct arch_domain_stub arch; /* roots of its arena and its nested page table */
};

struct vcpu {
  struct vcpu_stub *stub;
  struct domain *domain;
  uint32_t id;
  void *stack_top;
  struct arch_vcpu arch;               /* registers, FPU, local APIC, control block */
  struct personality_vcpu personality; /* the ABI's state (xen/vcpu_state.h) */
};

struct p2m {
  struct spinlock lock;
  void *root; /* arena page */
  uint64_t highest;
  uint64_t table_pages;
};

struct domain {
  struct domain_stub *stub;
  uint16_t domid;
  uint32_t vcpu_count;
  uint64_t pages; /* RAM and SHARED pages that it owns; under the p2m lock */
  uint64_t max_pages;
  uint64_t borrowed; /* most pages of others that it may have mapped */
  struct p2m p2m;
  struct arena arena;
  struct arch_domain arch;
  struct personality_domain personality; /* the ABI's state (xen/domain_state.h) */
  struct vcpu *vcpus[];                  /* up to the end of the arena's first page */
};

extern struct domain_stub *domains; /* array of domain_count, in manifest order */
extern unsigned domain_count;
/* The header of the system description: machine-wide settings, read-only. */
extern const struct manifest_header *system_config;
/* What it declares between domains: system_config->channels.count of them, read-only. */
static inline const struct manifest_channel *system_channels(void) {
  return (const void *)((const char *)system_config + system_config->channels.offset);
}

/* May the log have so many lines more for what a guest of this domain has done (CONFIG_LOG_LIMIT)?
 * 0: it can do no more; what was kept back is said. Any context without the console's lock. */
bool log_limit_take(const struct domain_stub *d, unsigned lines);
#define log_allowed(d, lines) (!ENABLED(CONFIG_LOG_LIMIT) || log_limit_take(d, lines))
/* A line of the log that a guest of domain `d` can cause again and again. */
#define log_domain(d, text, ...)                                                                   \
  (log_allowed(d, 1) ? log_printf("domain %s: " text "\n", (d)->config->name, ##__VA_ARGS__)       \
                     : (void)0)

/* The linked domain and the vCPU whose thread this is. */
struct domain *domain_current(void);
struct vcpu *vcpu_current(void);
struct domain_stub *domain_find(uint16_t domid);         /* NULL */
struct vcpu *domain_vcpu(struct domain *d, uint32_t id); /* NULL if out of range */

/* Set a mail bit, then (full barrier) wake the vCPU if it blocks and kick it if
 * it is in its guest. Any CPU, any context. */
void vcpu_mail(struct vcpu_stub *s, enum mail m);

/* End the domain: idempotent, the first reason counts. From any CPU; every vCPU parks at its
 * next return to its loop. */
void domain_end(struct domain_stub *d, enum domain_end why);
/* End the current domain for what its guest did: logs `domain NAME: crashed: ...`
 * with the vCPU's registers. Returns; the caller goes back to the run loop. */
void domain_crash(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Called by the run loop of a vendor before each entry with interrupts held off; false: leave the
 * guest loop (park). Drains the mail into the personality and the local APIC, and
 * goes through the scheduler if asked to. */
bool vcpu_prepare_entry(struct vcpu *v);
/* The short way back in, after an exit: true if nothing is asked of the vCPU, this CPU's, that an
 * entry must not overtake. Whether the vCPU is halted it does not ask. */
static inline bool vcpu_entry_free(const struct vcpu *v, const struct cpu *c) {
  return !(atomic_read(&v->stub->mail) | atomic_read(&c->asked));
}

/* The current vCPU's thread gives up its CPU, with the state in which it waits for another turn. */
void vcpu_leave(enum vcpu_state state);
/* Block the current vCPU's thread until there is mail (or park). Returns at once if there is. */
void vcpu_block(void);

/* Thread body, entered on the vCPU's own stack with its arena linked. */
void vcpu_thread(void) __noreturn;
/* vCPU 0's part of it: ends what has ended, builds; returns with the domain running. */
void domain_life(struct domain *d);

#endif
