/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for VMREAD and VMWRITE on the host: one VMCS, which is an array. */
#ifndef ASM_VMCS_OPS_H
#define ASM_VMCS_OPS_H

#include <lib/types.h>

extern uint64_t vmcs_room[0x8000];

static inline uint64_t vmcs_read(uint32_t f) {
  return vmcs_room[f];
}
static inline void vmcs_write(uint32_t f, uint64_t value) {
  vmcs_room[f] = value;
}

#endif
