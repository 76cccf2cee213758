/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot builder's check of a UART that the manifest gives away: one domain
 * has it, it is the hypervisor's where the manifest says so and only there, and
 * the architecture looks at its ports and its interrupt.
 */
#include <builder/builder.h>
#include <console_lent.h>
#include <drivers/uart.h>
#include <lib/lib.h>

__boot enum status serial_check(void) {
  const struct manifest_domain *owner = NULL;
  for (unsigned i = 0; i < system_config->domains.count; i++) {
    const struct manifest_domain *d = &image.domains[i];
    if (!d->ports)
      continue;
    bool line = d->flags & MANIFEST_DOMAIN_LINE;
    if (owner || d->ports != UART_PORTS || line != (d->first_port == uart_port()) ||
        !arch_serial_give(d->first_port, d->interrupt))
      REFUSE("reason=serial domain=%s port=%x ports=%u interrupt=%u\n", d->name, d->first_port,
             d->ports, d->interrupt);
    owner = d;
  }
  return STATUS_OK;
}
