/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit accounting (CONFIG_EXIT_STATS): how often each vCPU has left its guest,
 * by reason, since the machine started; a restart does not reset it. Without
 * the option no function here exists, nothing is counted and nothing stored:
 * every use asks ENABLED(CONFIG_EXIT_STATS) first.
 */
#ifndef EXITS_H
#define EXITS_H

#include <domain.h>

/* The vCPU's own CPU alone counts; others may read meanwhile. */
static inline void exit_count(struct vcpu *v, enum arch_exit why) {
  uint64_t *count = &v->stub->exits[why];
  atomic_write(count, *count + 1);
}

/* To the log, if it may have that many (log_allowed), a line for each count that is not 0, which
 * `skerry stat` reads: exits: DOMAIN VCPU REASON COUNT then `exits: end`. Any CPU, no lock held. */
void exits_print(const struct domain_stub *d);
void exits_print_all(void);

#endif
