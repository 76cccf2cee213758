/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables of a guest: RSDP, XSDT, FADT (hardware-reduced), DSDT, MADT,
 * as ACPI 6.5 defines them.
 */
#ifndef SKERRY_ACPI_H
#define SKERRY_ACPI_H

#include "buf.h"

/* Appends all tables, to be loaded at guest-physical `base` (16-byte aligned);
 * `out` must be empty. The RSDP comes first. vcpus: 1..288. */
void acpi_build(struct buf *out, uint64_t base, unsigned vcpus);

#endif
