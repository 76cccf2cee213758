/* SPDX-License-Identifier: Apache-2.0 */
/* The fake architecture's reasons to leave a guest. */
#ifndef ASM_EXITS_H
#define ASM_EXITS_H

enum arch_exit { ARCH_EXIT_HYPERCALL, ARCH_EXIT_OTHER, ARCH_EXITS };
#define ARCH_EXIT_NAMES                                                                            \
  { "hypercall", "other" }

#endif
