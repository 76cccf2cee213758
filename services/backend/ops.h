/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a back end asks of the machine: grants, events and the store, as a table of functions. The
 * service fills it with libos; a unit test plays a front end that lies. No protocol is here.
 */
#ifndef SERVICES_BACKEND_OPS_H
#define SERVICES_BACKEND_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKEND_PAGE 4096u

/* Bytes between a page that a client granted and memory of our own. */
struct backend_copy {
  uint16_t domid;
  bool to_client;
  bool failed; /* out */
  uint32_t gref;
  uint16_t offset; /* in the client's page; offset + length is at most a page */
  uint16_t length; /* not 0 */
  void *own;       /* must not cross a page of ours */
};

struct backend_ops {
  /* Maps a granted page for reading and writing; NULL if the client has not granted it. */
  void *(*map)(uint16_t domid, uint32_t gref);
  void (*unmap)(void *page);
  /* Does all that it can of them, each on its own, and says of each whether it failed. */
  void (*copy)(struct backend_copy *copies, unsigned count);

  /* Binds a port to one that the client left unbound for us, and calls `fired` with `owner` for
   * each event from then on, and once at the start. False: there is no such port. */
  bool (*bind)(uint16_t domid, uint32_t remote, void (*fired)(uint32_t port, void *owner),
               void *owner, uint32_t *port);
  void (*unbind)(uint32_t port);
  bool (*is_bound)(uint32_t port); /* false once the other end is gone */
  void (*notify)(uint32_t port);
  void (*again)(uint32_t port); /* calls `fired` once more, when the other ports had their turn */

  /* The store. Paths without a slash in front are below our own /local/domain/N. */
  /* The value as a string of less than `size` bytes: false if it is not there or does not fit. */
  bool (*read)(const char *path, char *value, size_t size);
  bool (*write)(const char *path, const char *value);
  /* The names of the children, each with a zero behind it; returns their bytes, 0 if there are
   * none or they do not fit. */
  size_t (*list)(const char *path, char *names, size_t size);
  bool (*watch)(const char *path, const char *token);
  void (*unwatch)(const char *path, const char *token);

  void (*log)(const char *line); /* for a person, without a line feed */
};

#endif
