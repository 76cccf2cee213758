/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instruction decoder: first byte the mode, then up to 15 bytes of code in
 * a copy of just that size. What it says of them must hold for every cut.
 */
#include <asm/vendor.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

static bool decode_cut(const uint8_t *bytes, unsigned n, unsigned bits, struct insn *out) {
  uint8_t *copy = malloc(n);
  memcpy(copy, bytes, n);
  bool known = insn_decode(copy, n, bits, out);
  free(copy);
  return known;
}

static void check_operands(const struct insn *i) {
  if (i->op != INSN_LOAD && i->op != INSN_STORE)
    return;
  FUZZ_REQUIRE(i->size == 1 || i->size == 2 || i->size == 4 || i->size == 8);
  FUZZ_REQUIRE(i->reg < 16 || (i->reg == 0xff && i->op == INSN_STORE));
  FUZZ_REQUIRE(i->reg == 0xff || i->reg_size >= i->size);
}

/* With less than its length it is not known, and says so by a length above what there was; with
 * just its length it is the same. */
static void check_cuts(const uint8_t *bytes, unsigned bits, const struct insn *whole) {
  struct insn i;
  for (unsigned n = 1; n < whole->length; n++) {
    FUZZ_REQUIRE(!decode_cut(bytes, n, bits, &i));
    FUZZ_REQUIRE(i.op == INSN_OTHER && i.length > n);
  }
  FUZZ_REQUIRE(decode_cut(bytes, whole->length, bits, &i));
  FUZZ_REQUIRE(i.op == whole->op && i.length == whole->length && i.size == whole->size &&
               i.reg == whole->reg && i.immediate == whole->immediate);
}

void fuzz_one(struct fuzz_input *in) {
  unsigned bits = 16u << fuzz_u8(in) % 3, n = in->left < 15 ? (unsigned)in->left : 15;
  struct insn i;
  if (!n)
    return;
  if (!decode_cut(in->at, n, bits, &i)) {
    FUZZ_REQUIRE(i.op == INSN_OTHER);
    return;
  }
  FUZZ_REQUIRE(i.op != INSN_OTHER && i.length > 0 && i.length <= n);
  check_operands(&i);
  check_cuts(in->at, bits, &i);
}
