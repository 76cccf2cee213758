/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serial line in the hands of a domain: while that one runs, what would go
 * to the UART goes into a ring that it reads, and the UART's ports and
 * interrupt are its own. When it ends, and in a panic, the line is ours again
 * with the next byte. A UART that we do not use is the domain's in the same way,
 * but for the log. Left out of a build without CONSOLE_SERVICE.
 */
#include <console_lent.h>
#include <drivers/uart.h>
#include <lib/atomic.h>
#include <lib/lib.h>

#define LOG_SIZE 16384u /* a power of two */

static struct spinlock log_lock; /* of the ring; a leaf, behind the console's lock */
static char log_ring[LOG_SIZE];  /* what is not read in time gives way to what is newer */
static uint32_t head, tail;
static bool lent_before; /* under the console's lock */

static struct domain_stub *owner; /* NULL: nobody */
static bool ours;                 /* its UART is the one that we use */
static bool taken;                /* for good */

void console_lend(struct domain_stub *d) {
  owner = d;
  ours = uart_port() && d->config->first_port == uart_port();
}

bool console_lent_to(const struct domain_stub *d) {
  return ours && d == owner;
}

static bool has_uart(void) {
  return owner && !taken && atomic_read(&owner->state) == DOMAIN_RUNNING;
}

static bool lent(void) {
  return ours && has_uart();
}

/* The owner may take the last byte while the line is taken back: then there is less than none. */
static bool log_waits(void) {
  return (int32_t)(head - tail) > 0;
}

static char log_take(void) {
  char c = log_ring[tail % LOG_SIZE];
  log_ring[tail++ % LOG_SIZE] = 0;
  return c;
}

void console_lent_put(char c) {
  spin_lock(&log_lock);
  if (head - tail == LOG_SIZE)
    (void)log_take();
  log_ring[head++ % LOG_SIZE] = c;
  spin_unlock(&log_lock);
}

size_t console_lent_read(char *s, size_t n) {
  size_t got = 0;
  spin_lock(&log_lock);
  for (; got < n && log_waits(); got++)
    s[got] = log_take();
  spin_unlock(&log_lock);
  return got;
}

/* The domain may have left the UART in any state. In a panic who held the ring's lock may have been
 * stopped: it is looked at without. */
static void take_back(void) {
  uart_flush();
  uart_init(owner->config->first_port);
  uart_input_on();
  uart_put('\r');
  uart_put('\n');
  while (log_waits())
    uart_put(log_take());
}

bool console_lent_begin(void) {
  bool now = lent();
  if (lent_before && !now)
    take_back();
  lent_before = now;
  return now;
}

static bool has_port(const struct domain_stub *d, uint16_t port, unsigned size) {
  return d == owner && size == 1 && (uint16_t)(port - d->config->first_port) < d->config->ports &&
         has_uart();
}

/* What is being put out since before the owner ran would go on in the middle of what it sets up. */
static __attribute__((noinline)) bool line_enter(void) {
  spin_lock(&console_lock);
  if (console_lent_begin())
    return true;
  spin_unlock(&console_lock);
  return false;
}

bool console_lent_enter(const struct domain_stub *d, uint16_t port, unsigned size) {
  return has_port(d, port, size) && (!ours || line_enter());
}

void console_lent_leave(void) {
  if (ours)
    spin_unlock(&console_lock);
}

bool console_lent_tell(void) {
  bool now = lent();
  if (now)
    vcpu_mail(&owner->vcpus[0], MAIL_SERIAL);
  return now;
}

bool console_lent_interrupt(void) {
  if (has_uart())
    vcpu_mail(&owner->vcpus[0], MAIL_SERIAL);
  return lent();
}

void console_take(void) {
  atomic_write(&taken, true);
}

void console_finish(void) {
  console_take();
  if (lent_before)
    log_printf("the serial line is the hypervisor's again\n");
}
