// SPDX-License-Identifier: Apache-2.0
// Just enough ACPI to find a table by its signature.
#ifndef ACPI_H
#define ACPI_H

#include <stdint.h>

struct acpi_table {
  char signature[4];
  uint32_t length;
  uint8_t revision, checksum;
  char oem_id[6], oem_table_id[8];
  uint32_t oem_revision, creator_id, creator_revision;
} __attribute__((packed));

struct acpi_rsdp {
  char signature[8];
  uint8_t checksum;
  char oem_id[6];
  uint8_t revision;
  uint32_t rsdt;
  uint32_t length;
  uint64_t xsdt;
  uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

const struct acpi_rsdp *acpi_rsdp(void);
const struct acpi_table *acpi_xsdt(void);
// The first table of that signature in the XSDT, or NULL.
const struct acpi_table *acpi_find(const char *signature);
// 1 when the bytes add up to 0.
int acpi_sums_to_zero(const void *bytes, uint32_t length);

#endif
