/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CMOS real-time clock.
 */
#ifndef DRIVERS_RTC_H
#define DRIVERS_RTC_H

#include <lib/types.h>

/* Seconds since 1970 by a clock that is taken to run in UTC. Boot only. */
uint64_t rtc_read(void);

#endif
