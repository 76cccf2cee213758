/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain's console: the ring that HVM_PARAM_CONSOLE_* name (xen/io/console.h), or, where there
 * is none, the hypervisor's log by console_io (a boot domain on Xen; Skerry too). stdout and stderr
 * of the C library come here; stdin reads what has been typed.
 */
#ifndef LIBOS_CONSOLE_H
#define LIBOS_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

/* Writes `size` bytes, '\n' as "\r\n". Waits for room in the ring, but 100 ms at most; then the
 * rest is dropped, and until there is room again nothing waits at all: a console that stands
 * still must not hold up a service. */
void console_write(const char *text, size_t size);

/* Takes up to `size` typed bytes; 0 when there are none. Never waits. */
size_t console_read(char *to, size_t size);

/* Calls `ready` from the event loop when something has been typed (or the ring has room). One at a
 * time; NULL: none. Returns -1 if there is no ring. */
int console_on_input(void (*ready)(void *arg), void *arg);

#endif
