// SPDX-License-Identifier: Apache-2.0
// A sibling is started in a state that no machine should enter: every field that VCPUOP_initialise
// takes, each wrong in turn. Refused, entered, or the domain dies: the machine goes on.
#include "hostile.h"

// AMD64 Architecture Programmer's Manual, vol. 2, 15.5.1; Intel SDM, vol. 3C, 26.3.1.
static void spoil_flat(struct dice *d, struct vcpu_hvm_x86_32 *r) {
  uint32_t *const words[] = {&r->cr0,     &r->cr3,      &r->cr4,      &r->eflags,  &r->cs_base,
                             &r->ss_base, &r->cs_limit, &r->ss_limit, &r->tr_limit};
  uint16_t *const rights[] = {&r->cs_ar, &r->ds_ar, &r->ss_ar, &r->es_ar, &r->tr_ar};
  if (one_in(d, 2))
    *rights[dice_below(d, ARRAY_LEN(rights))] ^= 1u << dice_below(d, 16);
  else if (one_in(d, 8))
    r->efer ^= 1ul << dice_below(d, 64);
  else
    *words[dice_below(d, ARRAY_LEN(words))] ^= 1u << dice_below(d, 32);
}

static void spoil_long(struct dice *d, struct vcpu_hvm_x86_64 *r) {
  uint64_t *const words[] = {&r->cr0, &r->cr3, &r->cr4, &r->rflags, &r->efer, &r->rip};
  *words[dice_below(d, ARRAY_LEN(words))] ^= 1ul << dice_below(d, 64);
}

// A vCPU takes VCPUOP_initialise once in a life.
void entry_random(struct dice *d) {
  static unsigned used;
  unsigned vcpu = WORKERS + used;
  struct vcpu_hvm_context context =
      one_in(d, 2) ? cpu_context_flat(SCRATCH) : cpu_context_long(SCRATCH);
  for (unsigned i = dice_below(d, 3); i; i--)
    if (context.mode == VCPU_HVM_MODE_32B)
      spoil_flat(d, &context.cpu_regs.x86_32);
    else
      spoil_long(d, &context.cpu_regs.x86_64);
  *(volatile uint16_t *)SCRATCH = 0xfeeb; // JMP to itself
  if (used < SPARES && vcpu_op(VCPUOP_initialise, vcpu, &context) == 0) {
    vcpu_op(VCPUOP_up, vcpu, 0);
    used++;
  }
}
