/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 16550 serial port. Callers serialise: the console's lock stands above.
 */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include <lib/types.h>

/* Is there a byte at `port` + 7 that keeps what is written, as a 16550 has it? */
bool uart_answers(uint16_t port);
/* 115200 baud, 8 bits, no parity, queues on, interrupts off. Where no UART answers, all
 * output is dropped and nothing is ever read. */
void uart_init(uint16_t port);
#define UART_PORTS 8u
/* The port of uart_init; 0: no UART answers. */
uint16_t uart_port(void);
/* Waits for room in the queue, but not for ever. */
void uart_put(char c);
/* Wait until all has gone out, but not for ever. */
void uart_flush(void);
/* The next received byte, or -1. */
int uart_get(void);
/* Interrupt when bytes have come. */
void uart_input_on(void);

#endif
