// SPDX-License-Identifier: Apache-2.0
// Finds ACPI tables from the start structure's RSDP.
#include "acpi.h"
#include "rt.h"

const struct acpi_rsdp *acpi_rsdp(void) {
  return (const struct acpi_rsdp *)start_info->rsdp_paddr;
}

const struct acpi_table *acpi_xsdt(void) {
  return acpi_rsdp() ? (const struct acpi_table *)acpi_rsdp()->xsdt : 0;
}

const struct acpi_table *acpi_find(const char *signature) {
  const struct acpi_table *xsdt = acpi_xsdt();
  if (!xsdt)
    return 0;
  unsigned count = (xsdt->length - sizeof(*xsdt)) / 8;
  for (unsigned i = 0; i < count; i++) {
    uint64_t address;
    memcpy(&address, (const uint8_t *)(xsdt + 1) + i * 8, 8);
    if (!memcmp((const void *)address, signature, 4))
      return (const struct acpi_table *)address;
  }
  return 0;
}

int acpi_sums_to_zero(const void *bytes, uint32_t length) {
  uint8_t sum = 0;
  for (uint32_t i = 0; i < length; i++)
    sum += ((const uint8_t *)bytes)[i];
  return sum == 0;
}
