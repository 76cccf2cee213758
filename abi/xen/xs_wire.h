/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's protocol on the wire (libxen-dev 4.17, xen/io/xs_wire.h): numbers of messages, their
 * header, and the page that a client shares with the store. What the messages mean stands in Xen's
 * docs/misc/xenstore.txt and xenstore-ring.txt.
 */
#ifndef ABI_XEN_XS_WIRE_H
#define ABI_XEN_XS_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define XS_CONTROL                           0
#define XS_DIRECTORY                         1
#define XS_READ                              2
#define XS_GET_PERMS                         3
#define XS_WATCH                             4
#define XS_UNWATCH                           5
#define XS_TRANSACTION_START                 6
#define XS_TRANSACTION_END                   7
#define XS_INTRODUCE                         8
#define XS_RELEASE                           9
#define XS_GET_DOMAIN_PATH                   10
#define XS_WRITE                             11
#define XS_MKDIR                             12
#define XS_RM                                13
#define XS_SET_PERMS                         14
#define XS_WATCH_EVENT                       15
#define XS_ERROR                             16
#define XS_IS_DOMAIN_INTRODUCED              17
#define XS_RESUME                            18
#define XS_SET_TARGET                        19
#define XS_RESET_WATCHES                     21
#define XS_DIRECTORY_PART                    22
#define XS_TYPE_COUNT                        23

#define XENSTORE_RING_SIZE                   1024
#define XENSTORE_PAYLOAD_MAX                 4096
#define XENSTORE_ABS_PATH_MAX                3072 /* bytes without the end */
#define XENSTORE_REL_PATH_MAX                2048

#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

#define XENSTORE_CONNECTED                   0
#define XENSTORE_RECONNECT                   1

#define XENSTORE_ERROR_NONE                  0
#define XENSTORE_ERROR_COMM                  1
#define XENSTORE_ERROR_RINGIDX               2
#define XENSTORE_ERROR_PROTO                 3

struct xsd_sockmsg {
  uint32_t type;
  uint32_t req_id; /* the client's, repeated in the reply */
  uint32_t tx_id;  /* 0: no transaction */
  uint32_t len;    /* bytes that follow */
};

/* Indices run freely; their low bits are the place in the array. */
struct xenstore_domain_interface {
  char req[XENSTORE_RING_SIZE];
  char rsp[XENSTORE_RING_SIZE];
  uint32_t req_cons, req_prod;
  uint32_t rsp_cons, rsp_prod;
  uint32_t server_features; /* XENSTORE_SERVER_FEATURE_* */
  uint32_t connection;      /* XENSTORE_CONNECTED or _RECONNECT */
  uint32_t error;           /* XENSTORE_ERROR_* */
};

_Static_assert(sizeof(struct xsd_sockmsg) == 16, "xsd_sockmsg");
_Static_assert(sizeof(struct xenstore_domain_interface) == 2076, "xenstore_domain_interface");

#endif
