/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The architecture's part of a panic.
 */
#ifndef CPU_PANIC_H
#define CPU_PANIC_H

#include <lib/types.h>

enum panic_end { PANIC_HALT, PANIC_POWEROFF, PANIC_REBOOT };
/* What follows a panic; from the command line (`panic=`). */
extern enum panic_end panic_end;

/* Has a panic begun that stops all CPUs? */
bool panic_stops_all(void);
/* This CPU's registers and backtrace. */
void panic_print_cpu(void);

#endif
