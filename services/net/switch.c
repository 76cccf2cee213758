// SPDX-License-Identifier: Apache-2.0
// The switch's table. A search looks at each port's addresses: 16 ports with their one or two
// addresses are fewer steps than a hash.
#include "switch.h"
#include <stddef.h>
#include <string.h>

mac_t mac_read(const uint8_t *octets) {
  mac_t mac = {0};
  for (unsigned i = 0; i < 6; i++)
    mac.bits = mac.bits << 8 | octets[i];
  return mac;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_parse(const char *text, mac_t *mac) {
  mac->bits = 0;
  for (unsigned i = 0; i < 6; i++, text += 3) {
    int high = hex_digit(text[0]);
    int low = high < 0 ? -1 : hex_digit(text[1]);
    if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
      return false;
    mac->bits = mac->bits << 8 | (uint64_t)(high * 16 + low);
  }
  return mac->bits && !mac_is_group(*mac);
}

bool mac_is_group(mac_t mac) {
  return mac.bits >> 40 & 1;
}

void switch_up(struct network_switch *s, unsigned port, mac_t own) {
  s->port[port] = (struct switch_port){.up = true, .own = own};
}

void switch_down(struct network_switch *s, unsigned port) {
  s->port[port] = (struct switch_port){.up = false};
}

static bool is_fresh(const struct switch_address *a, uint64_t now) {
  return now - a->seen <= SWITCH_AGE;
}

static struct switch_address *learnt_at(struct switch_port *p, mac_t mac) {
  for (unsigned i = 0; i < SWITCH_ADDRESSES; i++)
    if (p->learnt[i].mac.bits == mac.bits)
      return &p->learnt[i];
  return NULL;
}

static struct switch_address *oldest(struct switch_port *p) {
  struct switch_address *found = &p->learnt[0];
  for (unsigned i = 1; i < SWITCH_ADDRESSES; i++)
    if (p->learnt[i].seen < found->seen)
      found = &p->learnt[i];
  return found;
}

bool switch_learn(struct network_switch *s, unsigned port, mac_t source, uint64_t now) {
  struct switch_port *p = &s->port[port];
  if (mac_is_group(source) || !source.bits)
    return false;
  if (p->own.bits == source.bits)
    return true;
  for (unsigned i = 0; i < SWITCH_PORTS; i++)
    if (i != port && s->port[i].up && s->port[i].own.bits == source.bits)
      return false;
  struct switch_address *a = learnt_at(p, source);
  if (a) {
    a->seen = now;
    return true;
  }
  for (unsigned i = 0; i < SWITCH_PORTS; i++) { // it may have moved here
    struct switch_address *old = i == port ? NULL : learnt_at(&s->port[i], source);
    if (old)
      *old = (struct switch_address){.seen = 0};
  }
  *oldest(p) = (struct switch_address){.mac = source, .seen = now};
  return true;
}

int switch_find(const struct network_switch *s, mac_t mac, uint64_t now) {
  for (unsigned i = 0; i < SWITCH_PORTS; i++) {
    const struct switch_port *p = &s->port[i];
    if (!p->up || !mac.bits)
      continue;
    if (p->own.bits == mac.bits)
      return (int)i;
    for (unsigned j = 0; j < SWITCH_ADDRESSES; j++)
      if (p->learnt[j].mac.bits == mac.bits && is_fresh(&p->learnt[j], now))
        return (int)i;
  }
  return -1;
}
