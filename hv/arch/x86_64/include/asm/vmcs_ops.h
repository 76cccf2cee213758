/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMREAD and VMWRITE, for vmx/ alone. Host tests put a header of the same name
 * before this one, whose VMCS is an array.
 */
#ifndef ASM_VMCS_OPS_H
#define ASM_VMCS_OPS_H

#include <lib/types.h>

/* A field of the VMCS that is current on this CPU. A failure is a broken invariant: the field is
 * not there, or no VMCS is current. `f` is one of vmx/vmcs.h's enum vmcs_field. */
void vmcs_failed(uint32_t f) __attribute__((cold, noreturn));

static inline uint64_t vmcs_read(uint32_t f) {
  uint64_t value;
  asm volatile goto("vmread %1, %0\n jna %l[failed]"
                    : "=r"(value)
                    : "r"((uint64_t)f)
                    : "cc"
                    : failed);
  return value;
failed:
  vmcs_failed(f);
}

static inline void vmcs_write(uint32_t f, uint64_t value) {
  asm volatile goto("vmwrite %1, %0\n jna %l[failed]"
                    :
                    : "r"((uint64_t)f), "r"(value)
                    : "cc"
                    : failed);
  return;
failed:
  vmcs_failed(f);
}

#endif
