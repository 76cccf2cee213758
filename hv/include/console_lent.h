/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that has the machine's serial line (CONFIG_CONSOLE_SERVICE): while
 * it runs it drives the UART and reads what the hypervisor would have put out.
 * MAIL_SERIAL tells it of input, of room and of log lines.
 */
#ifndef CONSOLE_LENT_H
#define CONSOLE_LENT_H

#include <domain.h>

/* Boot: whenever this domain runs, the UART is its own. */
void console_lend(struct domain_stub *d);
/* Boot: the manifest gives the ports of our UART to one domain at most, and no other ports. */
enum status serial_check(void);

/* May the domain use this port, at this width, now? */
bool console_lent_port(const struct domain_stub *d, uint16_t port, unsigned size);
/* What the hypervisor would have put out, for the owner: up to n bytes. */
size_t console_lent_read(char *s, size_t n);

/* Under the console's lock, before the bytes of one hold of it. True: they are for
 * console_lent_put; false: for the UART, taken back if its owner has ended since. */
bool console_lent_begin(void);
void console_lent_put(char c);
/* Tells the owner that there is something; false: the line is ours. Any context. */
bool console_lent_tell(void);

/* From now on nothing is lent: in a panic. */
void console_take(void);
/* Before the machine goes off: what has not been read goes out. */
void console_finish(void);

#endif
