/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC's timer as boot's calibration needs it.
 */
#ifndef IRQ_CLOCK_H
#define IRQ_CLOCK_H

#include <lib/types.h>

/* Count from 0, without an interrupt for seconds. */
void lapic_timer_start_count(void);
uint32_t lapic_timer_counted(void);
/* The timer is found to make `ticks` in `ns`; it stops. */
void lapic_timer_rate(uint64_t ticks, uint64_t ns);

#endif
