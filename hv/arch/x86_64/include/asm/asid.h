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
  v->arch.flush_seen = ~0ull;
}

/* The vCPU's thread comes to this CPU: its tag must be of this CPU and its generation. While the
 * thread is here no other takes a tag, so that entries need not ask. */
static inline void asid_load(struct vcpu *v) {
  if (v->arch.asid_cpu != this_private->cpu ||
      v->arch.asid_generation != this_private->asid_generation)
    asid_drop(v);
}

/* May the vCPU go on with its tag: it was not dropped, and nothing was taken out of the domain's
 * memory map since? */
static inline bool asid_current(const struct vcpu *v) {
  return v->arch.flush_seen == atomic_read(&v->stub->domain->flush_gen);
}

/* Give it the CPU's next tag, 1 to limit - 1. True: they ran out, a new generation has begun, and
 * what this CPU holds of all tags must be dropped before the entry. */
bool asid_renew(struct vcpu *v, uint32_t limit);

#endif
