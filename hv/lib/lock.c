/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket locks: CPUs get the lock in the order in which they came, so none
 * starves behind a busy one.
 */
#include <lib/atomic.h>
#include <lib/lock.h>

void arch_cpu_serve(void); /* arch/arch.h, which stands above lib */

void spin_lock(struct spinlock *l) {
  uint16_t ticket = atomic_add(&l->next, 1);
  while (atomic_load(&l->owner) != ticket)
    arch_cpu_serve();
}

void spin_unlock(struct spinlock *l) {
  /* Only the holder writes `owner`, so no locked access is due. */
  atomic_store(&l->owner, (uint16_t)(l->owner + 1));
}
