/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's own tables: where they are, and what to do without.
 */
#include "acpi.h"
#include <asm/msr.h>
#include <lib/lib.h>

struct acpi_info acpi_info;

#define MAPPED_END    (1ull << 32)
#define DEFAULT_LAPIC 0xfee00000ull

static __boot const uint8_t *map(uint64_t maddr, uint64_t size) {
  if (maddr >= MAPPED_END || size > MAPPED_END - maddr)
    return NULL;
  return boot_phys(maddr);
}

/* This CPU alone, with the local APIC where it is after reset. */
static __boot void one_cpu(void) {
  uint32_t r[4];
  cpuid(1, 0, r);
  acpi_info.apic_id[0] = r[1] >> 24;
  acpi_info.cpu_count = 1;
  log_printf("ACPI: starting one CPU only\n");
}

__boot enum status acpi_init(void) {
  uint64_t rsdp = boot_info.rsdp ? boot_info.rsdp : acpi_find_rsdp(map);
  enum status s = acpi_parse(map, rsdp, &acpi_info);
  if (s)
    one_cpu();
  if (!acpi_info.lapic_address)
    acpi_info.lapic_address = DEFAULT_LAPIC;
  return s;
}
