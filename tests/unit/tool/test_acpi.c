/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's ACPI tables: sums, places and entries, and AML as ACPICA's own
 * disassembler reads it.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../abi/guest_platform.h"
#include "../../../tools/skerry/acpi.h"
#include "../../../tools/skerry/aml.h"

#define BASE GUEST_ACPI_BASE
#define WORK "build/unit/acpi"

static uint64_t load(const uint8_t *p, unsigned bytes) {
  uint64_t v = 0;
  memcpy(&v, p, bytes);
  return v;
}

static void check_sum(const uint8_t *p, size_t size) {
  uint8_t sum = 0;
  for (size_t i = 0; i < size; i++)
    sum = (uint8_t)(sum + p[i]);
  assert_int_equal(sum, 0);
}

/* The table at an address that another one holds, checked. */
static const uint8_t *table(const struct buf *b, uint64_t address, const char *signature) {
  assert_true(address >= BASE && address + 36 <= BASE + b->size);
  const uint8_t *t = b->data + (address - BASE);
  assert_memory_equal(t, signature, 4);
  uint64_t length = load(t + 4, 4);
  assert_true(address + length <= BASE + b->size);
  check_sum(t, length);
  return t;
}

struct tables {
  struct buf bytes;
  const uint8_t *fadt, *madt, *dsdt;
};

static void find_tables(unsigned vcpus, struct tables *t) {
  *t = (struct tables){0};
  acpi_build(&t->bytes, BASE, vcpus, &(struct acpi_range){0, 0});
  const uint8_t *rsdp = t->bytes.data;
  assert_memory_equal(rsdp, "RSD PTR ", 8);
  assert_int_equal(rsdp[15], 2);
  check_sum(rsdp, 20);
  check_sum(rsdp, 36);
  const uint8_t *xsdt = table(&t->bytes, load(rsdp + 24, 8), "XSDT");
  assert_int_equal(load(xsdt + 4, 4), 36 + 2 * 8);
  t->fadt = table(&t->bytes, load(xsdt + 36, 8), "FACP");
  t->madt = table(&t->bytes, load(xsdt + 44, 8), "APIC");
  t->dsdt = table(&t->bytes, load(t->fadt + 140, 8), "DSDT");
}

static void check_port(const uint8_t *gas, unsigned port) {
  assert_int_equal(gas[0], 1);
  assert_int_equal(gas[1], 8);
  assert_int_equal(load(gas + 4, 8), port);
}

static void test_fadt(void **state) {
  (void)state;
  struct tables t;
  find_tables(1, &t);
  assert_int_equal(load(t.fadt + 4, 4), 276);
  assert_int_equal(load(t.fadt + 40, 4), load(t.fadt + 140, 8));
  assert_int_equal(load(t.fadt + 109, 2), 0x24);        /* no VGA, no CMOS clock, no 8042 */
  assert_int_equal(load(t.fadt + 112, 4) >> 20 & 1, 1); /* hardware-reduced */
  assert_int_equal(load(t.fadt + 112, 4) >> 10 & 1, 1); /* the reset register counts */
  check_port(t.fadt + 116, GUEST_PORT_RESET);
  assert_int_equal(t.fadt[128], GUEST_RESET_VALUE);
  check_port(t.fadt + 244, GUEST_PORT_SLEEP_CONTROL);
  check_port(t.fadt + 256, GUEST_PORT_SLEEP_STATUS);
  buf_free(&t.bytes);
}

static const uint8_t *check_local_apic(const uint8_t *e, unsigned vcpu) {
  assert_int_equal(e[0], 0);
  assert_int_equal(e[1], 8);
  assert_int_equal(e[2], vcpu);
  assert_int_equal(e[3], 2 * vcpu);
  assert_int_equal(load(e + 4, 4), 1);
  return e + 8;
}

static const uint8_t *check_x2apic(const uint8_t *e, unsigned vcpu) {
  assert_int_equal(e[0], 9);
  assert_int_equal(e[1], 16);
  assert_int_equal(load(e + 4, 4), 2 * vcpu);
  assert_int_equal(load(e + 8, 4), 1);
  assert_int_equal(load(e + 12, 4), vcpu);
  return e + 16;
}

static void test_madt(void **state) {
  (void)state;
  static const unsigned counts[] = {1, 2, 127, 128, 129, 288};
  for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
    struct tables t;
    find_tables(counts[i], &t);
    assert_int_equal(load(t.madt + 36, 4), 0xFEE00000);
    assert_int_equal(load(t.madt + 40, 4), 0);
    const uint8_t *e = t.madt + 44;
    for (unsigned vcpu = 0; vcpu < counts[i]; vcpu++)
      e = vcpu < 128 ? check_local_apic(e, vcpu) : check_x2apic(e, vcpu);
    assert_ptr_equal(e, t.madt + load(t.madt + 4, 4));
    buf_free(&t.bytes);
  }
}

/* What a domain keeps is one range of persistent memory, found by a device of the DSDT. */
static void test_nfit(void **state) {
  (void)state;
  static const char guid[] = "\x79\xD3\xF0\x66\xF3\xB4\x74\x40\xAC\x43\x0D\x33\x18\xB7\x8C\xDB";
  struct buf b = {0};
  acpi_build(&b, BASE, 3, &(struct acpi_range){0xF0000000, 96 << 20});
  const uint8_t *xsdt = table(&b, load(b.data + 24, 8), "XSDT");
  assert_int_equal(load(xsdt + 4, 4), 36 + 3 * 8);
  const uint8_t *nfit = table(&b, load(xsdt + 52, 8), "NFIT");
  assert_int_equal(load(nfit + 4, 4), 36 + 4 + 56);
  assert_int_equal(load(nfit + 40, 2), 0);
  assert_int_equal(load(nfit + 42, 2), 56);
  assert_int_equal(load(nfit + 44, 2), 1);
  assert_memory_equal(nfit + 56, guid, 16);
  assert_int_equal(load(nfit + 72, 8), 0xF0000000);
  assert_int_equal(load(nfit + 80, 8), 96 << 20);
  assert_int_equal(load(nfit + 88, 8), 8);
  const uint8_t *fadt = table(&b, load(xsdt + 36, 8), "FACP");
  const uint8_t *dsdt = table(&b, load(fadt + 140, 8), "DSDT");
  assert_non_null(memmem(dsdt, load(dsdt + 4, 4), "ACPI0012", 9));
  buf_free(&b);
}

/* Lengths around each size of the encoding (ACPI 6.5, 20.2.4). */
static void test_aml_lengths(void **state) {
  (void)state;
  static const struct {
    size_t content;
    uint8_t encoded[4];
    unsigned bytes;
  } cases[] = {{5, {6}, 1},
               {62, {63}, 1},
               {63, {0x41, 0x04}, 2},
               {4093, {0x4F, 0xFF}, 2},
               {4094, {0x81, 0x00, 0x01}, 3},
               {1048572, {0x8F, 0xFF, 0xFF}, 3},
               {1048573, {0xC1, 0x00, 0x00, 0x01}, 4}};
  for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct buf b = {0};
    size_t scope = aml_open_scope(&b, "_SB_"); /* 5 bytes of content */
    for (size_t n = 5; n < cases[i].content; n++)
      buf_u8(&b, 0xA3);
    aml_close(&b, scope);
    assert_int_equal(b.size, 1 + cases[i].bytes + cases[i].content);
    assert_memory_equal(b.data + 1, cases[i].encoded, cases[i].bytes);
    assert_memory_equal(b.data + 1 + cases[i].bytes, "\\_SB_", 5);
    buf_free(&b);
  }
}

static void test_aml_integers(void **state) {
  (void)state;
  static const uint32_t values[] = {0, 1, 2, 255, 256, 65535, 65536};
  struct buf b = {0};
  for (unsigned i = 0; i < 7; i++)
    aml_integer(&b, values[i]);
  static const uint8_t expected[] = {0,    1,    0x0A, 2,    0x0A, 255, 0x0B, 0, 1,
                                     0x0B, 0xFF, 0xFF, 0x0C, 0,    0,   1,    0};
  assert_int_equal(b.size, sizeof(expected));
  assert_memory_equal(b.data, expected, sizeof(expected));
  buf_free(&b);
}

static void disassemble(const uint8_t *dsdt, const char *name, struct buf *text) {
  struct buf path = {0}, command = {0};
  buf_printf(&path, WORK "/%s", name);
  assert_int_equal(file_write(buf_text(&path), dsdt, load(dsdt + 4, 4)), 0);
  buf_printf(&command, "iasl -d %s > %s.log 2>&1", buf_text(&path), buf_text(&path));
  assert_int_equal(system(buf_text(&command)), 0);
  char *dot = strstr((char *)buf_text(&path), ".aml");
  memcpy(dot, ".dsl", 4);
  assert_int_equal(file_read((char *)path.data, 1 << 24, text), 0);
  buf_free(&path);
  buf_free(&command);
}

static unsigned count(const char *text, const char *word) {
  unsigned n = 0;
  for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
    n++;
  return n;
}

static void check_disassembly(unsigned vcpus, const char *name, const char *last) {
  struct tables t;
  struct buf text;
  find_tables(vcpus, &t);
  disassemble(t.dsdt, name, &text);
  const char *dsl = buf_text(&text);
  assert_int_equal(count(dsl, "Name (_S5, Package (0x04)"), 1);
  assert_int_equal(count(dsl, "Device (C"), vcpus);
  assert_int_equal(count(dsl, "\"ACPI0007\""), vcpus);
  assert_int_equal(count(dsl, last), 1);
  assert_int_equal(count(dsl, "Scope (\\_SB)"), 1);
  buf_free(&text);
  buf_free(&t.bytes);
}

static void test_disassembly(void **state) {
  (void)state;
  if (system("iasl -v > /dev/null 2>&1"))
    skip();
  mkdir(WORK, 0777);
  check_disassembly(1, "one.aml", "Name (_UID, Zero)");
  check_disassembly(2, "two.aml", "Name (_UID, One)");
  check_disassembly(288, "many.aml", "Name (_UID, 0x011F)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fadt),         cmocka_unit_test(test_madt),
      cmocka_unit_test(test_nfit),         cmocka_unit_test(test_aml_lengths),
      cmocka_unit_test(test_aml_integers), cmocka_unit_test(test_disassembly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
