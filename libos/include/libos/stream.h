/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of a ring of bytes, as the console's and the store's are (xen/io/console.h,
 * xen/io/xs_wire.h): two free-running indices and a buffer of a power of two. The other end may be
 * hostile: indices further apart than the buffer are told, not followed. No call here touches
 * libos; it is tested on the host.
 */
#ifndef LIBOS_STREAM_H
#define LIBOS_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct stream {
  volatile uint32_t *prod, *cons; /* in the shared page */
  uint8_t *data;                  /* in the shared page */
  uint32_t size;                  /* a power of two */
};

/* Bytes that can be read or written now; -1 if the indices make no sense. */
int stream_used(const struct stream *s);
int stream_room(const struct stream *s);

/* Moves up to `size` bytes and then the index, so that the other end sees bytes before the index
 * that covers them. How many, 0 if none, -1 if the indices make no sense. */
int stream_write(struct stream *s, const void *from, size_t size);
int stream_read(struct stream *s, void *to, size_t size);

/* Copies up to `size` bytes without taking them; stream_skip takes them (no more than were read).
 */
int stream_peek(const struct stream *s, void *to, size_t size);
void stream_skip(struct stream *s, size_t size);

#endif
