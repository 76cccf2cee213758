/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that fail on demand (wraps.py), and the state of the fake machine that must be
 * what it was before a call that failed.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include "../unit/xen/guest.h"

/* The nth call from now that can fail does, 1 or above; 0: none. */
void fault_arm(unsigned nth);
/* Which one has failed since, NULL: none. Nothing fails any more. */
const char *fault_disarm(void);
bool fault_due(const char *name);
/* Only inside of hypercalls does anything fail, and where this says. */
void fault_inside(bool now);

/* The hypercall that was made last: its number, and its first argument, mostly an operation. */
struct fault_call {
  unsigned number, op;
};
struct fault_call fault_last_call(void);

/* Every frame's owner, kind and references, and the content of all that domains own: their memory,
 * arenas, maps, tables; the stubs. Not: what only counts or hints (locks, the ends of searches),
 * and the guest's pages at ARGUMENT and above, up to ARGUMENTS_END, through which calls answer. */
#define ARGUMENTS_END 0xc000u
struct state *state_take(void);
/* From now on, domains are between two lives: what the next one writes anew does not count. */
void state_between_lives(bool between);
/* True if nothing differs; can print what does. */
bool state_same(const struct state *a, const struct state *b, bool print);
/* As many frames of each kind in each hand. */
bool state_equal_size(const struct state *a, const struct state *b);
void state_free(struct state *s);

#endif
