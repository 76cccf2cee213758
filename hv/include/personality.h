/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What core and arch need from the guest ABI above them. The Xen personality
 * (hv/xen) fulfils it; host tests of core link a small one of their own.
 */
#ifndef PERSONALITY_H
#define PERSONALITY_H

#include <lib/status.h>
#include <xen/state.h> /* struct personality_domain, struct personality_vcpu */

struct domain;
struct vcpu;

/* Fresh state of the domain (after its memory has been filled, before any vCPU runs), and its
 * end: drop every reference to guest memory, stop timers. Both in the arena. */
enum status personality_domain_init(struct domain *d);
void personality_domain_fini(struct domain *d);
enum status personality_vcpu_init(struct vcpu *v);
/* Back to fresh state with memory and vCPU 0's registers kept (kexec in a guest). On vCPU 0's
 * thread while all others are parked. */
enum status personality_domain_soft_reset(struct domain *d);

/* Before entry: turn mail into events, copy out runstate and time areas that changed, bring
 * console rings forward. Cheap when there is nothing. */
void personality_prepare_entry(struct vcpu *v, uint64_t mail);
/* Is an upcall due: pending selector set, not masked by the upcall mask of the ABI? With
 * a vector the caller injects it (0: none due). */
unsigned personality_upcall_vector(struct vcpu *v);
/* bool personality_upcall_flag(const struct personality_vcpu *p), inline in xen/state.h: false says
 * at once that none is. */
/* The vCPU would block: anything pending that must keep it awake? */
bool personality_has_event(struct vcpu *v);
/* INIT has cleared the local APIC: raise again what is still due. */
void personality_vcpu_was_reset(struct vcpu *v);
/* The vCPU goes down, as when it halts with interrupts off; the last that is up takes the domain
 * with it. */
void personality_vcpu_down(struct vcpu *v);
/* The vCPU has just been given a CPU (after having run elsewhere or not at all). */
void personality_scheduled_in(struct vcpu *v);

/* A hypercall: number and up to 3 arguments; `compat` when the caller runs in a 32-bit mode.
 * The result goes to the guest's result register. */
uint64_t personality_hypercall(struct vcpu *v, uint64_t nr, const uint64_t args[3], bool compat);

/* Tell the guest its clock anew: its TSC has been moved (arch_vcpu_clock says something else now).
 */
void personality_clock_write(struct vcpu *v);

/* CPUID leaves from 0x40000000; false: not ours. */
bool personality_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t regs[4]);
/* The MSR with which a guest asks for the hypercall page: `value` is its address. It
 * reads as 0. INVALID (an index in the low bits) and FAULT (no RAM) mean #GP. */
#define PERSONALITY_MSR_HYPERCALL 0x40000000u
enum status personality_hypercall_page(struct vcpu *v, uint64_t value);

#endif
