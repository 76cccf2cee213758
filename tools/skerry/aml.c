/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AML encoder. Lengths are not known until a term ends, so aml_close
 * inserts them.
 */
#include "aml.h"

#include <string.h>

enum {
  AML_ZERO = 0x00,
  AML_ONE = 0x01,
  AML_NAME = 0x08,
  AML_BYTE = 0x0A,
  AML_WORD = 0x0B,
  AML_DWORD = 0x0C,
  AML_STRING = 0x0D,
  AML_SCOPE = 0x10,
  AML_PACKAGE = 0x12,
  AML_EXT = 0x5B,
  AML_EXT_DEVICE = 0x82,
};

size_t aml_open_scope(struct buf *b, const char *name) {
  buf_u8(b, AML_SCOPE);
  size_t opened = b->size;
  buf_u8(b, '\\');
  buf_put(b, name, 4);
  return opened;
}

size_t aml_open_device(struct buf *b, const char *name) {
  buf_u8(b, AML_EXT);
  buf_u8(b, AML_EXT_DEVICE);
  size_t opened = b->size;
  buf_put(b, name, 4);
  return opened;
}

size_t aml_open_package(struct buf *b, uint8_t elements) {
  buf_u8(b, AML_PACKAGE);
  size_t opened = b->size;
  buf_u8(b, elements);
  return opened;
}

/* PkgLength (20.2.4) counts itself. One byte holds lengths below 64; longer ones
 * put the low four bits and the number of further bytes into the first. */
static unsigned encode_length(size_t content, uint8_t out[4]) {
  unsigned more = content + 1 < 0x40       ? 0
                  : content + 2 < 0x1000   ? 1
                  : content + 3 < 0x100000 ? 2
                                           : 3;
  size_t length = content + 1 + more;
  out[0] = (uint8_t)(more ? more << 6 | (length & 0xF) : length);
  for (unsigned i = 1; i <= more; i++)
    out[i] = (uint8_t)(length >> (4 + 8 * (i - 1)));
  return 1 + more;
}

void aml_close(struct buf *b, size_t opened) {
  uint8_t length[4];
  size_t content = b->size - opened;
  unsigned bytes = encode_length(content, length);
  buf_zero(b, bytes);
  memmove(b->data + opened + bytes, b->data + opened, content);
  memcpy(b->data + opened, length, bytes);
}

void aml_name(struct buf *b, const char *name) {
  buf_u8(b, AML_NAME);
  buf_put(b, name, 4);
}

void aml_integer(struct buf *b, uint32_t value) {
  if (value <= 1) {
    buf_u8(b, value ? AML_ONE : AML_ZERO);
  } else if (value <= UINT8_MAX) {
    buf_u8(b, AML_BYTE);
    buf_u8(b, (uint8_t)value);
  } else if (value <= UINT16_MAX) {
    buf_u8(b, AML_WORD);
    buf_u16(b, (uint16_t)value);
  } else {
    buf_u8(b, AML_DWORD);
    buf_u32(b, value);
  }
}

void aml_string(struct buf *b, const char *text) {
  buf_u8(b, AML_STRING);
  buf_put(b, text, strlen(text) + 1);
}
