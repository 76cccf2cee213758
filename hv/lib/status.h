/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole error vocabulary of root mode. Xen's errno values exist only at
 * the ABI's edge (xen/errno.h); nothing in core or arch knows them.
 */
#ifndef LIB_STATUS_H
#define LIB_STATUS_H

enum status {
  STATUS_OK = 0,
  STATUS_INVALID,     /* an argument makes no sense */
  STATUS_FAULT,       /* a guest pointer leads nowhere or not with that right */
  STATUS_NO_MEMORY,   /* frames, arena pages or a declared limit exhausted */
  STATUS_NOT_FOUND,   /* no such domain, vCPU, port, frame */
  STATUS_EXISTS,      /* is there already */
  STATUS_BUSY,        /* in use; nothing changed */
  STATUS_UNSUPPORTED, /* this build, machine or ABI does not have it */
  STATUS_RANGE,       /* a number out of its range */
};

#endif
