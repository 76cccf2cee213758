/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the MC146818's calendar (its data sheet, "Time, calendar and alarm
 * locations"). Not set, never written.
 */
#include "rtc.h"
#include <asm/machine.h>
#include <lib/lib.h>

enum { SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR, FIELDS };
#define STATUS_A        0x0a
#define UPDATE_RUNNING  0x80
#define STATUS_B        0x0b
#define STATUS_B_24H    0x02
#define STATUS_B_BINARY 0x04
#define HOURS_PM        0x80
#define PATIENCE        10000

static __boot uint8_t cmos(uint8_t reg) {
  outb(0x70, reg);
  return inb(0x71);
}

static __boot void fields_read(uint8_t f[FIELDS]) {
  static __boot_data const uint8_t registers[FIELDS] = {0, 2, 4, 7, 8, 9};
  for (unsigned i = 0; i < FIELDS; i++)
    f[i] = cmos(registers[i]);
}

/* An update takes the registers away for 2 ms and may come between two of them: read
 * until two readings agree. */
static __boot void fields_settle(uint8_t f[FIELDS]) {
  uint8_t again[FIELDS];
  for (unsigned i = 0; i < PATIENCE; i++) {
    if (cmos(STATUS_A) & UPDATE_RUNNING)
      continue;
    fields_read(f);
    fields_read(again);
    if (!memcmp(f, again, FIELDS))
      return;
  }
}

static __boot unsigned binary(uint8_t v, uint8_t status) {
  return status & STATUS_B_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: years begin in March here, so that
 * the leap day is a year's last. */
static __boot uint64_t days(unsigned year, unsigned month, unsigned day) {
  unsigned y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
  return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

__boot uint64_t rtc_read(void) {
  uint8_t f[FIELDS] = {0}, status = cmos(STATUS_B);
  fields_settle(f);
  unsigned hours = binary(f[HOURS] & (uint8_t)~HOURS_PM, status);
  if (!(status & STATUS_B_24H))
    hours = hours % 12 + (f[HOURS] & HOURS_PM ? 12 : 0);
  unsigned year = 2000 + binary(f[YEAR], status); /* the century has no fixed place */
  uint64_t d = days(year, binary(f[MONTH], status), binary(f[DAY], status));
  return ((d * 24 + hours) * 60 + binary(f[MINUTES], status)) * 60 + binary(f[SECONDS], status);
}
