/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of core share: a few domains on the fake machine, and the ends
 * that core leaves open (panic, log).
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <asm/fake.h>
#include <lib/lib.h>
#include <lib/lock.h>

#define WORLD_DOMAINS 64u

/* Domains 1..count with `vcpus` parked vCPUs of weight 256 each, not pinned. No arena yet. */
void world_domains(unsigned count, unsigned vcpus);
extern struct manifest_domain world_config[WORLD_DOMAINS];
extern struct manifest_header world_header;
/* Make the domain's arena and link it on this CPU. */
struct domain *world_arena(struct domain_stub *d);

/* The log since the last call of world_log_clear. */
extern char world_log[4096];
void world_log_clear(void);

/* True if the statement panics. */
extern jmp_buf world_panic_jump;
extern bool world_panic_expected;
extern char world_panic_text[256];
#define PANICS(statement)                                                                          \
  (world_panic_expected = true, setjmp(world_panic_jump) ? true : ({                               \
     statement;                                                                                    \
     world_panic_expected = false;                                                                 \
     false;                                                                                        \
   }))

/* Deterministic pseudo-random numbers below n. */
uint32_t rnd(uint32_t n);
void rnd_seed(uint64_t seed);

static inline bool spin_is_locked(const struct spinlock *l) {
  return l->owner != l->next;
}

// Walks the table.
uint64_t frame_count_kind(enum frame_kind kind);

#endif
