/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turning the machine off, and restarting it. ACPI 6.5, 4.8.3 and 16.1.
 */
#include <arch/arch.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <console_lent.h>
#include <drivers/uart.h>
#include <lib/lib.h>

#define SCI_ENABLED    BIT(0)
#define SLEEP_TYPE(t)  ((uint16_t)((t) << 10))
#define SLEEP_TYPE_ALL SLEEP_TYPE(7)
#define SLEEP_ENABLE   BIT(13)
#define PATIENCE       1000000 /* port reads, of about 1 us */

static void sleep_write(uint32_t port, uint8_t type) {
  uint16_t v = (uint16_t)(inw((uint16_t)port) & ~(SLEEP_TYPE_ALL | SLEEP_ENABLE));
  v |= SLEEP_TYPE(type);
  outw((uint16_t)port, v);
  outw((uint16_t)port, (uint16_t)(v | SLEEP_ENABLE));
}

/* Firmware that still manages power itself hands the PM1 ports over. */
static void acpi_take_over(void) {
  uint16_t pm1a = (uint16_t)acpi_info.pm1a_port;
  if (!acpi_info.smi_port || (inw(pm1a) & SCI_ENABLED))
    return;
  outb(acpi_info.smi_port, acpi_info.acpi_enable);
  for (unsigned i = 0; i < PATIENCE && !(inw(pm1a) & SCI_ENABLED); i++)
    cpu_relax();
}

void arch_poweroff(void) {
  if (ENABLED(CONFIG_CONSOLE_SERVICE))
    console_finish();
  uart_flush();
  if (acpi_info.s5_found && acpi_info.pm1a_port) {
    acpi_take_over();
    sleep_write(acpi_info.pm1a_port, acpi_info.s5_a);
    if (acpi_info.pm1b_port)
      sleep_write(acpi_info.pm1b_port, acpi_info.s5_b);
    for (unsigned i = 0; i < PATIENCE; i++)
      inw((uint16_t)acpi_info.pm1a_port);
  }
  log_printf("this machine does not turn itself off: halted\n");
  cpu_stop();
}

void machine_reset(void) {
  if (acpi_info.reset_address && acpi_info.reset_space == 1)
    outb((uint16_t)acpi_info.reset_address, acpi_info.reset_value);
  outb(0xcf9, 0x06); /* chipset reset control: hard reset */
  outb(0x64, 0xfe);  /* keyboard controller: pulse the reset line */
  cpu_stop();
}
