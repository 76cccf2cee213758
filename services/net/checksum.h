/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills in the checksum that a front end left to us (NETTXF_csum_blank). Pure.
 */
#ifndef SERVICES_NET_CHECKSUM_H
#define SERVICES_NET_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Completes TCP or UDP over IPv4 in an Ethernet frame of `length` bytes, with or without a VLAN
 * tag. False if it is anything else, a fragment, or not whole; then the frame is as it was. */
bool checksum_fill(uint8_t *frame, size_t length);

#endif
