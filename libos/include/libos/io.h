/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port access, for services that own a port range.
 */
#ifndef LIBOS_IO_H
#define LIBOS_IO_H

#include <stdint.h>

static inline uint8_t io_in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline void io_out8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

#endif
