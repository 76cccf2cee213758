/* SPDX-License-Identifier: Apache-2.0 */
/* Exit accounting: what was counted goes to the log. */
#include <exits.h>
#include <lib/lib.h>

static void print_vcpu(const struct vcpu_stub *s) {
  static const char *const names[] = ARCH_EXIT_NAMES;
  _Static_assert(ARRAY_SIZE(names) == ARCH_EXITS, "a name for each reason");
  for (unsigned i = 0; i < ARCH_EXITS; i++) {
    uint64_t count = atomic_read(&s->exits[i]);
    if (count)
      log_printf("exits: %s %u %s %lu\n", s->domain->config->name, s->id, names[i],
                 (unsigned long)count);
  }
}

static void print_domain(const struct domain_stub *d) {
  for (uint32_t i = 0; i < d->vcpu_count; i++)
    print_vcpu(&d->vcpus[i]);
}

static unsigned count_lines(const struct domain_stub *d) {
  unsigned lines = 1; /* the end */
  for (uint32_t i = 0; i < d->vcpu_count; i++)
    for (unsigned why = 0; why < ARCH_EXITS; why++)
      lines += atomic_read(&d->vcpus[i].exits[why]) != 0;
  return lines;
}

void exits_print(const struct domain_stub *d) {
  if (!log_allowed(d, count_lines(d)))
    return;
  print_domain(d);
  log_printf("exits: end\n");
}

void exits_print_all(void) {
  for (unsigned i = 0; i < domain_count; i++)
    print_domain(&domains[i]);
  log_printf("exits: end\n");
}
