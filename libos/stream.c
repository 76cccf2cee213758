/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings of bytes (libos/stream.h). Each index is read once a call.
 */
#include <string.h>

#include <libos/stream.h>

/* The bytes between a pair of indices; -1 if there cannot be so many. The other end's index is read
 * before (acquire) the bytes that it covers. */
static int distance(const struct stream *s) {
  uint32_t used =
      __atomic_load_n(s->prod, __ATOMIC_ACQUIRE) - __atomic_load_n(s->cons, __ATOMIC_ACQUIRE);
  return used > s->size ? -1 : (int)used;
}

int stream_used(const struct stream *s) {
  return distance(s);
}

int stream_room(const struct stream *s) {
  int used = distance(s);
  return used < 0 ? -1 : (int)s->size - used;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

int stream_write(struct stream *s, const void *from, size_t size) {
  int room = stream_room(s);
  if (room <= 0)
    return room;
  uint32_t prod = *s->prod, at = prod & (s->size - 1);
  size_t n = smaller(size, room), first = smaller(n, s->size - at);
  memcpy(s->data + at, from, first);
  memcpy(s->data, (const uint8_t *)from + first, n - first);
  __atomic_store_n(s->prod, prod + (uint32_t)n, __ATOMIC_RELEASE);
  return (int)n;
}

int stream_peek(const struct stream *s, void *to, size_t size) {
  int used = distance(s);
  if (used <= 0)
    return used;
  uint32_t at = *s->cons & (s->size - 1);
  size_t n = smaller(size, used), first = smaller(n, s->size - at);
  memcpy(to, s->data + at, first);
  memcpy((uint8_t *)to + first, s->data, n - first);
  return (int)n;
}

void stream_skip(struct stream *s, size_t size) {
  __atomic_store_n(s->cons, *s->cons + (uint32_t)size, __ATOMIC_RELEASE);
}

int stream_read(struct stream *s, void *to, size_t size) {
  int n = stream_peek(s, to, size);
  if (n > 0)
    stream_skip(s, n);
  return n;
}
