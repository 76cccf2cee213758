/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an architecture owes the builder, at boot and for its figures. arch.h
 * has what holds as long as the machine runs.
 */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <lib/types.h>

/* Machine-physical to pointer, below 4 GiB. Boot only. */
void *boot_phys(uint64_t maddr);
/* A word of the hypervisor's command line, `name` or `name=value`; boot only. `size` is at least 1.
 */
bool option_get(const char *name, char *value, size_t size);
/* Map memory into the shared heap, for good; NULL when memory is exhausted. Boot only. */
void *mm_map_shared(uint64_t maddr, uint64_t size, bool writable);
/* Zeroed pages of the shared heap, for good (stubs); NULL when memory is exhausted. Boot only. */
void *mm_shared_alloc(uint64_t size);

/* The finest clock of the machine (x86: TSC), and what of it went since our first instruction into
 * waits for hardware and into copying, scrubbing and checking payloads (atomic). */
uint64_t boot_clock(void);
extern struct boot_ticks { uint64_t start, wait, copy, per_ms; } boot_ticks;

extern uint64_t mm_frame_table_frames; /* that hold the frame records */
extern uint64_t mm_early_private;      /* of the boot CPU's private part, of kind HV */

#endif
