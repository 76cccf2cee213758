/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the barrier's instructions on the host: test_speculation.c records them. */
#ifndef ASM_SPEC_OPS_H
#define ASM_SPEC_OPS_H

#include <asm/machine.h>

void return_stack_fill(void);
void buffers_clear(void);
void divider_clear(void);

#endif
