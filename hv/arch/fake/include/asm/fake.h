/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake machine, seen from a test. It is hostile: neighbouring frame numbers
 * are not neighbours in memory, memory that nobody scrubbed is poison, entries
 * of nested page tables differ by level, and translations (the last entry as
 * well as those on the way) stay as they were until flushed on that CPU.
 *
 * One host thread plays all CPUs, in turns that the test gives. The other CPUs
 * make progress when this one waits (arch_cpu_serve), if they were kicked.
 */
#ifndef ASM_FAKE_H
#define ASM_FAKE_H

#include <arch/arch.h>

#define FAKE_CPUS        16u
#define FAKE_POISON      0xa5
#define FAKE_FIRST_FRAME 0x1200u /* frame numbers below are absent */

/* A machine with RAM in [FAKE_FIRST_FRAME, + frames), given to the frame allocator, and CPUs that
 * come as cores of `threads`. Everything from before is gone. */
void fake_init(uint64_t frames, unsigned cpu_total, unsigned threads);

/* The CPU that the test is on from now on. Its linked arena appears. */
void fake_cpu_set(unsigned n);
/* A page of machine memory, whatever owns it. */
void *fake_page(mfn_t mfn);

/* --- time --- */
extern uint64_t fake_time;                /* ns */
extern uint64_t fake_deadline[FAKE_CPUS]; /* the hardware timer of each CPU; UINT64_MAX: none */
/* Let time pass to `until`, with the timer interrupts that fall due on the way. */
void fake_time_pass(uint64_t until);

/* --- kicks --- */
extern bool fake_kicked[FAKE_CPUS]; /* kicked and not served since */
extern uint64_t fake_kicks;         /* total */
/* Called in arch_cpu_serve before the others are served: what another CPU does just then. */
extern void (*fake_meanwhile)(void);
/* Tests with real threads: all that arch_cpu_serve does. */
extern void (*fake_waiting)(void);

/* --- arena --- */
extern unsigned fake_map_fail_in; /* n > 0: the n-th arch_arena_map from now fails */
/* Called before a window is opened: what other CPUs do at that moment. */
extern void (*fake_window_opens)(void);
/* Sees what is copied to a guest, at its source; does nothing unless a program has its own. */
void fake_guest_given(const void *bytes, size_t n);

/* --- nested page tables --- */
enum fake_view { VIEW_GUEST, VIEW_ARENA };
/* What this CPU sees at `gfn` of the linked domain, stale translations included. */
struct p2m_entry fake_touch(gfn_t gfn, enum fake_view view);
/* What the tables say now, walked afresh through machine memory. */
struct p2m_entry fake_walk(const struct domain_stub *d, gfn_t gfn);
extern bool fake_leaf_allowed[ARCH_P2M_LEVELS];
extern void (*fake_written)(void); /* called after each arch_p2m_write */
extern uint64_t fake_writes;
extern unsigned fake_flushes[FAKE_CPUS];

/* --- vCPUs --- */
extern void (*fake_thread_left)(struct vcpu *v); /* arch_thread_leave */
extern void (*fake_run)(struct vcpu *v);         /* arch_vcpu_run */
extern void (*fake_thread_entered)(
    struct vcpu *v);                      /* arch_thread_enter: all that the thread does */
extern void (*fake_idled)(void);          /* arch_idle has waited */
extern unsigned fake_barriers[FAKE_CPUS]; /* arch_speculation_barrier */

#endif
