// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071) of TCP and UDP over IPv4 (RFC 791, 793, 768). The packet is a
// client's: each length in it is checked against the frame.
#include "checksum.h"

enum { ETHERNET = 14, VLAN = 4, IPV4_MIN = 20, TCP = 6, UDP = 17 };

static uint16_t read16(const uint8_t *p) {
  return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t sum(const uint8_t *p, size_t length, uint32_t total) {
  for (; length > 1; length -= 2, p += 2)
    total += read16(p);
  return length ? total + (uint32_t)(p[0] << 8) : total;
}

static uint16_t fold(uint32_t total) {
  total = (total & 0xffff) + (total >> 16);
  return (uint16_t) ~((total & 0xffff) + (total >> 16));
}

// The IPv4 header, or NULL; *length becomes the bytes of the packet.
static uint8_t *find_ipv4(uint8_t *frame, size_t *length) {
  size_t at = ETHERNET;
  if (*length < ETHERNET + VLAN + IPV4_MIN)
    return NULL;
  if (read16(frame + 12) == 0x8100)
    at += VLAN;
  uint8_t *ip = frame + at;
  size_t whole = read16(ip + 2);
  bool fragment = read16(ip + 6) & 0x3fff;
  if (read16(ip - 2) != 0x0800 || ip[0] >> 4 != 4 || fragment || whole > *length - at)
    return NULL;
  *length = whole;
  return ip;
}

bool checksum_fill(uint8_t *frame, size_t length) {
  uint8_t *ip = find_ipv4(frame, &length);
  size_t header = ip ? (ip[0] & 15u) * 4 : 0;
  size_t minimum = !ip ? 0 : ip[9] == TCP ? 20 : ip[9] == UDP ? 8 : 0;
  if (!minimum || header < IPV4_MIN || length < header + minimum)
    return false;
  uint8_t *segment = ip + header;
  uint8_t *field = segment + (ip[9] == TCP ? 16 : 6);
  size_t bytes = length - header;
  field[0] = field[1] = 0;
  // The pseudo header: both addresses, the protocol, the length.
  uint16_t check = fold(sum(segment, bytes, sum(ip + 12, 8, ip[9] + (uint32_t)bytes)));
  if (!check && ip[9] == UDP)
    check = 0xffff; // 0 would say that there is none
  field[0] = (uint8_t)(check >> 8);
  field[1] = (uint8_t)check;
  return true;
}
