/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that has a UART (CONFIG_CONSOLE_SERVICE), which it drives while it runs.
 * Where it is the one that the hypervisor uses, the domain reads what that would
 * have put out. MAIL_SERIAL tells it of the UART's interrupt and of log lines.
 */
#ifndef CONSOLE_LENT_H
#define CONSOLE_LENT_H

#include <domain.h>

extern struct spinlock console_lock; /* of the line: console.c's */

/* Boot: whenever this domain runs, the UART of its manifest is its own. */
void console_lend(struct domain_stub *d);
/* Boot: the manifest gives one domain at most ports, and these are a UART's. */
enum status serial_check(void);
/* Boot, the architecture's: is this UART ours with its interrupt, or one that nobody uses? Then its
 * interrupt is routed. False: the ports are not a UART's or the interrupt cannot be a domain's. */
bool arch_serial_give(uint16_t port, uint16_t interrupt);

/* May the domain use this port, at this width, now? Then it may until console_lent_leave, and of
 * our line nobody else uses the UART meanwhile: for one access. Takes the console's lock. */
bool console_lent_enter(const struct domain_stub *d, uint16_t port, unsigned size);
void console_lent_leave(void);
/* Is the hypervisor's line the domain's, and its log? */
bool console_lent_to(const struct domain_stub *d);
/* What the hypervisor would have put out, for the owner: up to n bytes. */
size_t console_lent_read(char *s, size_t n);

/* Under the console's lock, before the bytes of one hold of it. True: they are for
 * console_lent_put; false: for the UART, taken back if its owner has ended since. */
bool console_lent_begin(void);
void console_lent_put(char c);
/* Tells the owner of the log; false: the line is ours. Any context. */
bool console_lent_tell(void);
/* A UART's interrupt: the same, for an owner of another UART as well. */
bool console_lent_interrupt(void);

/* From now on nothing is lent: in a panic. */
void console_take(void);
/* Before the machine goes off: what has not been read goes out. */
void console_finish(void);

#endif
