/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACPI tables, good and bad. Each mapping is a copy of exactly the size that
 * was asked for, so that the sanitizer sees every byte read beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "acpi.h"

#define BASE 0xe0000u
#define SIZE 0x20000u

static uint8_t memory[SIZE];
static uint32_t used;
static char log_text[4096];
static void *copies[1 << 15];
static unsigned copy_count;

void log_printf(const char *fmt, ...) {
  size_t n = strlen(log_text);
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(log_text + n, sizeof(log_text) - n, fmt, ap);
  va_end(ap);
}

void panic(const char *fmt, ...) {
  (void)fmt;
  abort();
}

static const uint8_t *map(uint64_t maddr, uint64_t size) {
  if (maddr < BASE || maddr > BASE + SIZE || size > BASE + SIZE - maddr)
    return NULL;
  void *copy = malloc(size);
  memcpy(copy, memory + (maddr - BASE), size);
  if (copy_count == sizeof(copies) / sizeof(copies[0]))
    abort();
  copies[copy_count++] = copy;
  return copy;
}

static void forget_copies(void) {
  while (copy_count)
    free(copies[--copy_count]);
}

static struct acpi_info info;

static enum status parse(void) {
  log_text[0] = 0;
  enum status s = acpi_parse(map, BASE, &info);
  forget_copies();
  return s;
}

/* --- making tables ---------------------------------------------------------------- */

static void put32(uint8_t *p, uint32_t v) {
  memcpy(p, &v, 4);
}

static void seal(uint8_t *p, uint32_t length, uint32_t at) {
  uint8_t s = 0;
  p[at] = 0;
  for (uint32_t i = 0; i < length; i++)
    s = (uint8_t)(s + p[i]);
  p[at] = (uint8_t)-s;
}

static uint8_t *at(uint32_t maddr) {
  return memory + (maddr - BASE);
}

static void reseal(uint32_t table) {
  uint32_t length;
  memcpy(&length, at(table) + 4, 4);
  seal(at(table), length, 9);
}

static uint32_t put_table(const char *name, const void *body, uint32_t n) {
  uint32_t maddr = BASE + used;
  uint8_t *p = memory + used;
  memset(p, 0, 36);
  memcpy(p, name, 4);
  put32(p + 4, 36 + n);
  memcpy(p + 36, body, n);
  reseal(maddr);
  used = (used + 36 + n + 63) & ~63u;
  return maddr;
}

static const uint8_t aml[] = {0x08, 'F',  'O',  'O',  '_',  0x00, 0x08, '_', 'S', '5',
                              '_',  0x12, 0x07, 0x04, 0x0a, 0x05, 0x01, 0,   0};

static const uint8_t madt_body[] = {
    0,   0,  0xe0, 0xfe, 1, 0,                                       /* local APIC, flags */
    0,   0,                                                          /* flags go on */
    0,   8,  0,    0,    1, 0, 0,    0,                              /* CPU 0 */
    0,   8,  1,    1,    1, 0, 0,    0,                              /* CPU 1 */
    0,   8,  2,    2,    0, 0, 0,    0,                              /* not enabled */
    9,   16, 0,    0,    0, 1, 0,    0,    1,   0, 0, 0, 0, 0, 0, 0, /* x2APIC 256 */
    9,   16, 0,    0,    1, 0, 0,    0,    1,   0, 0, 0, 0, 0, 0, 0, /* CPU 1 again */
    1,   12, 0,    0,    0, 0, 0xc0, 0xfe, 24,  0, 0, 0,             /* I/O APIC */
    2,   10, 0,    4,    9, 0, 0,    0,    0xf, 0, /* IRQ 4 is GSI 9, low, level */
    2,   10, 0,    77,   9, 0, 0,    0,    0,   0, /* no ISA interrupt */
    200, 3,  0,                                    /* unknown: passed over */
};

static uint32_t rsdt, xsdt, madt, fadt, hpet, dsdt;

static void put_fadt(void) {
  uint8_t b[244 - 36] = {0};
  put32(b + 40 - 36, dsdt);
  put32(b + 48 - 36, 0xb2);
  b[52 - 36] = 2;
  put32(b + 64 - 36, 0x604);
  put32(b + 76 - 36, 0x608);
  put32(b + 112 - 36, 1u << 8 | 1u << 10);
  b[116 - 36] = 1;
  put32(b + 120 - 36, 0xcf9);
  b[128 - 36] = 0xf;
  fadt = put_table("FACP", b, sizeof(b));
}

static void put_roots(void) {
  uint32_t r[3] = {fadt, madt, hpet};
  uint64_t x[3] = {fadt, madt, hpet};
  rsdt = put_table("RSDT", r, sizeof(r));
  xsdt = put_table("XSDT", x, sizeof(x));
  memcpy(memory, "RSD PTR ", 8);
  memory[15] = 2;
  put32(memory + 16, rsdt);
  put32(memory + 20, 36);
  put32(memory + 24, xsdt);
  seal(memory, 20, 8);
  seal(memory, 36, 32);
}

static int good_machine(void **state) {
  (void)state;
  memset(memory, 0, sizeof(memory));
  used = 64;
  dsdt = put_table("DSDT", aml, sizeof(aml));
  put_fadt();
  madt = put_table("APIC", madt_body, sizeof(madt_body));
  uint8_t h[20] = {0};
  put32(h + 8, 0xfed00000);
  hpet = put_table("HPET", h, sizeof(h));
  put_roots();
  return 0;
}

/* --- tests --------------------------------------------------------------------------- */

static void good(void **state) {
  (void)state;
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "");
  assert_int_equal(info.cpu_count, 3);
  assert_int_equal(info.apic_id[1], 1);
  assert_int_equal(info.apic_id[2], 256);
  assert_int_equal(info.lapic_address, 0xfee00000);
  assert_int_equal(info.ioapic_count, 1);
  assert_int_equal(info.ioapic_address[0], 0xfec00000);
  assert_int_equal(info.ioapic_gsi[0], 24);
  assert_int_equal(info.isa_gsi[4], 9);
  assert_int_equal(info.isa_flags[4], 0xf);
  assert_int_equal(info.isa_gsi[3], 3);
  assert_int_equal(info.hpet_address, 0xfed00000);
  assert_int_equal(info.pm1a_port, 0x604);
  assert_int_equal(info.pm1b_port, 0);
  assert_int_equal(info.pm_timer_port, 0x608);
  assert_true(info.pm_timer_32bit);
  assert_int_equal(info.smi_port, 0xb2);
  assert_int_equal(info.reset_address, 0xcf9);
  assert_int_equal(info.reset_value, 0xf);
  assert_true(info.s5_found);
  assert_int_equal(info.s5_a, 5);
  assert_int_equal(info.s5_b, 1);
}

static void finds_rsdp(void **state) {
  (void)state;
  memcpy(memory + 0x400, memory, 36);
  memset(memory, 0, 36);
  assert_int_equal(acpi_find_rsdp(map), BASE + 0x400);
  memory[0x400]++;
  assert_int_equal(acpi_find_rsdp(map), 0);
  forget_copies();
}

static void acpi_1(void **state) {
  (void)state;
  memory[15] = 0;
  put32(memory + 24, 0x7777);
  seal(memory, 20, 8);
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "");
  assert_int_equal(info.cpu_count, 3);
}

static void bad_rsdp(void **state) {
  (void)state;
  memory[8]++;
  assert_int_equal(parse(), STATUS_INVALID);
  assert_string_equal(log_text, "ACPI: no usable RSDP\n");
  memory[8]--;
  memory[32]++; /* the extended checksum */
  assert_int_equal(parse(), STATUS_INVALID);
  memory[32]--;
  memory[0] = 'r';
  seal(memory, 20, 8);
  assert_int_equal(parse(), STATUS_INVALID);
}

static void bad_xsdt(void **state) {
  (void)state;
  at(xsdt)[36]++;
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "ACPI: XSDT has a wrong checksum\n");
  assert_int_equal(info.cpu_count, 3);
}

static void xsdt_nowhere(void **state) {
  (void)state;
  put32(memory + 24, 0x1000);
  seal(memory, 36, 32);
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "ACPI: no memory at 1000 for XSDT\n");
}

static void xsdt_is_something_else(void **state) {
  (void)state;
  put32(memory + 24, hpet);
  seal(memory, 36, 32);
  assert_int_equal(parse(), STATUS_OK);
  assert_non_null(strstr(log_text, "ACPI: no XSDT at "));
}

static void both_roots_bad(void **state) {
  (void)state;
  at(xsdt)[36]++;
  at(rsdt)[36]++;
  assert_int_equal(parse(), STATUS_INVALID);
  assert_string_equal(log_text, "ACPI: XSDT has a wrong checksum\nACPI: RSDT has a wrong checksum\n"
                                "ACPI: no processor is listed\n");
}

static void length_too_small(void **state) {
  (void)state;
  put32(at(hpet) + 4, 35);
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "ACPI: HPET has length 35\n");
  assert_int_equal(info.hpet_address, 0);
}

static void length_too_large(void **state) {
  (void)state;
  put32(at(hpet) + 4, SIZE);
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "ACPI: HPET has length 131072\n");
  put32(at(hpet) + 4, 0xffffffff);
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "ACPI: HPET has length 4294967295\n");
}

static void bad_checksum_leaves_the_others(void **state) {
  (void)state;
  at(fadt)[60]++;
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "ACPI: FACP has a wrong checksum\n");
  assert_int_equal(info.pm1a_port, 0);
  assert_false(info.s5_found);
  assert_int_equal(info.cpu_count, 3);
}

static void no_madt(void **state) {
  (void)state;
  memcpy(at(madt), "CIPA", 4);
  reseal(madt);
  assert_int_equal(parse(), STATUS_INVALID);
  assert_string_equal(log_text, "ACPI: no processor is listed\n");
}

static void madt_entry(uint32_t offset, uint8_t length, const char *expect, unsigned cpus) {
  at(madt)[36 + offset + 1] = length;
  reseal(madt);
  assert_int_equal(parse(), cpus ? STATUS_OK : STATUS_INVALID);
  assert_non_null(strstr(log_text, expect));
  assert_int_equal(info.cpu_count, cpus);
}

static void madt_entry_of_length_0(void **state) {
  (void)state;
  madt_entry(16, 0, "ACPI: APIC has a bad entry at 52\n", 1);
}

static void madt_entry_too_short(void **state) {
  (void)state;
  madt_entry(8, 7, "ACPI: APIC has a bad entry at 44\n", 0);
}

static void madt_entry_beyond_the_end(void **state) {
  (void)state;
  madt_entry(sizeof(madt_body) - 3, 4, "ACPI: APIC has a bad entry at ", 3);
}

static void too_many_cpus(void **state) {
  (void)state;
  enum { N = ACPI_CPUS_MAX + 10 };
  static uint8_t body[8 + N * 16];
  for (uint32_t i = 0; i < N; i++) {
    uint8_t *e = body + 8 + i * 16;
    e[0] = 9;
    e[1] = 16;
    put32(e + 4, i);
    e[8] = 1;
  }
  madt = put_table("APIC", body, sizeof(body));
  put_roots();
  assert_int_equal(parse(), STATUS_OK);
  assert_int_equal(info.cpu_count, ACPI_CPUS_MAX);
}

static void fadt_of_acpi_1(void **state) {
  (void)state;
  put32(at(fadt) + 4, 116);
  reseal(fadt);
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "");
  assert_int_equal(info.reset_address, 0);
  assert_int_equal(info.pm_timer_port, 0x608);
  assert_true(info.s5_found);
}

static void bad_dsdt(void **state) {
  (void)state;
  at(dsdt)[40]++;
  assert_int_equal(parse(), STATUS_OK);
  assert_string_equal(log_text, "ACPI: DSDT has a wrong checksum\n");
  assert_false(info.s5_found);
  assert_int_equal(info.pm1a_port, 0x604);
}

static void hpet_in_io_space(void **state) {
  (void)state;
  at(hpet)[40] = 1;
  reseal(hpet);
  assert_int_equal(parse(), STATUS_OK);
  assert_int_equal(info.hpet_address, 0);
}

/* --- \_S5 ------------------------------------------------------------------------------- */

static bool s5(const char *bytes, size_t n) {
  uint8_t *copy = malloc(n);
  memcpy(copy, bytes, n);
  info.s5_a = info.s5_b = 0xff;
  bool found = acpi_find_s5(copy, n, &info);
  free(copy);
  return found;
}
#define S5(text) s5(text, sizeof(text) - 1)

static void s5_forms(void **state) {
  (void)state;
  assert_true(S5("\x08_S5_\x12\x04\x02\x00\x01"));
  assert_int_equal(info.s5_a, 0);
  assert_int_equal(info.s5_b, 1);
  assert_true(S5("\x08\\_S5_\x12\x08\x04\x0b\x05\x00\x0c\x07\x00\x00\x00"));
  assert_int_equal(info.s5_a, 5);
  assert_int_equal(info.s5_b, 7);
  assert_true(S5("\x08_S5_\x12\x44\x00\x02\x0a\x03\x0a\x03")); /* two bytes of length */
  assert_int_equal(info.s5_a, 3);
  assert_true(S5("\x08_S5_\x12\x03\x01\x0a\x06")); /* one element */
  assert_int_equal(info.s5_b, 0);
}

static void s5_bad(void **state) {
  (void)state;
  assert_false(S5("_S5_\x12\x04\x02\x00\x01"));             /* no Name */
  assert_false(S5("\x08_S5_\x11\x04\x02\x00\x01"));         /* no Package */
  assert_false(S5("\x08_S5_\x12\x02\x00"));                 /* empty */
  assert_false(S5("\x08_S5_\x12\x04\x02\x0a\x08\x00"));     /* beyond 3 bits */
  assert_false(S5("\x08_S5_\x12\x04\x02\x0d\x35\x00\x00")); /* a string */
  for (size_t n = 0; n < 10; n++)
    assert_false(s5("\x08_S5_\x12\x04\x02\x0a\x05\x0a", n));
  assert_false(S5("\x08_S5_\x12\xc4\x02"));
}

/* Any byte may be anything: no read out of bounds, no hang. */
static void mutations(void **state) {
  srand(1);
  for (unsigned i = 0; i < 20000; i++) {
    good_machine(state);
    for (unsigned n = 1 + (unsigned)rand() % 4; n; n--)
      memory[(unsigned)rand() % used] ^= (uint8_t)(1 << rand() % 8);
    const uint32_t tables[] = {dsdt, fadt, madt, hpet, rsdt, xsdt};
    for (unsigned t = 0; t < 6; t++) {
      uint32_t length;
      memcpy(&length, at(tables[t]) + 4, 4);
      if (length >= 36 && length < SIZE - used)
        reseal(tables[t]);
    }
    seal(memory, 20, 8);
    seal(memory, 36, 32);
    parse();
    assert_true(info.cpu_count <= ACPI_CPUS_MAX);
  }
}

#define TEST(f) cmocka_unit_test_setup(f, good_machine)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(good),
      TEST(finds_rsdp),
      TEST(acpi_1),
      TEST(bad_rsdp),
      TEST(bad_xsdt),
      TEST(xsdt_nowhere),
      TEST(xsdt_is_something_else),
      TEST(both_roots_bad),
      TEST(length_too_small),
      TEST(length_too_large),
      TEST(bad_checksum_leaves_the_others),
      TEST(no_madt),
      TEST(madt_entry_of_length_0),
      TEST(madt_entry_too_short),
      TEST(madt_entry_beyond_the_end),
      TEST(too_many_cpus),
      TEST(fadt_of_acpi_1),
      TEST(bad_dsdt),
      TEST(hpet_in_io_space),
      TEST(s5_forms),
      TEST(s5_bad),
      TEST(mutations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
