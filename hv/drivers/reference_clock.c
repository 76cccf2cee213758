/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPET (IA-PC HPET 1.0a, 2.3) and ACPI PM timer (ACPI 6.5, 4.8.3.3).
 */
#include "reference_clock.h"
#include <asm/machine.h>
#include <asm/platform.h>

#define HPET_SIZE       1024
#define HPET_PERIOD     0x004 /* femtoseconds a tick */
#define HPET_CONFIG     0x010
#define HPET_ENABLE     0x1
#define HPET_COUNTER    0x0f0
#define HPET_PERIOD_MAX 100000000u /* the specification's limit */

#define PM_TIMER_PERIOD 279365114u /* of 3.579545 MHz, in femtoseconds */
#define PM_TIMER_24BIT  0xffffffu

static __boot_data char *hpet;
static __boot_data uint32_t period, mask;

static __boot bool hpet_init(void) {
  if (!acpi_info.hpet_address)
    return false;
  hpet = mm_map_device(acpi_info.hpet_address, HPET_SIZE);
  period = hpet ? mmio_read32(hpet + HPET_PERIOD) : 0;
  if (!period || period > HPET_PERIOD_MAX) {
    hpet = NULL;
    return false;
  }
  mmio_write32(hpet + HPET_CONFIG, mmio_read32(hpet + HPET_CONFIG) | HPET_ENABLE);
  mask = UINT32_MAX;
  return true;
}

__boot bool reference_clock_init(void) {
  if (hpet_init())
    return true;
  period = PM_TIMER_PERIOD;
  mask = acpi_info.pm_timer_32bit ? UINT32_MAX : PM_TIMER_24BIT;
  return acpi_info.pm_timer_port;
}

__boot uint32_t reference_clock_read(void) {
  return hpet ? mmio_read32(hpet + HPET_COUNTER) : inl((uint16_t)acpi_info.pm_timer_port);
}

__boot uint64_t reference_clock_ns(uint32_t from, uint32_t to) {
  return (uint64_t)((to - from) & mask) * period / 1000000;
}
