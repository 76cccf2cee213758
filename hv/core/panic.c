/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the error ladder: an invariant of our own is broken.
 */
#include <arch/arch.h>
#include <console.h>
#include <lib/atomic.h>
#include <lib/lib.h>

static struct cpu *panicking;

static void print_where(struct cpu *c) {
  struct vcpu_stub *s = c->running;
  log_printf("cpu %u", c->id);
  if (s)
    log_printf(", domain %s vcpu %u", s->domain->config->name, s->id);
  log_printf("\n");
}

void panic(const char *fmt, ...) {
  /* Until the boot CPU is online, it is the only one and has no private page yet. */
  struct cpu *me = cpus[0].online ? arch_this_cpu() : &cpus[0], *nobody = NULL;
  if (!atomic_cas(&panicking, &nobody, me) && nobody != me) {
    for (;;)
      ; /* another CPU was first; its NMI stops this one */
  }
  char text[200];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof(text), fmt, ap);
  va_end(ap);
  console_panic();
  log_printf("PANIC: %s\n", text);
  if (!nobody)
    print_where(me);
  arch_panic();
}
