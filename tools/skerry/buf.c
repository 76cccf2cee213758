/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array of bytes, and whole files. No other kind of container.
 */
#include "buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *check_alloc(void *p) {
  if (p)
    return p;
  fputs("skerry: out of memory\n", stderr);
  exit(2);
}

void *xcalloc(size_t count, size_t size) {
  return check_alloc(calloc(count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *text) {
  return check_alloc(strdup(text));
}

static void buf_reserve(struct buf *b, size_t more) {
  size_t need = b->size + more;
  if (need < more)
    check_alloc(NULL);
  if (need <= b->room)
    return;
  size_t room = b->room * 2 > need ? b->room * 2 : need;
  b->data = check_alloc(realloc(b->data, room));
  b->room = room;
}

uint8_t *buf_extend(struct buf *b, size_t size) {
  buf_reserve(b, size + 1);
  uint8_t *at = b->data + b->size;
  b->size += size;
  return at;
}

void buf_put(struct buf *b, const void *bytes, size_t size) {
  if (size)
    memcpy(buf_extend(b, size), bytes, size);
}

void buf_put_text(struct buf *b, const char *text) {
  buf_put(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...) {
  va_list args;
  char *text = NULL;
  va_start(args, format);
  int n = vasprintf(&text, format, args);
  va_end(args);
  if (n < 0)
    check_alloc(NULL);
  buf_put(b, text, (size_t)n);
  free(text);
}

void buf_zero(struct buf *b, size_t size) {
  if (size)
    memset(buf_extend(b, size), 0, size);
}

void buf_pad(struct buf *b, size_t align) {
  buf_zero(b, (align - b->size % align) % align);
}

static void buf_little(struct buf *b, uint64_t v, unsigned bytes) {
  uint8_t *at = buf_extend(b, bytes);
  for (unsigned i = 0; i < bytes; i++)
    at[i] = (uint8_t)(v >> (8 * i));
}

void buf_u8(struct buf *b, uint8_t v) {
  buf_little(b, v, 1);
}

void buf_u16(struct buf *b, uint16_t v) {
  buf_little(b, v, 2);
}

void buf_u32(struct buf *b, uint32_t v) {
  buf_little(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v) {
  buf_little(b, v, 8);
}

void buf_free(struct buf *b) {
  free(b->data);
  *b = (struct buf){0};
}

const char *buf_text(struct buf *b) {
  buf_reserve(b, 1);
  b->data[b->size] = 0;
  return (const char *)b->data;
}

static int read_all(int fd, size_t limit, struct buf *out) {
  struct stat st;
  if (fstat(fd, &st))
    return errno;
  if (S_ISDIR(st.st_mode))
    return EISDIR;
  if (!S_ISREG(st.st_mode))
    return EINVAL;
  if ((uint64_t)st.st_size > limit)
    return EFBIG;
  uint8_t *at = buf_extend(out, (size_t)st.st_size);
  size_t done = 0;
  while (done < (size_t)st.st_size) {
    ssize_t n = read(fd, at + done, (size_t)st.st_size - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    if (n == 0)
      return EIO; /* it shrank while we read it */
    done += (size_t)n;
  }
  return 0;
}

int file_read(const char *path, size_t limit, struct buf *out) {
  *out = (struct buf){0};
  /* O_NONBLOCK: opening a FIFO by mistake is an error, not a hang. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return errno;
  int status = read_all(fd, limit, out);
  close(fd);
  if (status)
    buf_free(out);
  return status;
}

static int write_all(int fd, const uint8_t *bytes, size_t size) {
  while (size) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    bytes += n;
    size -= (size_t)n;
  }
  return 0;
}

int file_write(const char *path, const void *bytes, size_t size) {
  struct buf name = {0};
  buf_printf(&name, "%s.%ld.tmp", path, (long)getpid());
  const char *temporary = buf_text(&name);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  int status = fd < 0 ? errno : write_all(fd, bytes, size);
  if (fd >= 0 && close(fd) && !status)
    status = errno;
  if (!status && rename(temporary, path))
    status = errno;
  if (status && fd >= 0)
    unlink(temporary);
  buf_free(&name);
  return status;
}
