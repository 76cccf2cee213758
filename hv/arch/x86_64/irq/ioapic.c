/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O APICs and the old 8259s: everything is masked, then the one line that
 * root mode uses is routed. Intel 82093AA data sheet, 3.2.
 */
#include <asm/machine.h>
#include <asm/platform.h>
#include <lib/lib.h>

#define WINDOW_SELECT    0x00
#define WINDOW_DATA      0x10
#define REG_VERSION      1
#define REG_ENTRY(n)     (0x10 + 2 * (n))

#define ENTRY_LOW_ACTIVE BIT(13)
#define ENTRY_LEVEL      BIT(15)
#define ENTRY_MASKED     BIT(16)

static __boot uint32_t read(char *base, uint32_t reg) {
  mmio_write32(base + WINDOW_SELECT, reg);
  return mmio_read32(base + WINDOW_DATA);
}

static __boot void write(char *base, uint32_t reg, uint32_t v) {
  mmio_write32(base + WINDOW_SELECT, reg);
  mmio_write32(base + WINDOW_DATA, v);
}

static __boot unsigned entries(char *base) {
  return (read(base, REG_VERSION) >> 16 & 0xff) + 1;
}

static __boot_data char *bases[ARRAY_SIZE(acpi_info.ioapic_address)];

__boot void ioapic_init(void) {
  outb(0x21, 0xff);
  outb(0xa1, 0xff);
  for (unsigned i = 0; i < acpi_info.ioapic_count; i++) {
    bases[i] = mm_map_device(acpi_info.ioapic_address[i], PAGE_SIZE);
    for (unsigned n = 0; bases[i] && n < entries(bases[i]); n++)
      write(bases[i], REG_ENTRY(n), ENTRY_MASKED);
  }
}

__boot void ioapic_route(uint32_t gsi, uint8_t vector, uint32_t apic_id, bool level, bool low) {
  for (unsigned i = 0; i < acpi_info.ioapic_count; i++) {
    uint32_t n = gsi - acpi_info.ioapic_gsi[i];
    if (!bases[i] || gsi < acpi_info.ioapic_gsi[i] || n >= entries(bases[i]))
      continue;
    uint32_t entry = vector | (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW_ACTIVE : 0);
    write(bases[i], REG_ENTRY(n) + 1, apic_id << 24);
    write(bases[i], REG_ENTRY(n), entry);
    return;
  }
  log_printf("no I/O APIC has interrupt %u\n", gsi);
}
