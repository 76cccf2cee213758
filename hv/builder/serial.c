/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot builder's check of a serial line that the manifest gives away: the
 * only ports and the only interrupt that a domain may have are our UART's.
 */
#include <builder/builder.h>
#include <console_lent.h>
#include <drivers/uart.h>
#include <lib/lib.h>

#define COM1     0x3f8
#define COM1_IRQ 4
#define COM2_IRQ 3

static __boot bool serial_ok(const struct manifest_domain *d) {
  return d->ports == UART_PORTS && d->first_port == uart_port() &&
         d->interrupt == (d->first_port == COM1 ? COM1_IRQ : COM2_IRQ);
}

__boot enum status serial_check(void) {
  const struct manifest_domain *owner = NULL;
  for (unsigned i = 0; i < system_config->domains.count; i++) {
    const struct manifest_domain *d = &image.domains[i];
    if (!d->ports)
      continue;
    if (owner || !serial_ok(d))
      REFUSE("reason=serial domain=%s port=%x ports=%u\n", d->name, d->first_port, d->ports);
    owner = d;
  }
  return STATUS_OK;
}
