// SPDX-License-Identifier: Apache-2.0
// Power-off through the FADT's sleep control register, the way an operating system does it.
/* guest: xen=no (a boot domain sees the firmware's own FADT) */
#include "rt/acpi.h"
#include "rt/rt.h"

void test_main(void) {
  const uint8_t *fadt = (const uint8_t *)acpi_find("FACP");
  CHECK("acpi_sleep.fadt", fadt);
  uint32_t control = *(const uint32_t *)(fadt + 248), status = *(const uint32_t *)(fadt + 260);
  printf("sleep control 0x%x, status 0x%x\n", control, status);
  CHECK("acpi_sleep.ports", control && status && control < 0x10000 && status < 0x10000);
  out8(status, 0x80); // clear WAK_STS
  // Without SLP_EN it only stores.
  out8(control, 5 << 2);
  CHECK("acpi_sleep.no_enable", 1);
  printf("DONE 3 0\n");
  out8(control, 1 << 5 | 5 << 2);
  printf("FAIL acpi_sleep.off: the domain still runs\n");
}
