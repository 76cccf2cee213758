/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacking a bzImage's payload through the formats' own libraries. The kernel's
 * build appends the unpacked size as four bytes to every format but gzip, which
 * has it already; we let each library say where its data end, and check the
 * size where the format has no such end (LZ4).
 */
#include "kernel.h"

#include <lz4.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define STEP             (1u << 20)
#define LZ4_LEGACY_BLOCK (8u << 20)     /* bytes in a block of the legacy frame */
#define XZ_MEMORY        (512ull << 20) /* for a dictionary: the kernel's is at most 128 MiB */

static enum kernel_status unpack_gzip(const uint8_t *bytes, size_t size, struct buf *out) {
  z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size};
  if (inflateInit2(&z, 15 + 16) != Z_OK)
    return KERNEL_UNPACK_FAILED;
  int status = Z_OK;
  while (status == Z_OK && out->size < KERNEL_MAX_UNPACKED) {
    z.next_out = buf_extend(out, STEP);
    z.avail_out = STEP;
    status = inflate(&z, Z_NO_FLUSH);
    out->size -= z.avail_out;
  }
  inflateEnd(&z);
  return status == Z_STREAM_END ? KERNEL_OK : KERNEL_UNPACK_FAILED;
}

static enum kernel_status unpack_xz(const uint8_t *bytes, size_t size, struct buf *out) {
  lzma_stream z = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&z, XZ_MEMORY, 0) != LZMA_OK)
    return KERNEL_UNPACK_FAILED;
  z.next_in = bytes;
  z.avail_in = size;
  lzma_ret status = LZMA_OK;
  while (status == LZMA_OK && out->size < KERNEL_MAX_UNPACKED) {
    z.next_out = buf_extend(out, STEP);
    z.avail_out = STEP;
    status = lzma_code(&z, LZMA_RUN);
    out->size -= z.avail_out;
  }
  lzma_end(&z);
  return status == LZMA_STREAM_END ? KERNEL_OK : KERNEL_UNPACK_FAILED;
}

static enum kernel_status unpack_zstd(const uint8_t *bytes, size_t size, struct buf *out) {
  ZSTD_DStream *z = ZSTD_createDStream();
  if (!z)
    return KERNEL_UNPACK_FAILED;
  ZSTD_inBuffer in = {bytes, size, 0};
  size_t left = 1;
  while (left && !ZSTD_isError(left) && out->size < KERNEL_MAX_UNPACKED) {
    ZSTD_outBuffer step = {buf_extend(out, STEP), STEP, 0};
    left = ZSTD_decompressStream(z, &step, &in);
    out->size -= STEP - step.pos;
    if (!ZSTD_isError(left) && left && !step.pos && in.pos == in.size)
      break; /* it wants more than there is */
  }
  ZSTD_freeDStream(z);
  return left ? KERNEL_UNPACK_FAILED : KERNEL_OK;
}

static uint32_t load32(const uint8_t *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The legacy frame: a magic number, then blocks of (u32 size, data), without an
 * end mark: the last four bytes are the kernel build's unpacked size. */
static enum kernel_status unpack_lz4(const uint8_t *bytes, size_t size, struct buf *out) {
  if (size < 8)
    return KERNEL_UNPACK_FAILED;
  size_t at = 4, end = size - 4;
  while (at < end) {
    if (end - at < 4)
      return KERNEL_UNPACK_FAILED;
    uint32_t block = load32(bytes + at);
    at += 4;
    if (!block || block > end - at || block > INT32_MAX || out->size >= KERNEL_MAX_UNPACKED)
      return KERNEL_UNPACK_FAILED;
    uint8_t *to = buf_extend(out, LZ4_LEGACY_BLOCK);
    int n = LZ4_decompress_safe((const char *)bytes + at, (char *)to, (int)block,
                                (int)LZ4_LEGACY_BLOCK);
    out->size -= LZ4_LEGACY_BLOCK - (n > 0 ? (size_t)n : 0);
    if (n < 0)
      return KERNEL_UNPACK_FAILED;
    at += block;
  }
  return out->size == load32(bytes + end) ? KERNEL_OK : KERNEL_UNPACK_FAILED;
}

static enum kernel_status unpack_none(const uint8_t *bytes, size_t size, struct buf *out) {
  buf_put(out, bytes, size);
  return KERNEL_OK;
}

struct format {
  const char *name;
  uint8_t magic[6];
  unsigned length;
  enum kernel_status (*unpack)(const uint8_t *, size_t, struct buf *); /* NULL: not ours */
};

static const struct format formats[] = {
    {"gzip", {0x1F, 0x8B}, 2, unpack_gzip},
    {"XZ", {0xFD, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {"LZ4", {0x02, 0x21, 0x4C, 0x18}, 4, unpack_lz4},
    {"Zstandard", {0x28, 0xB5, 0x2F, 0xFD}, 4, unpack_zstd},
    {"none", {0x7F, 'E', 'L', 'F'}, 4, unpack_none},
    {"bzip2", {'B', 'Z', 'h'}, 3, NULL},
    {"LZO", {0x89, 'L', 'Z', 'O'}, 4, NULL},
    {"LZMA", {0x5D, 0, 0}, 3, NULL},
};

enum kernel_status unpack(const uint8_t *bytes, size_t size, struct buf *out, const char **name) {
  for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
    const struct format *f = &formats[i];
    if (size < f->length || memcmp(bytes, f->magic, f->length))
      continue;
    *name = f->name;
    return f->unpack ? f->unpack(bytes, size, out) : KERNEL_UNKNOWN_COMPRESSION;
  }
  *name = "an unknown format";
  return KERNEL_UNKNOWN_COMPRESSION;
}
