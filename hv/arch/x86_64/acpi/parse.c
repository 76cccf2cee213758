/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSDP, RSDT or XSDT, MADT, FADT, HPET. Every length, checksum and bound is
 * checked before use. ACPI 6.5: 5.2.5 to 5.2.12; IA-PC HPET 1.0a, 3.2.4.
 */
#include "acpi.h"
#include <lib/lib.h>

#define HEADER     36u
#define TABLE_MAX  (16u << 20)
#define TABLES_MAX 256u /* entries of a root table that are looked at */

struct table {
  const uint8_t *bytes; /* NULL: none */
  uint32_t length;
};

/* A little-endian field; 0 where the table is too short (older revision) to have it. */
static uint64_t field(const struct table *t, uint32_t offset, unsigned size) {
  uint64_t v = 0;
  if (offset + size <= t->length)
    memcpy(&v, t->bytes + offset, size);
  return v;
}

static uint8_t sum(const uint8_t *p, uint64_t n) {
  uint8_t s = 0;
  while (n--)
    s = (uint8_t)(s + *p++);
  return s;
}

/* `name`: what it should be, for messages; NULL: any table. */
static struct table table_at(acpi_map_fn map, uint64_t maddr, const char *name) {
  struct table none = {NULL, 0}, t = {map(maddr, HEADER), HEADER};
  if (!t.bytes) {
    log_printf("ACPI: no memory at %lx for %s\n", (unsigned long)maddr, name ? name : "a table");
    return none;
  }
  if (name && memcmp(t.bytes, name, 4)) {
    log_printf("ACPI: no %s at %lx\n", name, (unsigned long)maddr);
    return none;
  }
  char found[5] = {(char)t.bytes[0], (char)t.bytes[1], (char)t.bytes[2], (char)t.bytes[3], 0};
  t.length = (uint32_t)field(&t, 4, 4);
  t.bytes = t.length >= HEADER && t.length <= TABLE_MAX ? map(maddr, t.length) : NULL;
  if (!t.bytes) {
    log_printf("ACPI: %s has length %u\n", found, t.length);
    return none;
  }
  if (sum(t.bytes, t.length)) {
    log_printf("ACPI: %s has a wrong checksum\n", found);
    return none;
  }
  return t;
}

/* --- MADT ------------------------------------------------------------------------ */

static void add_cpu(struct acpi_info *out, uint32_t apic_id, uint32_t flags) {
  if (!(flags & 1))
    return; /* not enabled */
  for (unsigned i = 0; i < out->cpu_count; i++)
    if (out->apic_id[i] == apic_id)
      return; /* listed as APIC and as x2APIC */
  if (out->cpu_count < ACPI_CPUS_MAX)
    out->apic_id[out->cpu_count++] = apic_id;
}

static void add_ioapic(struct acpi_info *out, uint64_t address, uint32_t gsi) {
  if (out->ioapic_count == ARRAY_SIZE(out->ioapic_address))
    return;
  out->ioapic_address[out->ioapic_count] = address;
  out->ioapic_gsi[out->ioapic_count++] = gsi;
}

static void add_override(struct acpi_info *out, uint8_t source, uint32_t gsi, uint16_t flags) {
  if (source >= ARRAY_SIZE(out->isa_gsi))
    return;
  out->isa_gsi[source] = gsi;
  out->isa_flags[source] = flags;
}

enum {
  MADT_LAPIC = 0,
  MADT_IOAPIC = 1,
  MADT_OVERRIDE = 2,
  MADT_LAPIC_ADDRESS = 5,
  MADT_X2APIC = 9
};

/* `e` is one entry, whose length its type has been checked for. */
static void madt_entry(const struct table *e, struct acpi_info *out) {
  switch (e->bytes[0]) {
  case MADT_LAPIC:
    add_cpu(out, (uint32_t)field(e, 3, 1), (uint32_t)field(e, 4, 4));
    break;
  case MADT_X2APIC:
    add_cpu(out, (uint32_t)field(e, 4, 4), (uint32_t)field(e, 8, 4));
    break;
  case MADT_IOAPIC:
    add_ioapic(out, field(e, 4, 4), (uint32_t)field(e, 8, 4));
    break;
  case MADT_OVERRIDE:
    add_override(out, e->bytes[3], (uint32_t)field(e, 4, 4), (uint16_t)field(e, 8, 2));
    break;
  case MADT_LAPIC_ADDRESS:
    out->lapic_address = field(e, 4, 8);
    break;
  }
}

static uint8_t madt_entry_length(uint8_t type) {
  static const uint8_t lengths[] = {
      [MADT_LAPIC] = 8,          [MADT_IOAPIC] = 12, [MADT_OVERRIDE] = 10,
      [MADT_LAPIC_ADDRESS] = 12, [MADT_X2APIC] = 16,
  };
  return type < ARRAY_SIZE(lengths) ? lengths[type] : 0;
}

static void madt_parse(const struct table *t, struct acpi_info *out) {
  out->lapic_address = field(t, 36, 4);
  for (uint32_t at = 44, length; at + 2 <= t->length; at += length) {
    length = t->bytes[at + 1];
    if (length < 2 || at + length > t->length || length < madt_entry_length(t->bytes[at])) {
      log_printf("ACPI: APIC has a bad entry at %u\n", at);
      return;
    }
    struct table entry = {t->bytes + at, length};
    madt_entry(&entry, out);
  }
}

/* --- FADT, HPET --------------------------------------------------------------------- */

#define FADT_TIMER_32BIT BIT(8)
#define FADT_RESET       BIT(10)
enum { SPACE_MEMORY = 0, SPACE_IO = 1 };

/* An I/O port that has an old field and a generic address; the latter counts if it is set. */
static uint32_t fadt_port(const struct table *t, uint32_t old, uint32_t generic) {
  uint64_t address = field(t, generic + 4, 8);
  if (field(t, generic, 1) != SPACE_IO || !address)
    address = field(t, old, 4);
  return address < 0x10000 ? (uint32_t)address : 0;
}

static void dsdt_parse(acpi_map_fn map, uint64_t maddr, struct acpi_info *out) {
  struct table t = table_at(map, maddr, "DSDT");
  if (t.bytes && acpi_find_s5(t.bytes + HEADER, t.length - HEADER, out))
    out->s5_found = true;
}

static void fadt_parse(acpi_map_fn map, const struct table *t, struct acpi_info *out) {
  uint64_t flags = field(t, 112, 4), dsdt = field(t, 140, 8);
  out->smi_port = (uint16_t)field(t, 48, 4);
  out->acpi_enable = (uint8_t)field(t, 52, 1);
  out->pm1a_port = fadt_port(t, 64, 172);
  out->pm1b_port = fadt_port(t, 68, 184);
  out->pm_timer_port = fadt_port(t, 76, 208);
  out->pm_timer_32bit = flags & FADT_TIMER_32BIT;
  if (flags & FADT_RESET) {
    out->reset_space = (uint8_t)field(t, 116, 1);
    out->reset_address = field(t, 120, 8);
    out->reset_value = (uint8_t)field(t, 128, 1);
  }
  dsdt_parse(map, dsdt ? dsdt : field(t, 40, 4), out);
}

static void hpet_parse(const struct table *t, struct acpi_info *out) {
  if (t->length >= 52 && field(t, 40, 1) == SPACE_MEMORY)
    out->hpet_address = field(t, 44, 8);
}

/* --- root ------------------------------------------------------------------------------ */

static void table_parse(acpi_map_fn map, uint64_t maddr, struct acpi_info *out) {
  struct table t = table_at(map, maddr, NULL);
  if (!t.bytes)
    return;
  if (!memcmp(t.bytes, "APIC", 4))
    madt_parse(&t, out);
  else if (!memcmp(t.bytes, "FACP", 4))
    fadt_parse(map, &t, out);
  else if (!memcmp(t.bytes, "HPET", 4))
    hpet_parse(&t, out);
  else if (!memcmp(t.bytes, "SSDT", 4) && !out->s5_found)
    out->s5_found = acpi_find_s5(t.bytes + HEADER, t.length - HEADER, out);
}

static void root_parse(acpi_map_fn map, const struct table *root, unsigned size,
                       struct acpi_info *out) {
  uint32_t count = MIN((root->length - HEADER) / size, TABLES_MAX);
  for (uint32_t i = 0; i < count; i++)
    table_parse(map, field(root, HEADER + i * size, size), out);
}

/* The RSDP's bytes, checked, or NULL. */
static const uint8_t *rsdp_at(acpi_map_fn map, uint64_t maddr) {
  const uint8_t *p = map(maddr, 20);
  if (!p || memcmp(p, "RSD PTR ", 8) || sum(p, 20))
    return NULL;
  if (p[15] < 2)
    return p; /* ACPI 1.0 */
  p = map(maddr, 36);
  return p && !sum(p, 36) ? p : NULL;
}

uint64_t acpi_find_rsdp(acpi_map_fn map) {
  const uint8_t *segment = map(0x40e, 2); /* of the extended BIOS data area */
  uint64_t ebda = segment ? (uint64_t)(segment[0] | segment[1] << 8) << 4 : 0;
  for (uint64_t a = ebda; ebda && a < ebda + 1024; a += 16)
    if (rsdp_at(map, a))
      return a;
  for (uint64_t a = 0xe0000; a < 0x100000; a += 16)
    if (rsdp_at(map, a))
      return a;
  return 0;
}

enum status acpi_parse(acpi_map_fn map, uint64_t rsdp, struct acpi_info *out) {
  *out = (struct acpi_info){0};
  for (unsigned i = 0; i < ARRAY_SIZE(out->isa_gsi); i++)
    out->isa_gsi[i] = i;
  const uint8_t *p = rsdp_at(map, rsdp);
  if (!p) {
    log_printf("ACPI: no usable RSDP\n");
    return STATUS_INVALID;
  }
  struct table r = {p, p[15] < 2 ? 20 : 36}, root = {NULL, 0};
  unsigned size = 8;
  if (field(&r, 24, 8))
    root = table_at(map, field(&r, 24, 8), "XSDT");
  if (!root.bytes) {
    root = table_at(map, field(&r, 16, 4), "RSDT");
    size = 4;
  }
  if (root.bytes)
    root_parse(map, &root, size, out);
  if (!out->cpu_count)
    log_printf("ACPI: no processor is listed\n");
  return out->cpu_count ? STATUS_OK : STATUS_INVALID;
}
