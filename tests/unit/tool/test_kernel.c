/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ELF files and bzImages: what is taken from good ones, what is said of
 * bad ones, and that no truncation or flipped byte reads out of bounds (the
 * sanitizers watch).
 */
#include "test.h"

#include <elf.h>
#include <stdlib.h>

#include "../../../tools/skerry/kernel.h"
#include "make_kernel.h"

static enum kernel_status read_elf(const struct make_elf *e, struct kernel *k) {
  struct buf b = {0};
  make_elf(e, &b);
  enum kernel_status status = kernel_read(&b, k);
  buf_free(&b);
  return status;
}

static void expect_elf(const struct make_elf *e, enum kernel_status expected) {
  struct kernel k;
  assert_int_equal(read_elf(e, &k), expected);
  kernel_free(&k);
}

static void check_good(const struct kernel *k) {
  assert_int_equal(k->count, 2);
  assert_int_equal(k->loads[0].gpa, 0x100000);
  assert_int_equal(k->loads[0].file_size, 0x1000);
  assert_int_equal(k->loads[0].offset, 0);
  assert_int_equal(k->loads[1].gpa, 0x102000);
  assert_int_equal(k->loads[1].mem_size, 0x3000);
  assert_int_equal(k->loads[1].offset, 0x1000);
  assert_int_equal(k->end, 0x105000);
  assert_int_equal(k->entry, 0x100010);
  assert_int_equal(k->bytes.size, 0x2000);
  for (unsigned i = 0; i < k->bytes.size; i++)
    assert_int_equal(k->bytes.data[i], i % 0x1000 % 255 + 1);
}

static void test_good_elf(void **state) {
  (void)state;
  for (unsigned bits = 32; bits <= 64; bits += 32)
    for (unsigned note = 4; note <= 8; note += 4) {
      struct make_elf e = make_good_elf;
      struct kernel k;
      e.bits = bits;
      e.note = note;
      assert_int_equal(read_elf(&e, &k), KERNEL_OK);
      assert_int_equal(k.bits, bits);
      check_good(&k);
      kernel_free(&k);
    }
}

/* A note of another owner with the same number must not count. */
static void test_note_among_others(void **state) {
  (void)state;
  struct make_elf e = make_good_elf;
  struct kernel k;
  e.other_notes = 4;
  assert_int_equal(read_elf(&e, &k), KERNEL_OK);
  assert_int_equal(k.entry, 0x100010);
  kernel_free(&k);
  e.note = 0;
  expect_elf(&e, KERNEL_NO_PVH_NOTE);
}

static void test_segments_are_sorted(void **state) {
  (void)state;
  struct make_elf e = make_good_elf;
  struct kernel k;
  struct make_segment first = e.segments[0];
  e.segments[0] = e.segments[1];
  e.segments[1] = first;
  assert_int_equal(read_elf(&e, &k), KERNEL_OK);
  check_good(&k);
  kernel_free(&k);
}

static void test_empty_segments_are_skipped(void **state) {
  (void)state;
  struct make_elf e = make_good_elf;
  struct kernel k;
  e.segments[e.count++] = (struct make_segment){0, 0, 0};
  e.segments[e.count++] = (struct make_segment){0x200000, 0, 0x1000}; /* bss alone */
  assert_int_equal(read_elf(&e, &k), KERNEL_OK);
  assert_int_equal(k.count, 3);
  assert_int_equal(k.loads[2].file_size, 0);
  assert_int_equal(k.end, 0x201000);
  kernel_free(&k);
}

static void test_trailing_zeroes_are_dropped(void **state) {
  (void)state;
  struct buf b = {0};
  struct kernel k;
  make_elf(&make_good_elf, &b);
  memset(b.data + b.size - 0x300, 0, 0x300);
  assert_int_equal(kernel_read(&b, &k), KERNEL_OK);
  assert_int_equal(k.loads[1].file_size, 0xD00);
  assert_int_equal(k.loads[1].mem_size, 0x3000);
  assert_int_equal(k.bytes.size, 0x1D00);
  kernel_free(&k);
  buf_free(&b);
}

static void test_bad_elf(void **state) {
  (void)state;
  struct make_elf e = make_good_elf;
  e.machine = EM_ARM;
  expect_elf(&e, KERNEL_ELF_MACHINE);
  e = make_good_elf;
  e.type = ET_REL;
  expect_elf(&e, KERNEL_ELF_BROKEN);
  e = make_good_elf;
  e.count = 0;
  expect_elf(&e, KERNEL_NO_SEGMENT);
  e = make_good_elf;
  e.segments[1].memsz = 0xFFF; /* less than in the file */
  expect_elf(&e, KERNEL_ELF_BROKEN);
  e = make_good_elf;
  e.segments[1].paddr = 0xFFFFF000; /* its end wraps past 4 GiB */
  expect_elf(&e, KERNEL_ELF_BROKEN);
  e = make_good_elf;
  e.segments[1].paddr = UINT64_MAX - 0x1000;
  expect_elf(&e, KERNEL_ELF_BROKEN);
  e = make_good_elf;
  e.segments[1].paddr = 0x100FFF;
  expect_elf(&e, KERNEL_OVERLAP);
  e = make_good_elf;
  e.entry = 0x105000; /* the first byte after */
  expect_elf(&e, KERNEL_ENTRY_OUTSIDE);
  e = make_good_elf;
  e.note = 8;
  e.entry = 0x100000010; /* above 4 GiB, where no segment can be */
  expect_elf(&e, KERNEL_ENTRY_OUTSIDE);
}

static void test_too_many_segments(void **state) {
  (void)state;
  struct make_elf e = make_good_elf;
  e.count = KERNEL_MAX_LOADS;
  for (unsigned i = 0; i < e.count + 1; i++)
    e.segments[i] = (struct make_segment){0x100000 + 0x1000 * i, 16, 0x1000};
  e.entry = 0x100000;
  expect_elf(&e, KERNEL_OK);
  e.count++;
  expect_elf(&e, KERNEL_ELF_BROKEN);
}

static void test_bzimage(void **state) {
  (void)state;
  static const char *const names[] = {"bzImage, uncompressed", "bzImage with gzip",
                                      "bzImage with XZ", "bzImage with LZ4",
                                      "bzImage with Zstandard"};
  struct buf elf = {0};
  make_elf(&make_good_elf, &elf);
  for (enum make_compression how = MAKE_NONE; how <= MAKE_ZSTD; how++) {
    struct buf b = {0};
    struct kernel k;
    make_bzimage(&elf, how, 0x208, &b);
    assert_int_equal(kernel_read(&b, &k), KERNEL_OK);
    assert_string_equal(k.format, names[how]);
    check_good(&k);
    kernel_free(&k);
    buf_free(&b);
  }
  buf_free(&elf);
}

static enum kernel_status read_copy(const uint8_t *bytes, size_t size) {
  struct buf exact = {0};
  struct kernel k;
  /* Without spare room, so that a read past the end is seen. */
  exact.data = malloc(size ? size : 1);
  memcpy(exact.data, bytes, size);
  exact.size = size;
  enum kernel_status status = kernel_read(&exact, &k);
  kernel_free(&k);
  free(exact.data);
  return status;
}

/* Every length: none crashes, and none is taken for good before all of it is there. */
static void check_truncated(const struct buf *b, size_t needed) {
  for (size_t size = 0; size < b->size; size += size < 800 || size + 300 > b->size ? 1 : 97) {
    enum kernel_status status = read_copy(b->data, size);
    assert_int_equal(status == KERNEL_OK, size >= needed);
  }
}

static void test_truncated(void **state) {
  (void)state;
  struct buf elf = {0};
  make_elf(&make_good_elf, &elf);
  check_truncated(&elf, elf.size);
  for (enum make_compression how = MAKE_GZIP; how <= MAKE_ZSTD; how++) {
    struct buf b = {0};
    make_bzimage(&elf, how, 0x20F, &b);
    check_truncated(&b, b.size - 100);
    buf_free(&b);
  }
  buf_free(&elf);
}

/* A payload that ends early inside a whole file. */
static void test_payload_cut_short(void **state) {
  (void)state;
  struct buf elf = {0};
  make_elf(&make_good_elf, &elf);
  for (enum make_compression how = MAKE_GZIP; how <= MAKE_ZSTD; how++) {
    struct buf b = {0};
    make_bzimage(&elf, how, 0x20F, &b);
    uint32_t length;
    memcpy(&length, b.data + 0x24C, 4);
    for (uint32_t size = 1; size + 40 < length; size += 13) {
      memcpy(b.data + 0x24C, &size, 4);
      assert_int_not_equal(read_copy(b.data, b.size), KERNEL_OK);
    }
    buf_free(&b);
  }
  buf_free(&elf);
}

/* Any status will do; the sanitizers judge. */
static void flip_each_byte(struct buf *b, size_t limit) {
  for (size_t i = 0; i < b->size && i < limit; i++)
    for (unsigned bit = 0; bit < 8; bit += 7) {
      b->data[i] ^= (uint8_t)(1u << bit);
      read_copy(b->data, b->size);
      b->data[i] ^= (uint8_t)(1u << bit);
    }
}

static void test_flipped_bytes(void **state) {
  (void)state;
  for (unsigned bits = 32; bits <= 64; bits += 32) {
    struct make_elf e = make_good_elf;
    struct buf elf = {0};
    e.bits = bits;
    make_elf(&e, &elf);
    flip_each_byte(&elf, 300); /* headers and notes */
    for (enum make_compression how = MAKE_GZIP; how <= MAKE_ZSTD; how++) {
      struct buf b = {0};
      make_bzimage(&elf, how, 0x20F, &b);
      flip_each_byte(&b, 0x250);
      buf_free(&b);
    }
    buf_free(&elf);
  }
}

/* Damage inside the compressed data is seen where the format has a checksum. */
static void test_damaged_payload(void **state) {
  (void)state;
  struct buf elf = {0};
  make_elf(&make_good_elf, &elf);
  for (enum make_compression how = MAKE_GZIP; how <= MAKE_ZSTD; how++) {
    struct buf b = {0};
    make_bzimage(&elf, how, 0x20F, &b);
    for (size_t i = b.size - 160; i < b.size - 100; i++) {
      b.data[i] ^= 0x41;
      enum kernel_status status = read_copy(b.data, b.size);
      if (how == MAKE_GZIP)
        assert_int_equal(status, KERNEL_UNPACK_FAILED);
      b.data[i] ^= 0x41;
    }
    buf_free(&b);
  }
  buf_free(&elf);
}

static void expect_bytes(const char *bytes, size_t size, enum kernel_status expected) {
  assert_int_equal(read_copy((const uint8_t *)bytes, size), expected);
}

static void test_other_files(void **state) {
  (void)state;
  expect_bytes("", 0, KERNEL_UNKNOWN_FORMAT);
  expect_bytes("#!/bin/sh\n", 10, KERNEL_UNKNOWN_FORMAT);
  expect_bytes("\x7F"
               "ELF",
               4, KERNEL_ELF_BROKEN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_elf),
      cmocka_unit_test(test_note_among_others),
      cmocka_unit_test(test_segments_are_sorted),
      cmocka_unit_test(test_empty_segments_are_skipped),
      cmocka_unit_test(test_trailing_zeroes_are_dropped),
      cmocka_unit_test(test_bad_elf),
      cmocka_unit_test(test_too_many_segments),
      cmocka_unit_test(test_bzimage),
      cmocka_unit_test(test_truncated),
      cmocka_unit_test(test_payload_cut_short),
      cmocka_unit_test(test_flipped_bytes),
      cmocka_unit_test(test_damaged_payload),
      cmocka_unit_test(test_other_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
