/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's memory map, where things are put, and the start block.
 */
#include "test.h"

#include <xen/xen.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "../../../abi/guest_platform.h"
#include "../../../tools/skerry/layout.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static const struct layout_input usual = {
    .memory = 256 * MIB,
    .kernel_end = 0x1234567,
    .ramdisk_size = 0x54321,
    .command_line = "console=hvc0",
    .vcpus = 2,
};

static void check_map(const struct layout *l, uint64_t memory) {
  uint64_t ram = 0, pages = 0, end = 0;
  for (unsigned i = 0; i < l->region_count; i++) {
    const struct manifest_region *r = &l->regions[i];
    assert_true(r->gpa >= end && r->size && r->backed);
    assert_int_equal((r->gpa | r->size) % MANIFEST_PAGE, 0);
    assert_true(GUEST_LAPIC_BASE < r->gpa || GUEST_LAPIC_BASE >= r->gpa + r->size);
    ram += r->type == MANIFEST_REGION_RAM ? r->size : 0;
    pages += r->size / MANIFEST_PAGE;
    end = r->gpa + r->size;
  }
  assert_int_equal(ram, memory);
  assert_int_equal(pages, l->pages);
}

static void test_memory_map(void **state) {
  (void)state;
  static const uint64_t sizes[] = {64 * MIB,         GUEST_HOLE_START - 4096,
                                   GUEST_HOLE_START, GUEST_HOLE_START + 4096,
                                   4 * GIB,          6 * GIB,
                                   1024 * GIB};
  for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    struct layout_input in = usual;
    struct layout l;
    in.memory = sizes[i];
    assert_int_equal(layout_build(&in, &l), LAYOUT_OK);
    assert_int_equal(l.region_count, sizes[i] > GUEST_HOLE_START ? 4 : 3);
    assert_int_equal(l.regions[0].gpa, 0);
    assert_int_equal(l.regions[0].type, MANIFEST_REGION_RAM);
    check_map(&l, sizes[i]);
    layout_free(&l);
  }
}

static void test_places(void **state) {
  (void)state;
  struct layout l;
  assert_int_equal(layout_build(&usual, &l), LAYOUT_OK);
  assert_int_equal(l.ramdisk, 0x1400000);
  assert_int_equal(l.start_info, 0x1455000);
  assert_int_equal(l.end, l.start_info + l.start_block.size);
  layout_free(&l);
}

/* Bytes of the start block at a guest-physical address. */
static const void *at(const struct layout *l, uint64_t gpa, size_t size) {
  assert_true(gpa >= l->start_info && gpa + size <= l->end);
  return l->start_block.data + (gpa - l->start_info);
}

static void check_memmap(const struct layout *l, const struct hvm_start_info *info) {
  assert_int_equal(info->memmap_entries, l->region_count);
  for (unsigned i = 0; i < l->region_count; i++) {
    struct hvm_memmap_table_entry e;
    memcpy(&e, at(l, info->memmap_paddr + i * sizeof(e), sizeof(e)), sizeof(e));
    assert_int_equal(e.addr, l->regions[i].gpa);
    assert_int_equal(e.size, l->regions[i].size);
    assert_int_equal(e.type, l->regions[i].type);
    assert_int_equal(e.reserved, 0);
  }
}

static void test_start_info(void **state) {
  (void)state;
  struct layout l;
  struct hvm_start_info info;
  struct hvm_modlist_entry module;
  assert_int_equal(layout_build(&usual, &l), LAYOUT_OK);
  memcpy(&info, l.start_block.data, sizeof(info));
  assert_int_equal(info.magic, XEN_HVM_START_MAGIC_VALUE);
  assert_int_equal(info.version, 1);
  assert_int_equal(info.flags, 0);
  assert_int_equal(info.rsdp_paddr, GUEST_ACPI_BASE);
  assert_memory_equal(l.acpi.data, "RSD PTR ", 8);
  assert_string_equal(at(&l, info.cmdline_paddr, 13), "console=hvc0");
  assert_int_equal(info.nr_modules, 1);
  memcpy(&module, at(&l, info.modlist_paddr, sizeof(module)), sizeof(module));
  assert_int_equal(module.paddr, l.ramdisk);
  assert_int_equal(module.size, usual.ramdisk_size);
  assert_int_equal(module.cmdline_paddr, 0);
  check_memmap(&l, &info);
  layout_free(&l);
}

static void test_no_ramdisk(void **state) {
  (void)state;
  struct layout_input in = usual;
  struct layout l;
  struct hvm_start_info info;
  in.ramdisk_size = 0;
  assert_int_equal(layout_build(&in, &l), LAYOUT_OK);
  memcpy(&info, l.start_block.data, sizeof(info));
  assert_int_equal(info.nr_modules, 0);
  assert_int_equal(info.modlist_paddr, 0);
  assert_int_equal(l.start_info, (in.kernel_end + 4095) / 4096 * 4096);
  check_memmap(&l, &info);
  layout_free(&l);
}

static enum layout_status status_of(uint64_t memory, uint64_t kernel_end, uint64_t ramdisk_size) {
  struct layout_input in = usual;
  struct layout l;
  in.memory = memory;
  in.kernel_end = kernel_end;
  in.ramdisk_size = ramdisk_size;
  enum layout_status status = layout_build(&in, &l);
  layout_free(&l);
  return status;
}

static void test_what_does_not_fit(void **state) {
  (void)state;
  assert_int_equal(status_of(16 * MIB, 16 * MIB + 1, 0), LAYOUT_KERNEL_TOO_LARGE);
  assert_int_equal(status_of(16 * MIB, 16 * MIB, 0), LAYOUT_REST_TOO_LARGE);
  assert_int_equal(status_of(16 * MIB, 2 * MIB, 14 * MIB - 4096), LAYOUT_OK);
  assert_int_equal(status_of(16 * MIB, 2 * MIB, 14 * MIB - 4095), LAYOUT_REST_TOO_LARGE);
  /* Memory above the hole does not help. */
  assert_int_equal(status_of(64 * GIB, 0xF0000001, 0), LAYOUT_KERNEL_TOO_LARGE);
  assert_int_equal(status_of(64 * GIB, 3 * GIB, GIB), LAYOUT_REST_TOO_LARGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_map),        cmocka_unit_test(test_places),
      cmocka_unit_test(test_start_info),        cmocka_unit_test(test_no_ramdisk),
      cmocka_unit_test(test_what_does_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
