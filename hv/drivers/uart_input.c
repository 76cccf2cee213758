/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16550's input, which interrupts: PC16550D data sheet, 8.0. A build that
 * reads no serial line is without this file.
 */
#include <asm/machine.h>
#include "uart.h"

enum { DATA = 0, IER = 1, LSR = 5 };

#define IER_RECEIVED 0x01
#define LSR_RECEIVED 0x01

int uart_get(void) {
  uint16_t base = uart_port();
  if (!base || !(inb(base + LSR) & LSR_RECEIVED))
    return -1;
  return inb(base + DATA);
}

void uart_input_on(void) {
  if (uart_port())
    outb(uart_port() + IER, IER_RECEIVED);
}
