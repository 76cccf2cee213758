/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clock of known rate, against which boot measures the others: the HPET, or
 * the ACPI power management timer. Boot only.
 */
#ifndef DRIVERS_REFERENCE_CLOCK_H
#define DRIVERS_REFERENCE_CLOCK_H

#include <lib/types.h>

/* False: this machine has neither. After acpi_init and mm_init. */
bool reference_clock_init(void);
/* Counts up and wraps. */
uint32_t reference_clock_read(void);
/* Time between two readings, at most a second apart, in ns. */
uint64_t reference_clock_ns(uint32_t from, uint32_t to);

#endif
