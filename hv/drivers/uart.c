/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16550 by port: output, which polls. PC16550D data sheet, 8.0. What comes in
 * is uart_input.c's.
 */
#include <asm/machine.h>
#include "uart.h"

enum { DATA = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5, SCRATCH = 7 };

#define LCR_8N1   0x03
#define LCR_DLAB  0x80
#define FCR_ON    0x07 /* enable and clear both queues */
#define MCR_ON    0x0b /* DTR, RTS, and OUT2, which gates the interrupt on a PC */
#define LSR_EMPTY 0x20
#define LSR_SENT  0x40 /* the last byte has left the shift register as well */
#define QUEUE     16
#define PATIENCE  1000000 /* polls, of about 1 us */

static uint16_t base; /* 0: none */
static unsigned room; /* bytes that the queue takes before the next look */

bool uart_answers(uint16_t port) {
  outb(port + SCRATCH, 0x5a);
  return inb(port + SCRATCH) == 0x5a;
}

void uart_init(uint16_t port) {
  if (!uart_answers(port))
    return;
  outb(port + IER, 0);
  outb(port + LCR, LCR_DLAB);
  outb(port + DATA, 1);
  outb(port + IER, 0);
  outb(port + LCR, LCR_8N1);
  outb(port + FCR, FCR_ON);
  outb(port + MCR, MCR_ON);
  base = port;
  room = 0;
}

uint16_t uart_port(void) {
  return base;
}

void uart_put(char c) {
  if (!base)
    return;
  for (unsigned i = 0; !room && i < PATIENCE; i++)
    room = inb(base + LSR) & LSR_EMPTY ? QUEUE : 0;
  if (!room) {
    base = 0; /* it hangs: output is lost, not the machine */
    return;
  }
  outb(base + DATA, (uint8_t)c);
  room--;
}

void uart_flush(void) {
  for (unsigned i = 0; base && i < PATIENCE && !(inb(base + LSR) & LSR_SENT); i++)
    ;
}
