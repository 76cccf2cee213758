/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spin locks. Root mode runs with interrupts off, so a lock never masks them.
 * While it waits, a CPU serves requests of others (arch_cpu_serve), so that a
 * holder may wait for every CPU to flush (see p2m.h).
 *
 * Lock order, outermost first; never take one to the left while holding one
 * to the right:
 *
 *   domain life -> p2m -> evtchn -> channel -> maptrack -> arena -> grants -> frame ->
 *     sched -> timer -> console
 */
#ifndef LIB_LOCK_H
#define LIB_LOCK_H

#include <lib/types.h>

struct spinlock {
  uint16_t next;  /* ticket that the next comer draws */
  uint16_t owner; /* ticket that holds the lock */
};

void spin_lock(struct spinlock *l);
void spin_unlock(struct spinlock *l);

#endif
