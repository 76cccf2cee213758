/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array of bytes, and reading whole files into one. Running out of
 * memory ends the program with a message: there is nothing useful left to do.
 * Little-endian, whatever the host is.
 */
#ifndef SKERRY_BUF_H
#define SKERRY_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
  uint8_t *data; /* owned; NULL while room is 0 */
  size_t size;   /* bytes in use */
  size_t room;   /* bytes allocated */
};

void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *text);

/* Appends; the bytes may not lie inside the same buffer. */
void buf_put(struct buf *b, const void *bytes, size_t size);
void buf_put_text(struct buf *b, const char *text); /* without the terminator */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_zero(struct buf *b, size_t size);
void buf_pad(struct buf *b, size_t align); /* zeroes up to a multiple of align */
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);

/* Makes room for exactly `size` more bytes at the end, and returns their start. */
uint8_t *buf_extend(struct buf *b, size_t size);
void buf_free(struct buf *b);

/* The bytes as a C string; owned by the buffer, valid until it changes. */
const char *buf_text(struct buf *b);

/* Reads a whole regular file of at most `limit` bytes. 0 or an errno (EFBIG:
 * larger than the limit). */
int file_read(const char *path, size_t limit, struct buf *out);

/* Writes a whole file by way of a temporary one beside it, so that a reader
 * never sees half of it. 0 or an errno. */
int file_write(const char *path, const void *bytes, size_t size);

#endif
