/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16550 that this domain has, by port; nothing here waits. PC16550D data sheet, 8.0.
 */
#ifndef CONSOLE_UART_H
#define CONSOLE_UART_H

#include <stdbool.h>
#include <stdint.h>

/* 115200 baud, 8 bits, no parity, queues and interrupts on. */
void uart_start(uint16_t port);
/* The next received byte, or -1. */
int uart_get(void);
/* Bytes that can be put now: 0, or as many as its queue has when it is empty. */
unsigned uart_room(void);
void uart_put(char c);
/* Whether it shall interrupt when its queue is empty. */
void uart_want_room(bool want);
/* Is there a reason to interrupt left? The line is an edge, so each must be seen to. */
bool uart_interrupts(void);

#endif
