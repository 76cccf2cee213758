/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the host's control registers: variables. */
#ifndef ASM_MACHINE_H
#define ASM_MACHINE_H

#include <asm/bits.h>
#include <asm/msr.h>

extern struct host_registers { uint64_t cr0, cr2, cr4, dr7; } host;

static inline uint64_t cr0_read(void) {
  return host.cr0;
}
static inline void cr0_write(uint64_t v) {
  host.cr0 = v;
}
static inline uint64_t cr2_read(void) {
  return host.cr2;
}
static inline void cr2_write(uint64_t v) {
  host.cr2 = v;
}
static inline uint64_t cr4_read(void) {
  return host.cr4;
}
static inline void cr4_write(uint64_t v) {
  host.cr4 = v;
}
static inline void dr7_write(uint64_t v) {
  host.dr7 = v;
}

#endif
