// SPDX-License-Identifier: Apache-2.0
// The ACPI tables of a domain: check sums, a hardware-reduced FADT, a MADT entry for each vCPU.
/* guest: vcpus=2 xen-differs=xsdt,fadt (a boot domain sees the firmware's own) */
#include "rt/acpi.h"
#include "rt/apic.h"
#include "rt/rt.h"

static const uint8_t *fadt;

static uint16_t get16(unsigned offset) {
  return *(const uint16_t *)(fadt + offset);
}

static uint32_t get32(unsigned offset) {
  return *(const uint32_t *)(fadt + offset);
}

static void check_fadt(void) {
  fadt = (const uint8_t *)acpi_find("FACP");
  CHECK("acpi_tables.fadt", fadt);
  if (!fadt)
    return;
  CHECK("acpi_tables.fadt.sum", acpi_sums_to_zero(fadt, get32(4)));
  CHECK("acpi_tables.fadt.length", get32(4) >= 268);
  // Offsets: ACPI 6.2 table 5-33.
  CHECK("acpi_tables.fadt.hardware_reduced", get32(112) >> 20 & 1);
  CHECK("acpi_tables.fadt.no_8042", !(get16(109) & 2));
  CHECK("acpi_tables.fadt.no_vga", get16(109) & 4);
  CHECK("acpi_tables.fadt.no_cmos_clock", get16(109) & 32);
  CHECK("acpi_tables.fadt.sleep_control", fadt[244] == 1 && get32(248));
  CHECK("acpi_tables.fadt.sleep_status", fadt[256] == 1 && get32(260));
}

static void check_dsdt(void) {
  if (!fadt)
    return;
  uint64_t address = *(const uint64_t *)(fadt + 140);
  const struct acpi_table *dsdt = (const void *)(address ? address : get32(40));
  CHECK("acpi_tables.dsdt", dsdt && !memcmp(dsdt, "DSDT", 4));
  CHECK("acpi_tables.dsdt.sum", acpi_sums_to_zero(dsdt, dsdt->length));
  int s5 = 0;
  const char *code = (const char *)dsdt;
  for (unsigned i = sizeof(*dsdt); i + 4 <= dsdt->length; i++)
    s5 |= !memcmp(code + i, "_S5_", 4);
  CHECK("acpi_tables.dsdt.s5", s5);
}

void test_main(void) {
  const struct acpi_rsdp *rsdp = acpi_rsdp();
  CHECK("acpi_tables.rsdp.revision", rsdp->revision >= 2);
  CHECK("acpi_tables.rsdp.sum", acpi_sums_to_zero(rsdp, 20));
  CHECK("acpi_tables.rsdp.extended_sum", acpi_sums_to_zero(rsdp, rsdp->length));
  const struct acpi_table *xsdt = acpi_xsdt();
  CHECK("acpi_tables.xsdt", !memcmp(xsdt, "XSDT", 4) && acpi_sums_to_zero(xsdt, xsdt->length));
  const struct acpi_table *madt = acpi_find("APIC");
  CHECK("acpi_tables.madt", madt && acpi_sums_to_zero(madt, madt->length));
  check_eq("acpi_tables.madt.vcpu0", apic_id_of_vcpu(0), apic_id());
  CHECK("acpi_tables.madt.vcpu1", apic_id_of_vcpu(1) > 0);
  check_eq("acpi_tables.madt.no_vcpu2", apic_id_of_vcpu(2), -1);
  check_fadt();
  check_dsdt();
}
