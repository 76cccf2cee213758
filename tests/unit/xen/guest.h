/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain on the fake machine with the real personality in it, and a guest
 * that is played by the test: its memory, its hypercalls. Guest-linear is
 * guest-physical. CPU n runs vCPU n.
 */
#ifndef TESTS_XEN_GUEST_H
#define TESTS_XEN_GUEST_H

#include "world.h"
#include <abi/xen/compat.h>
#include <abi/xen/errno.h>
#include <abi/xen/xen.h>
#include <arena.h>
#include "compat_arguments.h"

#define RAM_PAGES   64u
#define RING_GFN    0xfeff8u
#define READ_ONLY   0x20000u /* an address in a read-only page */
#define UNMAPPED    0x7000000u
#define ARGUMENT    0x8000u /* where call_with puts arguments */
#define EVENT_LIMIT 1024u
#define MAX_PAGES   (RAM_PAGES + 1 + 16)

extern struct domain *d;
extern struct vcpu *vcpu[4];

/* What the next domains get in their description; 0 at first. */
extern uint32_t guest_grant_frames, guest_maptrack;
extern struct manifest_channel guest_channel; /* kind 0: there is none */
/* A fresh domain with that many vCPUs, on a machine of so many frames; only vCPU 0 is up. */
extern uint64_t guest_machine_frames;
void guest_setup(unsigned vcpus);
/* So many domains with two vCPUs each and these channels between them. The arenas stand at one
 * address, so `d` and `vcpu` mean the domain that the test is in. */
#define GUESTS_MAX   3u
#define CHANNELS_MAX 8u
void guests_setup(unsigned count, const struct manifest_channel *channels, unsigned channel_count);
/* The test is vCPU n of that domain, 0 or above, from now on; each has a CPU. */
void guest_in(unsigned domain, unsigned n);
/* The test is vCPU n from now on. */
void guest_become(unsigned n);
/* A second domain with one vCPU on CPU 3, and the test is it until guest_become. */
void guest_second(void);
void guest_become_second(void);
/* The vCPU's entry: drains its mail. */
void guest_enter(void);

/* The page that the guest has at `gfn`, or NULL. */
void *guest_page(uint64_t gfn);
void guest_put(uint64_t gpa, const void *from, size_t n);
void guest_get(void *to, uint64_t gpa, size_t n);

int64_t call(unsigned nr, uint64_t a, uint64_t b, uint64_t c);
int64_t call_compat_mode(unsigned nr, uint64_t a, uint64_t b, uint64_t c);
/* A call whose second argument is a structure; it is copied in and out. */
int64_t call_with(unsigned nr, uint64_t op, void *arg, size_t n);
int64_t compat_call_with(unsigned nr, uint64_t op, void *arg, size_t n);
int64_t vcpu_call(uint64_t op, unsigned id, void *arg, size_t n);
#define CALL(nr, op, arg) call_with(nr, op, &(arg), sizeof(arg))

/* Mapped at the guest's page 1 by shared_map. */
void shared_map(void);
struct shared_info *shared(void);
struct vcpu_info *info(unsigned n);
int64_t bind_ipi(unsigned n);
/* The domain that the test is in ends, and starts again. */
void guest_end(void);
void guest_start(void);

/* Fakes of core: what was said to it. */
extern unsigned mails;              /* vcpu_mail calls */
extern void (*while_blocked)(void); /* what happens while vcpu_block waits; must send mail */
extern unsigned blocks;
extern enum domain_end ended;
extern char console_text[8192];
extern size_t console_used;
extern const char *console_input;
extern struct arch_context context_seen;
extern uint64_t clock_zero;
extern bool clock_stable, mode_32bit, interrupt_due;

#endif
