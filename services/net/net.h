/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A back end for paravirtual network devices, and the switch between them: the netif protocol with
 * one queue, frames of up to 1518 bytes, no segmentation offload. Every frame is copied out of its
 * sender and then into its receivers, through pages of ours, by the hypervisor's grant copies. Pure
 * C, without libos; main.c is the service.
 */
#ifndef SERVICES_NET_NET_H
#define SERVICES_NET_NET_H

#include <abi/xen/io/netif.h>
#include <services/backend/bus.h>
#include <libos/ring.h>
#include <services/net/switch.h>

#define NET_FRAME_MIN   14
#define NET_FRAME_MAX   1518 /* with a VLAN tag, without the check sequence */
#define NET_FRAME_SPACE 2048
#define NET_EXTRAS      4

/* One packet's requests, copied out of the ring. */
struct net_chain {
  unsigned parts;
  unsigned extras;
  unsigned size; /* of the frame */
  bool checksum_blank;
  struct netif_tx_request part[XEN_NETIF_NR_SLOTS_MIN];
};

/* Takes the next packet's requests. 1; 0 if there is none; -1 if the front end broke the protocol:
 * a chain that has no end or is too long. */
int net_chain_get(struct ring *tx, struct net_chain *chain);

/* Whether it can be fetched: sizes that agree, inside their pages, and nothing that we did not
 * offer. Only then is `size` set and part[0].size that of the part alone. */
bool net_chain_check(struct net_chain *chain);

/* Puts one response for each of the packet's requests into the ring. */
void net_chain_answer(struct ring *tx, const struct net_chain *chain, int16_t status);

/* Serves all devices that the store has for us. `now` tells seconds, never backwards. False: there
 * is no store that answers. */
bool net_start(const struct backend_ops *ops, uint64_t (*now)(void));

/* A watch of the store fired. */
void net_event(const char *path, const char *token);

#endif
