/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thing that root mode reads of a DSDT: the sleep type values of \_S5.
 * Found by its bytes; nothing is interpreted. ACPI 6.5, 7.4.2 and 20.2.
 */
#include "acpi.h"
#include <lib/lib.h>

enum {
  AML_ZERO = 0x00,
  AML_ONE = 0x01,
  AML_NAME = 0x08,
  AML_BYTE = 0x0a,
  AML_WORD = 0x0b,
  AML_DWORD = 0x0c,
  AML_PACKAGE = 0x12
};

struct cursor {
  const uint8_t *at, *end;
};

static int next(struct cursor *c) {
  return c->at < c->end ? *c->at++ : -1;
}

/* An integer constant; only its low byte counts here. -1: something else. */
static int constant(struct cursor *c) {
  int op = next(c);
  if (op == AML_ZERO || op == AML_ONE)
    return op;
  int skip = op == AML_BYTE ? 0 : op == AML_WORD ? 1 : op == AML_DWORD ? 3 : -1;
  if (skip < 0)
    return -1;
  int value = next(c);
  while (skip--)
    next(c);
  return value;
}

/* After the name: PackageOp PkgLength NumElements element element ... */
static bool package(struct cursor c, struct acpi_info *out) {
  if (next(&c) != AML_PACKAGE)
    return false;
  int lead = next(&c);
  for (int more = lead >> 6; lead >= 0 && more; more--)
    next(&c);
  int count = next(&c), a = constant(&c), b = count > 1 ? constant(&c) : 0;
  if (count < 1 || a < 0 || b < 0 || a > 7 || b > 7)
    return false;
  out->s5_a = (uint8_t)a;
  out->s5_b = (uint8_t)b;
  return true;
}

bool acpi_find_s5(const uint8_t *aml, uint64_t n, struct acpi_info *out) {
  for (uint64_t i = 1; i + 4 <= n; i++) {
    if (memcmp(aml + i, "_S5_", 4))
      continue;
    bool named = aml[i - 1] == AML_NAME || (i >= 2 && aml[i - 1] == '\\' && aml[i - 2] == AML_NAME);
    if (named && package((struct cursor){aml + i + 4, aml + n}, out))
      return true;
  }
  return false;
}
