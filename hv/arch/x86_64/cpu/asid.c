/* SPDX-License-Identifier: Apache-2.0 */
/* The way to a new tag; asm/asid.h says what for. */
#include <asm/asid.h>

bool asid_renew(struct vcpu *v, uint32_t limit) {
  bool all = this_private->next_asid >= limit;
  v->arch.flush_seen = atomic_load(&v->stub->domain->flush_gen);
  if (all) {
    this_private->asid_generation++;
    this_private->next_asid = 1;
  }
  v->arch.asid_due = false;
  v->arch.asid = this_private->next_asid++;
  v->arch.asid_cpu = this_private->cpu;
  v->arch.asid_generation = this_private->asid_generation;
  return all;
}
