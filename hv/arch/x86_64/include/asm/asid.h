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

/* May the vCPU go on with its tag: it is of this CPU and its generation, and nothing was taken out
 * of the domain's memory map since? */
static inline bool asid_current(const struct vcpu *v) {
  return v->arch.asid_cpu == this_private->cpu &&
         v->arch.asid_generation == this_private->asid_generation &&
         v->arch.flush_seen == atomic_read(&v->stub->domain->flush_gen);
}

/* Give it the CPU's next tag, 1 to limit - 1. True: they ran out, a new generation has begun, and
 * what this CPU holds of all tags must be dropped before the entry. */
bool asid_renew(struct vcpu *v, uint32_t limit);

#endif
