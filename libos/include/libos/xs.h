/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the store (xenstore: xen/io/xs_wire.h, docs/misc/xenstore.txt of Xen) over this
 * domain's own ring, HVM_PARAM_STORE_*. A call sends its request and waits for the reply, while
 * no handler runs; watch events that come meanwhile are kept for the loop. A store that does not
 * answer within 10 s makes a call fail with ETIMEDOUT, so that it can be tried again.
 *
 * Paths that do not start with '/' are taken under /local/domain/<own id>. A transaction is a
 * number from xs_begin, or XS_NONE. Errors are -1 with errno set, as the store names them (ENOENT,
 * EACCES, EAGAIN from xs_end after a conflict, ...); ENOTCONN where the domain has no store.
 */
#ifndef LIBOS_XS_H
#define LIBOS_XS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XS_NONE 0u

/* Connects; the other calls do it themselves. 0, or -1. */
int xs_open(void);

/* The value, with a zero byte behind it that does not count; the caller frees it. NULL on an error.
 */
char *xs_read(uint32_t transaction, const char *path, size_t *size);
/* Reads a decimal number. */
int xs_read_number(uint32_t transaction, const char *path, uint64_t *value);

int xs_write(uint32_t transaction, const char *path, const void *value, size_t size);
int xs_printf(uint32_t transaction, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int xs_mkdir(uint32_t transaction, const char *path);
int xs_rm(uint32_t transaction, const char *path);
/* `perms` as "n0", or several after each other with a zero byte between: "n0\0r3". `size` counts
 * the last zero too. */
int xs_set_perms(uint32_t transaction, const char *path, const char *perms, size_t size);

/* The names in a directory (E2BIG if they do not fit into one message of 4096 bytes): an array with
 * a NULL behind the last, in one piece that the caller frees. NULL on an error. */
char **xs_directory(uint32_t transaction, const char *path, size_t *count);

/* 0 on an error. */
uint32_t xs_begin(void);
/* Ends the transaction. errno EAGAIN: somebody else wrote what it read; start again. */
int xs_end(uint32_t transaction, bool commit);

/* A watch, owned by the caller, which lies still until xs_unwatch. `fire` is called from the event
 * loop with the path that changed, once after the start too. */
struct xs_watch {
  const char *path;
  void (*fire)(struct xs_watch *w, const char *path);
  void *arg;
  struct xs_watch *next; /* private, as what follows */
  uint32_t id;
};

int xs_watch(struct xs_watch *w);
int xs_unwatch(struct xs_watch *w);

#endif
