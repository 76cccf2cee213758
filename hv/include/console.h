/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's console: the hypervisor's log and the consoles of all domains
 * on one UART. Every line carries its origin ("[name] " or "skerry: ").
 * With the multiplexer, Ctrl-A three times moves the input to the next domain.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <domain.h>

/* Bytes that the current domain prints. What the domain with the input prints
 * appears at once, that of the others line by line. */
void console_domain_write(struct domain *d, struct console_line *line, const char *s, size_t n);
/* The line that the domain has begun, if it has the input and the line is not on the screen. */
void console_domain_show(struct domain *d, const struct console_line *line);
/* Bytes typed for this domain, up to n; MAIL_CONSOLE on vCPU 0 says that there are some. */
size_t console_domain_read(struct domain *d, char *s, size_t n);

/* Interrupt context: bytes have come from the UART. */
void console_receive(void);
/* Boot: after the manifest is known. The domain with the input first, by its index. */
void console_start(unsigned first);
/* Text of the hypervisor itself; see log_printf. */
void console_log(const char *s, size_t n);
/* In a panic: from now on output takes no lock. */
void console_panic(void);

#endif
