/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables of a guest: RSDP, XSDT, FADT (hardware-reduced), DSDT, MADT,
 * NFIT, as ACPI 6.5 defines them.
 */
#ifndef SKERRY_ACPI_H
#define SKERRY_ACPI_H

#include <stdbool.h>

#include "buf.h"

struct acpi_range {
  uint64_t gpa, size;
};

/* Appends all tables, to be loaded at guest-physical `base` (16-byte aligned);
 * `out` must be empty. The RSDP comes first. vcpus: 1..288. kept: memory that
 * the guest finds again in its next life, as persistent memory; of size 0: none. */
void acpi_build(struct buf *out, uint64_t base, unsigned vcpus, const struct acpi_range *kept);

#endif
