/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of the machine's ACPI tables. First byte: bit 0 leaves the sums
 * as they are; else each table is seen with a right one, so that what is behind
 * the check is reached. The rest is memory from BASE on, where the RSDP stands.
 */
#include <stdlib.h>
#include <string.h>
#include "acpi.h"
#include "fuzz.h"

#define BASE      0xe0000u
#define MAX_SIZE  0x4000u
#define COPIES    4096u
#define RSDP_OLD  20u
#define RSDP_FULL 36u

static uint8_t memory[MAX_SIZE];
static size_t memory_size;
static bool keep_sums;
static void *copies[COPIES];
static unsigned copy_count;

void log_printf(const char *fmt, ...) {
  FUZZ_REQUIRE(fmt != NULL);
}

void panic(const char *fmt, ...) {
  fuzz_broken(__FILE__, __LINE__, fmt);
}

static void sum_right(uint8_t *p, uint64_t n, uint64_t at) {
  uint8_t s = 0;
  p[at] = 0;
  for (uint64_t i = 0; i < n; i++)
    s = (uint8_t)(s + p[i]);
  p[at] = (uint8_t)-s;
}

static void sums_right(uint8_t *p, uint64_t size, bool rsdp) {
  if (!rsdp && size > 9)
    sum_right(p, size, 9);
  if (rsdp && size >= RSDP_OLD)
    sum_right(p, RSDP_OLD, 8);
  if (rsdp && size >= RSDP_FULL)
    sum_right(p, RSDP_FULL, 32);
}

/* A copy of just that size, so that the sanitizer sees every byte read beyond it. */
static const uint8_t *map(uint64_t maddr, uint64_t size) {
  if (maddr < BASE || maddr - BASE > memory_size || size > memory_size - (maddr - BASE) || !size)
    return NULL;
  FUZZ_REQUIRE(copy_count < COPIES);
  uint8_t *copy = malloc(size);
  memcpy(copy, memory + (maddr - BASE), size);
  if (!keep_sums)
    sums_right(copy, size, maddr == BASE);
  copies[copy_count++] = copy;
  return copy;
}

static void check(const struct acpi_info *info, enum status s) {
  FUZZ_REQUIRE(info->cpu_count <= ARRAY_SIZE(info->apic_id));
  FUZZ_REQUIRE(info->ioapic_count <= ARRAY_SIZE(info->ioapic_address));
  FUZZ_REQUIRE((s == STATUS_OK) == (info->cpu_count > 0));
  FUZZ_REQUIRE(!info->s5_found || (info->s5_a < 8 && info->s5_b < 8));
  for (unsigned i = 0; i < info->cpu_count; i++)
    for (unsigned j = 0; j < i; j++)
      FUZZ_REQUIRE(info->apic_id[i] != info->apic_id[j]);
}

void fuzz_one(struct fuzz_input *in) {
  static struct acpi_info info;
  keep_sums = fuzz_u8(in) & 1;
  memory_size = MIN(in->left, MAX_SIZE);
  fuzz_take(in, memory, memory_size);
  check(&info, acpi_parse(map, BASE, &info));
  while (copy_count)
    free(copies[--copy_count]);
}
