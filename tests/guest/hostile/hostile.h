// SPDX-License-Identifier: Apache-2.0
// The parts of the hostile guest: values, hypercalls, accesses, and the loop of each vCPU. None of
// it checks an answer: whether the hypervisor and the others live on is all that counts.
#ifndef HOSTILE_H
#define HOSTILE_H

#include "rt/rt.h"

#define SCRATCH       0x1000000ul // guest-physical: 8 MiB that may come and go
#define SCRATCH_PAGES 2048u
#define WORKERS       4 // vCPUs that play
#define SPARES        4 // and further ones, for entry.c

// In memory of the friend, so that it outlives this domain's lives.
struct score {
  uint64_t ready, lives, calls, accesses;
};

// What a vCPU draws from; its own, so that the others do not change its sequence.
struct dice {
  uint64_t state;
  unsigned vcpu;
};

uint64_t dice_word(struct dice *d);
unsigned dice_below(struct dice *d, unsigned limit);
static inline int one_in(struct dice *d, unsigned n) {
  return !dice_below(d, n);
}

// --- values.c
uint64_t value_any(struct dice *d); // of the kind that an argument has, or anything
uint64_t value_gfn(struct dice *d);
// Somewhere to read an argument from: filled by the shape, unless it is a wild pointer.
uint64_t value_pointer(struct dice *d, const char *shape);

// --- calls.c: one hypercall
void call_random(struct dice *d);
// --- accesses.c: one MSR, port, CPUID, APIC, control register or page-table game
void access_random(struct dice *d);
// --- entry.c: a sibling is started in a state that no machine should enter
void entry_random(struct dice *d);

// Runs all vCPUs until the score is no longer ready.
void hostile_run(volatile struct score *score, uint64_t seed, uint64_t ready);

#endif
