/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ACPI tables (ACPI specification 6.5, chapter 5). The readers see the
 * machine through one function alone and trust nothing that they find, so that
 * they run, and are fuzzed, on any host.
 */
#ifndef ACPI_ACPI_H
#define ACPI_ACPI_H

#include <asm/platform.h>

/* The bytes at [maddr, maddr + size), or NULL where that is no memory. */
typedef const uint8_t *(*acpi_map_fn)(uint64_t maddr, uint64_t size);

/* Look for the RSDP where a PC's BIOS leaves it (5.2.5.1). 0: none. */
uint64_t acpi_find_rsdp(acpi_map_fn map);
/* Read all tables that the RSDP leads to. A bad table is left out, with a log line that names it.
 * INVALID without a MADT that lists a processor. */
enum status acpi_parse(acpi_map_fn map, uint64_t rsdp, struct acpi_info *out);
/* Look for Name(\_S5, Package...) in `n` bytes of AML; fills s5_a and s5_b. */
bool acpi_find_s5(const uint8_t *aml, uint64_t n, struct acpi_info *out);

#endif
