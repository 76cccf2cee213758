/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The architecture contract: all that core, xen and builder ask of a machine.
 * An architecture owes each function here, guest.h's four, and the types of
 * asm/vcpu.h. Root mode runs with interrupts off everywhere but in arch_idle
 * and a moment after each exit, so "interrupt context" is a place, not a
 * preemption: no code is interrupted in the middle.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include <arch/context.h>
#include <domain.h>
#include <p2m.h>

/* --- CPUs and time -------------------------------------------------------- */

/* This CPU's record. Constant time; valid as soon as C runs on the CPU. */
struct cpu *arch_this_cpu(void);
/* Interrupt another CPU, so that it leaves its guest or idle. Any context. */
void arch_kick(struct cpu *c);
/* Take the interrupts that are pending, with no lock held; if `has_work`, asked before, says no,
 * wait for one first, with no arena linked: none between the question and the wait is lost. */
void arch_idle(struct cpu *c, bool (*has_work)(struct cpu *c));
/* A breath in a spin loop; also does what other CPUs have asked of this one (flush). */
void arch_cpu_serve(void);
/* With CONFIG_SPECULATION: this CPU forgets predictions, buffers and caches by which what ran here
 * before could steer or read what runs from now on, as far as the machine has means for it. */
void arch_speculation_barrier(void);
/* System time, ns since boot; monotonic, equal on all CPUs. */
uint64_t arch_time(void);
/* Program this CPU's timer interrupt for system time `deadline`; UINT64_MAX: none. A
 * past deadline interrupts at once. */
void arch_timer_set(uint64_t deadline);
/* Turn the machine off, or restart it. */
void arch_poweroff(void) __noreturn;
/* After panic has printed its reason: stop the other CPUs, print registers and
 * the backtrace, halt. */
void arch_panic(void) __noreturn;

/* --- Address space ---------------------------------------------------------- */

/* Make the host tables of a new arena (frames charged to d->domid) with its first page,
 * struct domain, zeroed. Runs at boot, on any CPU. NO_MEMORY. */
enum status arch_arena_create(struct domain_stub *d);
/* Link the arena on this CPU in place of the one that is; NULL: none. Nothing changes if it is
 * linked already. */
void arch_arena_switch(struct domain_stub *d);
/* Heap part of the linked arena: map `mfn` read-write at the page `va`, or unmap it and forget
 * every stale translation of it. map: NO_MEMORY when a table is missing. The arena's lock is held.
 */
enum status arch_arena_map(void *va, mfn_t mfn);
void arch_arena_unmap(void *va);
/* First and end address of the heap part. */
extern char *const arch_arena_heap_start, *const arch_arena_heap_end;

/* A private window onto one frame, for one operation: open, use, close, in stack order, at
 * most ARCH_WINDOWS at a time, none over a switch or at guest entry. */
#define ARCH_WINDOWS 4
void *arch_window_open(mfn_t mfn, bool writable);
void arch_window_close(void *window);
/* From one open window to another, n bytes that lie in each; of overlapping ones the lower first.
 */
void arch_window_copy(void *to, const void *from, size_t n);
/* Write zeroes to 2^order frames, through a window. Serves others between 2 MiB pieces. */
void arch_scrub(mfn_t mfn, unsigned order);

/* --- Nested page tables: the format; core/p2m.c does the walking ------------- */

#define ARCH_P2M_LEVELS  4
#define ARCH_P2M_ENTRIES 512
typedef uint64_t p2m_pte_t;

/* Level 0 is the last (4 KiB), 1 has 2 MiB leaves, 2 1 GiB leaves if the machine has them. An
 * absent entry is 0. */
bool arch_p2m_leaf_allowed(unsigned level);
p2m_pte_t arch_p2m_leaf(unsigned level, mfn_t mfn, enum p2m_type t);
p2m_pte_t arch_p2m_table(unsigned level, mfn_t table);
/* What an entry of `level` is: *is_table, else *type (P2M_NONE: absent) and *mfn. */
void arch_p2m_decode(unsigned level, p2m_pte_t e, bool *is_table, mfn_t *mfn, enum p2m_type *t);
/* Store one entry so that a CPU that walks sees the old or the new one whole. */
void arch_p2m_write(p2m_pte_t *slot, unsigned level, p2m_pte_t e);
/* Guest-physical width in bits. */
unsigned arch_p2m_bits(void);
/* The entry for `gfn` at `level`, 1 or above, has changed, under the p2m lock: bring the arena's
 * view of guest memory in line, which each CPU follows when it links the arena and in the flush
 * that a change of the root or the taking of a right needs. */
void arch_p2m_changed(struct domain *d, gfn_t gfn, unsigned level);
/* This CPU: drop every translation of the linked domain, the guest's and the arena's view. */
void arch_p2m_flush_local(struct domain_stub *d);

/* --- vCPUs -------------------------------------------------------------------- */

/* Allocate what a vCPU needs, in the arena, once. NO_MEMORY. */
enum status arch_vcpu_init(struct vcpu *v);
/* Power-on state (x86: waiting for INIT/SIPI). The boot vCPU then gets the start state of the
 * boot protocol: entry point and start_info address. */
void arch_vcpu_reset(struct vcpu *v);
void arch_vcpu_start(struct vcpu *v, gpa_t entry, gpa_t start_info);
/* The vendor's exit loop: enters the guest again and again; returns when
 * vcpu_prepare_entry said no. */
void arch_vcpu_run(struct vcpu *v);
/* From the CPU's loop to the vCPU's thread (first time: vcpu_thread on a fresh stack) and back,
 * with the registers that exits do not touch (FPU, debug). */
void arch_thread_enter(struct vcpu *v);
void arch_thread_leave(struct vcpu *v);
/* Mail for the local APIC (MAIL_APIC_TIMER, MAIL_INTERRUPT). */
void arch_vcpu_mail(struct vcpu *v, uint64_t mail);
/* Does the vCPU wait (HLT, for a SIPI, taken down) with nothing that ends the wait? A HLT ends when
 * an interrupt, an upcall or an NMI could be taken. */
bool arch_vcpu_halted(struct vcpu *v);
/* Does it wait for a SIPI or was it taken down? */
bool arch_vcpu_offline(struct vcpu *v);
/* An interrupt, upcall or NMI that the guest could take now if it were running? */
bool arch_vcpu_can_take_interrupt(struct vcpu *v);
/* Raise a fixed interrupt in the vCPU's own local APIC (per-vCPU upcall vectors); vector 2 is
 * an NMI. For a sibling the caller sends the mail. */
void arch_vcpu_raise(struct vcpu *v, uint8_t vector);
/* Does the vCPU run in a mode of 32 or 16 bits now? Only of the current vCPU. */
bool arch_vcpu_is_32bit(const struct vcpu *v);

/* Give a vCPU that waits for its start these registers (arch/context.h), which its own thread loads
 * when it is up; it stays down. Nothing changed: INVALID when they are no state that the machine
 * could be in, EXISTS when it has been started. */
enum status arch_vcpu_set_context(struct vcpu *v, const struct arch_context *c);
/* Take a vCPU down or up again (see arch_vcpu_offline). Its registers stay; one that runs goes down
 * at its next entry. The caller sends the mail. */
void arch_vcpu_set_up(struct vcpu *v, bool up);

/* How the vCPU's own TSC gives system time: ns = ((tsc - zero) << shift) * mul >> 32, a negative
 * shift going right. Changes only when the guest writes its TSC: then personality_clock_write. */
struct arch_clock {
  uint64_t zero;
  uint32_t mul;
  int8_t shift;
  bool stable; /* the same on all CPUs, and for good */
  uint32_t khz;
};
void arch_vcpu_clock(const struct vcpu *v, struct arch_clock *c);
/* With CONFIG_TSC_SCALING: may a domain's TSC have a rate of its own (manifest_domain.tsc_khz)? */
extern bool arch_tsc_scales;
/* Seconds since 1970 at system time 0. */
extern uint64_t wallclock_seconds;
/* The 3 bytes of the instruction that calls the hypervisor (VMMCALL or VMCALL). */
const uint8_t *arch_hypercall_insn(void);
/* With CONFIG_BACKTRACE: print the vCPU's registers to the log, if it may have so many lines more
 * (log_allowed). */
void arch_vcpu_dump(struct vcpu *v);

#endif
