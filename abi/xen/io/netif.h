/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of paravirtual network devices (libxen-dev 4.17, xen/io/netif.h): what a back end
 * without extra information needs. The structures are the same for 32-bit and 64-bit front ends.
 */
#ifndef ABI_XEN_IO_NETIF_H
#define ABI_XEN_IO_NETIF_H

#include <stdint.h>

#define XEN_NETIF_NR_SLOTS_MIN    18 /* of one packet: every back end must take so many */

#define NETTXF_csum_blank         (1u << 0)
#define NETTXF_data_validated     (1u << 1)
#define NETTXF_more_data          (1u << 2)
#define NETTXF_extra_info         (1u << 3)

#define NETRXF_data_validated     (1u << 0)

#define XEN_NETIF_EXTRA_FLAG_MORE 1u

#define NETIF_RSP_ERROR           -1
#define NETIF_RSP_OKAY            0
#define NETIF_RSP_NULL            1 /* what answers extra information */

/* The size of a packet's first request is that of the whole packet. */
struct netif_tx_request {
  uint32_t gref;
  uint16_t offset, flags;
  uint16_t id, size;
};

struct netif_extra_info {
  uint8_t type, flags;
  uint8_t data[6];
};

struct netif_tx_response {
  uint16_t id;
  int16_t status;
};

struct netif_rx_request {
  uint16_t id, pad;
  uint32_t gref;
};

/* Stands in the slot of the request that it answers. */
struct netif_rx_response {
  uint16_t id, offset, flags;
  int16_t status; /* bytes, or NETIF_RSP_* */
};

#define NETIF_TX_SLOT_SIZE 12
#define NETIF_RX_SLOT_SIZE 8

_Static_assert(sizeof(struct netif_tx_request) == NETIF_TX_SLOT_SIZE, "netif_tx_request");
_Static_assert(sizeof(struct netif_extra_info) == 8, "netif_extra_info");
_Static_assert(sizeof(struct netif_rx_request) == NETIF_RX_SLOT_SIZE, "netif_rx_request");
_Static_assert(sizeof(struct netif_rx_response) == NETIF_RX_SLOT_SIZE, "netif_rx_response");

#endif
