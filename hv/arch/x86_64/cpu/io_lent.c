/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports that the domain has: the hypervisor does what the guest asked for, a
 * byte at a time, so that it can take them back at any moment.
 */
#include <asm/cpu_ops.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <asm/vendor.h>
#include <console_lent.h>
#include <drivers/uart.h>

#define FIRST_PORT  0x200 /* below stand the PC's own devices, */
#define PCI_PORT    0xcf8 /* and here PCI's configuration */
#define CASCADE_IRQ 2     /* of the old interrupt controllers */
#define CLOCK_IRQ   8
#define ACPI_IRQ    9

static __boot bool overlaps(uint16_t port, uint64_t other, unsigned size) {
  return other < port + UART_PORTS && port < other + size;
}

static __boot bool ports_free(uint16_t port) {
  return port >= FIRST_PORT && port % UART_PORTS == 0 && port != PCI_PORT &&
         !overlaps(port, acpi_info.pm1a_port, 2) && !overlaps(port, acpi_info.pm1b_port, 2) &&
         !overlaps(port, acpi_info.pm_timer_port, 4) && !overlaps(port, acpi_info.smi_port, 1) &&
         !(acpi_info.reset_space == 1 && overlaps(port, acpi_info.reset_address, 1));
}

static __boot bool interrupt_free(uint16_t irq, uint16_t own) {
  return irq && irq < ARRAY_SIZE(acpi_info.isa_gsi) && irq != own && irq != CASCADE_IRQ &&
         irq != CLOCK_IRQ && irq != ACPI_IRQ && !MPS_LEVEL(acpi_info.isa_flags[irq]);
}

/* The interrupt is an edge: one that nobody sees to does not come again. */
__boot bool arch_serial_give(uint16_t port, uint16_t irq) {
  uint16_t own = uart_port() == COM2 ? COM2_IRQ : COM1_IRQ;
  if (port && port == uart_port())
    return irq == own;
  if (!ports_free(port) || !interrupt_free(irq, own) || !uart_answers(port))
    return false;
  ioapic_route(acpi_info.isa_gsi[irq], VECTOR_UART, cpus[0].arch_id, false,
               MPS_LOW(acpi_info.isa_flags[irq]));
  return true;
}

bool x86_io_lent(struct vcpu *v, const struct x86_io *io) {
  if (!console_lent_enter(v->stub->domain, io->port, io->size))
    return false;
  if (io->in)
    x86_write_gpr(v, RAX, 1, inb(io->port));
  else
    outb(io->port, (uint8_t)v->arch.regs.gpr[RAX]);
  console_lent_leave();
  return true;
}
