/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interactive console: one domain, or the hypervisor itself, has the
 * input. Ctrl-A three times moves it on; fewer are passed on with the next key.
 */
#include "console.h"
#include <arch/arch.h>
#include <drivers/uart.h>
#include <exits.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <sched.h>

#define CTRL_A        1
#define CTRL_A_NEEDED 3
#define INPUT_MAX     256 /* a power of two */

static struct spinlock input_lock; /* of the queue; a leaf */
static char input[INPUT_MAX];      /* typed, not yet read by the domain with the input */
static unsigned input_head, input_tail;

static unsigned focus; /* index of a domain; domain_count: the hypervisor itself. Atomic */
static unsigned ctrl_a_count;

static bool focused(const struct domain_stub *d) {
  return d == &domains[atomic_read(&focus)];
}

/* --- to and from the domains ------------------------------------------------------ */

void console_domain_write(struct domain *d, struct console_line *line, const char *s, size_t n) {
  if (focused(d->stub))
    console_emit_now(d->stub, line, s, n);
  else
    console_emit_lines(d->stub, line, s, n);
}

void console_domain_show(struct domain *d, const struct console_line *line) {
  if (focused(d->stub))
    console_emit_open(d->stub, line);
}

size_t console_domain_read(struct domain *d, char *s, size_t n) {
  size_t got = 0;
  if (!focused(d->stub))
    return 0;
  spin_lock(&input_lock);
  for (; got < n && input_tail != input_head; got++) {
    char *c = &input[input_tail++ % INPUT_MAX];
    s[got] = *c;
    *c = 0; /* what was typed for one domain must not stay */
  }
  spin_unlock(&input_lock);
  return got;
}

static void input_put(char c) {
  spin_lock(&input_lock);
  if (input_head - input_tail < INPUT_MAX)
    input[input_head++ % INPUT_MAX] = c;
  spin_unlock(&input_lock);
  vcpu_mail(&domains[focus].vcpus[0], MAIL_CONSOLE);
}

/* --- the hypervisor's own keys -------------------------------------------------------- */

static void dump_vcpu(struct vcpu_stub *s) {
  static const char *const names[] = {"parked", "runnable", "running", "blocked"};
  enum runstate state;
  uint64_t since, time[4];
  runstate_get(s, &state, &since, time);
  log_printf("%s vcpu %u: %s, cpu %u%s, mail %lx, ran %lu ms\n", s->domain->config->name, s->id,
             names[s->state], s->cpu ? s->cpu->id : 0, s->pin ? " (pinned)" : "",
             (unsigned long)s->mail, (unsigned long)(time[RUNSTATE_RUNNING] / 1000000));
}

static void for_each_vcpu(void (*fn)(struct vcpu_stub *s)) {
  for (unsigned i = 0; i < domain_count; i++)
    for (unsigned n = 0; n < domains[i].vcpu_count; n++)
      fn(&domains[i].vcpus[n]);
}

static void key_dump(void) {
  log_printf("%lu KiB free, up %lu ms\n", (unsigned long)(frame_count_free() * PAGE_SIZE / 1024),
             (unsigned long)(time_now() / 1000000));
  for_each_vcpu(dump_vcpu);
}

static void raise_debug(struct vcpu_stub *s) {
  vcpu_mail(s, MAIL_DEBUG);
}

static void key_debug(void) {
  for_each_vcpu(raise_debug);
}

static const struct {
  char key;
  void (*fn)(void);
  const char *what;
} keys[] = {
    {'d', key_dump, "show what every vCPU does"},
    {'e', key_debug, "raise the debug event in every guest"},
#ifdef CONFIG_EXIT_STATS
    {'s', exits_print_all, "show how often each vCPU has left its guest, and why"},
#endif
    {'q', arch_poweroff, "turn the machine off"},
};

static void key_press(char c) {
  for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
    if (keys[i].key == c) {
      keys[i].fn();
      return;
    }
  }
  for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
    log_printf("%c: %s\n", keys[i].key, keys[i].what);
}

/* --- input -------------------------------------------------------------------------------- */

static void focus_set(unsigned to) {
  spin_lock(&input_lock);
  memset(input, 0, sizeof(input));
  input_head = input_tail = 0;
  atomic_store(&focus, to);
  spin_unlock(&input_lock);
  const char *name = to < domain_count ? domains[to].config->name : "skerry, press h for help";
  log_printf("input to %s%s (Ctrl-A three times switches)\n", to < domain_count ? "domain " : "",
             name);
  if (to < domain_count) /* its prompt may stand in a line that nobody has seen yet */
    vcpu_mail(&domains[to].vcpus[0], MAIL_CONSOLE);
}

static void input_deliver(char c) {
  if (focus < domain_count)
    input_put(c);
  else
    key_press(c);
}

static void input_key(char c) {
  if (c == CTRL_A) {
    if (++ctrl_a_count == CTRL_A_NEEDED) {
      ctrl_a_count = 0;
      focus_set(focus < domain_count ? focus + 1 : 0);
    }
    return;
  }
  for (; ctrl_a_count; ctrl_a_count--)
    input_deliver(CTRL_A);
  input_deliver(c);
}

void console_receive(void) {
  for (int c = uart_get(); c >= 0; c = uart_get())
    input_key((char)c);
}

void console_start(unsigned first) {
  focus_set(first);
  uart_input_on();
  console_receive(); /* what came before raises no interrupt */
}
