/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16550 (uart.h). Each access leaves the domain, so none is made without need.
 */
#include "uart.h"

#include <libos/io.h>

enum { DATA = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };

#define IER_RECEIVED 0x01
#define IER_EMPTY    0x02
#define IIR_NONE     0x01
#define FCR_ON       0x01 /* what is in the queues stays */
#define LCR_8N1      0x03
#define LCR_DLAB     0x80
#define MCR_ON       0x0b /* DTR, RTS, and OUT2, which gates the interrupt on a PC */
#define LSR_RECEIVED 0x01
#define LSR_EMPTY    0x20
#define QUEUE        16u

static uint16_t base;
static uint8_t enabled;

static void enable(uint8_t what) {
  if (what != enabled)
    io_out8(base + IER, what);
  enabled = what;
}

void uart_start(uint16_t port) {
  base = port;
  io_out8(base + LCR, LCR_DLAB);
  io_out8(base + DATA, 1);
  io_out8(base + IER, 0);
  io_out8(base + LCR, LCR_8N1);
  io_out8(base + FCR, FCR_ON);
  io_out8(base + MCR, MCR_ON);
  enabled = 0;
  enable(IER_RECEIVED);
}

int uart_get(void) {
  return io_in8(base + LSR) & LSR_RECEIVED ? io_in8(base + DATA) : -1;
}

unsigned uart_room(void) {
  return io_in8(base + LSR) & LSR_EMPTY ? QUEUE : 0;
}

void uart_put(char c) {
  io_out8(base + DATA, (uint8_t)c);
}

void uart_want_room(bool want) {
  enable(want ? IER_RECEIVED | IER_EMPTY : IER_RECEIVED);
}

bool uart_interrupts(void) {
  return !(io_in8(base + IIR) & IIR_NONE);
}
