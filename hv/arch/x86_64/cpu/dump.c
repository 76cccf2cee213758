/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU's state for a person to read, when its domain has crashed. A panic's registers are
 * panic_print.c's.
 */
#include <arch/arch.h>
#include <asm/vendor.h>
#include <lib/lib.h>

#define COLUMNS 4u

/* What is not zero. */
void arch_vcpu_dump(struct vcpu *v) {
  unsigned column = 0;
  if (!log_allowed(v->stub->domain, DIV_ROUND_UP(state_count, COLUMNS)))
    return;
  for (unsigned i = 0; i < state_count; i++) {
    const struct state_record *r = &state_table[i];
    uint64_t value = r->get(v, r->arg);
    if (!value)
      continue;
    log_printf("%s %lx%s", r->name, value, ++column % COLUMNS ? "  " : "\n");
  }
  if (column % COLUMNS)
    log_printf("\n");
}
