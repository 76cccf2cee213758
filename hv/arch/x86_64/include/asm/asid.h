/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags of guests' translations (SVM: ASID, VMX: VPID), given per CPU by
 * generation, so that more vCPUs than tags work. How a vendor drops what a tag
 * holds is its own matter.
 */
#ifndef ASM_ASID_H
#define ASM_ASID_H

#include <asm/private.h>
#include <domain.h>
#include <lib/atomic.h>

/* The next entry takes a new tag. */
static inline void asid_drop(struct vcpu *v) {
  v->arch.asid_due = true;
}

/* The vCPU's thread comes to this CPU: may it go on with its tag? It must be of this CPU and its
 * generation, and nothing may have been taken out of the domain's memory map since. What comes
 * later reaches the CPU, which drops the tag then (arch_p2m_flush_local); while the thread is here
 * no other takes one. So entries need not ask. */
static inline void asid_load(struct vcpu *v) {
  if (v->arch.asid_cpu != this_private->cpu ||
      v->arch.asid_generation != this_private->asid_generation ||
      v->arch.flush_seen != atomic_load(&v->stub->domain->flush_gen))
    asid_drop(v);
}

/* Give it the CPU's next tag, 1 to limit - 1. True: they ran out, a new generation has begun, and
 * what this CPU holds of all tags must be dropped before the entry. */
bool asid_renew(struct vcpu *v, uint32_t limit);

#endif
