/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that a domain's console output is collected in. It stands in the
 * arena, since it is guest content. Apart from console.h, so that the guest
 * ABI's state (xen/state.h) can hold one.
 */
#ifndef CONSOLE_LINE_H
#define CONSOLE_LINE_H

#include <lib/types.h>

/* Assembles lines. Zeroes: empty. */
struct console_line {
  uint16_t used;
  char text[254];
};

#endif
