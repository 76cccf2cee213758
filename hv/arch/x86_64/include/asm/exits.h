/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a guest leaves its CPU, as the exit accounting names it: the same on both
 * vendors. Part of the architecture's contract with core/exits.c.
 */
#ifndef ASM_EXITS_H
#define ASM_EXITS_H

enum arch_exit {
  ARCH_EXIT_HYPERCALL,
  ARCH_EXIT_INTERRUPT, /* one of ours, or a timer's */
  ARCH_EXIT_WINDOW,    /* the guest has become able to take what waits */
  ARCH_EXIT_HLT,
  ARCH_EXIT_CPUID,
  ARCH_EXIT_RDMSR,
  ARCH_EXIT_WRMSR,
  ARCH_EXIT_PORT,
  ARCH_EXIT_MEMORY,  /* nested page fault: the local APIC's page, or nothing there */
  ARCH_EXIT_CONTROL, /* control registers, XCR0 */
  ARCH_EXIT_EXCEPTION,
  ARCH_EXIT_OTHER, /* refused and unknown instructions, triple faults */
  ARCH_EXITS
};
#define ARCH_EXIT_NAMES                                                                            \
  {                                                                                                \
    "hypercall", "interrupt", "window", "hlt", "cpuid", "rdmsr", "wrmsr", "port", "memory",        \
        "control", "exception", "other"                                                            \
  }

#endif
