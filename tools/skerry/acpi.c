/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's ACPI tables. Section numbers are those of ACPI 6.5.
 *
 *   base +------+
 *        | RSDP | -> XSDT
 *        | XSDT | -> FADT, MADT, NFIT
 *        | FADT | -> DSDT
 *        | MADT | a local APIC for each vCPU
 *        | DSDT | \_S5, and a processor device for each vCPU
 *        | NFIT | memory that outlives the domain, if it has any
 *        +------+
 */
#include "acpi.h"

#include <stdio.h>
#include <string.h>

#include "../../abi/guest_platform.h"
#include "aml.h"

#define RSDP_SIZE             36u
#define HEADER_SIZE           36u
#define XSDT_SIZE             (HEADER_SIZE + 3 * 8)
#define FADT_SIZE             276u

/* FADT, 5.2.9 */
#define FADT_WBINVD           (1u << 0)
#define FADT_PROC_C1          (1u << 2)
#define FADT_PWR_BUTTON       (1u << 4) /* no fixed power button */
#define FADT_SLP_BUTTON       (1u << 5) /* no fixed sleep button */
#define FADT_RESET_REG_SUP    (1u << 10)
#define FADT_HEADLESS         (1u << 12)
#define FADT_HW_REDUCED_ACPI  (1u << 20)
#define BOOT_ARCH_NO_VGA      (1u << 2)
#define BOOT_ARCH_NO_CMOS_RTC (1u << 5) /* 8042 and legacy devices: bits clear */
#define GAS_SYSTEM_IO         1u

/* MADT, 5.2.12 */
#define MADT_LOCAL_APIC       0u
#define MADT_LOCAL_X2APIC     9u
#define MADT_ENABLED          1u

/* NFIT, 5.2.26 */
#define NFIT_SPA_RANGE        0u
#define NFIT_SPA_SIZE         56u
#define EFI_MEMORY_WB         8u

static void checksum(struct buf *b, size_t start, size_t size, size_t at) {
  uint8_t sum = 0;
  for (size_t i = start; i < start + size; i++)
    sum = (uint8_t)(sum + b->data[i]);
  b->data[at] = (uint8_t)(b->data[at] - sum);
}

static size_t table_open(struct buf *b, const char *signature, uint8_t revision) {
  buf_pad(b, 16);
  size_t start = b->size;
  buf_put(b, signature, 4);
  buf_u32(b, 0); /* length, by table_close */
  buf_u8(b, revision);
  buf_u8(b, 0); /* checksum */
  buf_put(b, "SKERRY", 6);
  buf_put(b, "SKERRYGP", 8);
  buf_u32(b, 1);
  buf_put(b, "SKRY", 4);
  buf_u32(b, 1);
  return start;
}

static void table_close(struct buf *b, size_t start) {
  size_t size = b->size - start;
  for (unsigned i = 0; i < 4; i++)
    b->data[start + 4 + i] = (uint8_t)(size >> (8 * i));
  checksum(b, start, size, start + 9);
}

/* 5.2.5.3 */
static void put_rsdp(struct buf *b, uint64_t xsdt) {
  buf_put(b, "RSD PTR ", 8);
  buf_u8(b, 0); /* checksum of the first 20 bytes */
  buf_put(b, "SKERRY", 6);
  buf_u8(b, 2);  /* revision */
  buf_u32(b, 0); /* no RSDT */
  buf_u32(b, RSDP_SIZE);
  buf_u64(b, xsdt);
  buf_u32(b, 0); /* extended checksum, reserved */
  checksum(b, 0, 20, 8);
  checksum(b, 0, RSDP_SIZE, 32);
}

/* Generic address structure, 5.2.3.2, of an 8-bit I/O port. */
static void put_port(struct buf *b, uint16_t port) {
  buf_u8(b, GAS_SYSTEM_IO);
  buf_u8(b, 8); /* bits */
  buf_u8(b, 0);
  buf_u8(b, 1); /* access by bytes */
  buf_u64(b, port);
}

/* 5.2.9. The fields of fixed hardware are zero: hardware-reduced (4.1). */
static void put_fadt(struct buf *b, uint64_t dsdt) {
  size_t start = table_open(b, "FACP", 6);
  buf_u32(b, 0); /* FIRMWARE_CTRL: no FACS */
  buf_u32(b, (uint32_t)dsdt);
  buf_zero(b, 109 - 44);
  buf_u16(b, BOOT_ARCH_NO_VGA | BOOT_ARCH_NO_CMOS_RTC);
  buf_u8(b, 0);
  buf_u32(b, FADT_WBINVD | FADT_PROC_C1 | FADT_PWR_BUTTON | FADT_SLP_BUTTON | FADT_RESET_REG_SUP |
                 FADT_HEADLESS | FADT_HW_REDUCED_ACPI);
  put_port(b, GUEST_PORT_RESET);
  buf_u8(b, GUEST_RESET_VALUE);
  buf_u16(b, 0); /* ARM_BOOT_ARCH */
  buf_u8(b, 5);  /* minor version: 6.5 */
  buf_u64(b, 0); /* X_FIRMWARE_CTRL */
  buf_u64(b, dsdt);
  buf_zero(b, 244 - 148);
  put_port(b, GUEST_PORT_SLEEP_CONTROL);
  put_port(b, GUEST_PORT_SLEEP_STATUS);
  buf_put(b, "Skerry\0", 8); /* hypervisor vendor identity */
  table_close(b, start);
}

static void put_processor(struct buf *b, unsigned vcpu) {
  unsigned apic = GUEST_APIC_ID(vcpu);
  if (apic < 255) {
    buf_u8(b, MADT_LOCAL_APIC);
    buf_u8(b, 8);
    buf_u8(b, (uint8_t)vcpu);
    buf_u8(b, (uint8_t)apic);
    buf_u32(b, MADT_ENABLED);
    return;
  }
  buf_u8(b, MADT_LOCAL_X2APIC);
  buf_u8(b, 16);
  buf_u16(b, 0);
  buf_u32(b, apic);
  buf_u32(b, MADT_ENABLED);
  buf_u32(b, vcpu);
}

static void put_madt(struct buf *b, unsigned vcpus) {
  size_t start = table_open(b, "APIC", 6);
  buf_u32(b, (uint32_t)GUEST_LAPIC_BASE);
  buf_u32(b, 0); /* no 8259 */
  for (unsigned i = 0; i < vcpus; i++)
    put_processor(b, i);
  table_close(b, start);
}

/* 8.4: a processor is a device with _HID ACPI0007 whose _UID is the MADT's. */
static void put_processor_device(struct buf *b, unsigned vcpu) {
  char name[12];
  snprintf(name, sizeof(name), "C%03X", vcpu);
  size_t device = aml_open_device(b, name);
  aml_name(b, "_HID");
  aml_string(b, "ACPI0007");
  aml_name(b, "_UID");
  aml_integer(b, vcpu);
  aml_name(b, "_STA");
  aml_integer(b, 0xF); /* present, enabled, shown, working (6.3.7) */
  aml_close(b, device);
}

/* 9.20.2: the device by which persistent memory is found. */
static void put_nvdimm_root(struct buf *b) {
  size_t device = aml_open_device(b, "NVDR");
  aml_name(b, "_HID");
  aml_string(b, "ACPI0012");
  aml_name(b, "_STA");
  aml_integer(b, 0xF);
  aml_close(b, device);
}

/* One range of persistent memory, in no module. */
static void put_nfit(struct buf *b, const struct acpi_range *kept) {
  static const uint8_t persistent[] = {0x79, 0xD3, 0xF0, 0x66, 0xF3, 0xB4, 0x74, 0x40,
                                       0xAC, 0x43, 0x0D, 0x33, 0x18, 0xB7, 0x8C, 0xDB};
  size_t start = table_open(b, "NFIT", 1);
  buf_u32(b, 0);
  buf_u16(b, NFIT_SPA_RANGE);
  buf_u16(b, NFIT_SPA_SIZE);
  buf_u16(b, 1); /* the range's number */
  buf_zero(b, 2 + 4 + 4);
  buf_put(b, persistent, sizeof(persistent));
  buf_u64(b, kept->gpa);
  buf_u64(b, kept->size);
  buf_u64(b, EFI_MEMORY_WB);
  table_close(b, start);
}

static void put_dsdt(struct buf *b, unsigned vcpus, bool kept) {
  size_t start = table_open(b, "DSDT", 2);
  aml_name(b, "_S5_");
  size_t package = aml_open_package(b, 4);
  aml_integer(b, GUEST_SLP_TYP_S5);
  aml_integer(b, GUEST_SLP_TYP_S5);
  aml_integer(b, 0);
  aml_integer(b, 0);
  aml_close(b, package);
  size_t scope = aml_open_scope(b, "_SB_");
  for (unsigned i = 0; i < vcpus; i++)
    put_processor_device(b, i);
  if (kept)
    put_nvdimm_root(b);
  aml_close(b, scope);
  table_close(b, start);
}

static uint64_t align16(uint64_t v) {
  return (v + 15) & ~15ull;
}

static void put_xsdt(struct buf *b, const uint64_t *tables) {
  size_t start = table_open(b, "XSDT", 1);
  for (unsigned i = 0; tables[i]; i++)
    buf_u64(b, tables[i]);
  table_close(b, start);
}

void acpi_build(struct buf *out, uint64_t base, unsigned vcpus, const struct acpi_range *kept) {
  struct buf madt = {0}, nfit = {0}, dsdt = {0};
  put_madt(&madt, vcpus);
  if (kept->size)
    put_nfit(&nfit, kept);
  put_dsdt(&dsdt, vcpus, kept->size);
  uint64_t xsdt = align16(base + RSDP_SIZE);
  uint64_t fadt = align16(xsdt + XSDT_SIZE);
  uint64_t apic = align16(fadt + FADT_SIZE);
  uint64_t pmem = align16(apic + madt.size);
  put_rsdp(out, xsdt);
  put_xsdt(out, (const uint64_t[]){fadt, apic, kept->size ? pmem : 0, 0});
  buf_zero(out, fadt - base - out->size);
  put_fadt(out, align16(pmem + nfit.size));
  buf_pad(out, 16);
  buf_put(out, madt.data, madt.size);
  buf_pad(out, 16);
  buf_put(out, nfit.data, nfit.size);
  buf_pad(out, 16);
  buf_put(out, dsdt.data, dsdt.size);
  buf_free(&madt);
  buf_free(&nfit);
  buf_free(&dsdt);
}
