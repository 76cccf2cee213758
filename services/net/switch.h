/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of a learning switch: which address was seen at which port. Each port has room for so
 * many addresses and no more, so a port that makes addresses up displaces its own alone. Pure: no
 * packet is moved here.
 */
#ifndef SERVICES_NET_SWITCH_H
#define SERVICES_NET_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#define SWITCH_PORTS     16
#define SWITCH_ADDRESSES 16  /* at one port */
#define SWITCH_AGE       300 /* seconds after which an address that sent nothing is forgotten */

/* An Ethernet address, the first octet in bits 40 to 47. */
typedef struct {
  uint64_t bits;
} mac_t;

struct switch_address {
  mac_t mac;     /* 0: none */
  uint64_t seen; /* seconds */
};

struct switch_port {
  bool up;
  mac_t own; /* the system's own word for it: never learnt elsewhere, never forgotten; or 0 */
  struct switch_address learnt[SWITCH_ADDRESSES];
};

/* Zeroed: a switch without ports. */
struct network_switch {
  struct switch_port port[SWITCH_PORTS];
};

mac_t mac_read(const uint8_t *octets);
/* "00:16:3e:01:02:03". False for what is no address of one station. */
bool mac_parse(const char *text, mac_t *mac);
bool mac_is_group(mac_t mac); /* multicast or broadcast */

void switch_up(struct network_switch *s, unsigned port, mac_t own);
void switch_down(struct network_switch *s, unsigned port); /* and forgets its addresses */

/* A frame came from `port`. False: it must not be forwarded, since its source is a group or
 * another port's own address. */
bool switch_learn(struct network_switch *s, unsigned port, mac_t source, uint64_t now);

/* The port of an address, or -1: flood. */
int switch_find(const struct network_switch *s, mac_t mac, uint64_t now);

#endif
