/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What VCPUOP_initialise takes: libxen-dev 4.17, xen/hvm/hvm_vcpu.h. Facts only.
 */
#ifndef ABI_XEN_HVM_VCPU_H
#define ABI_XEN_HVM_VCPU_H

#include <abi/xen/xen.h>

/* The start state of a vCPU. Segment attributes: bits 0-7 type, S, DPL, P; 8 AVL; 9 L; 10 D/B;
 * 11 G. */
#define VCPU_HVM_MODE_32B 0
#define VCPU_HVM_MODE_64B 1

struct vcpu_hvm_x86_32 {
  uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi, eip, eflags;
  uint32_t cr0, cr3, cr4, pad1;
  uint64_t efer;
  uint32_t cs_base, ds_base, ss_base, es_base, tr_base;
  uint32_t cs_limit, ds_limit, ss_limit, es_limit, tr_limit;
  uint16_t cs_ar, ds_ar, ss_ar, es_ar, tr_ar, pad2[3];
};

struct vcpu_hvm_x86_64 {
  uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, rip, rflags;
  uint64_t cr0, cr3, cr4, efer;
};

struct vcpu_hvm_context {
  uint32_t mode; /* VCPU_HVM_MODE_* */
  uint32_t pad;
  union {
    struct vcpu_hvm_x86_32 x86_32;
    struct vcpu_hvm_x86_64 x86_64;
  } cpu_regs;
};

_Static_assert(sizeof(struct vcpu_hvm_x86_32) == 120, "vcpu_hvm_x86_32");
_Static_assert(sizeof(struct vcpu_hvm_context) == 128, "vcpu_hvm_context");

#endif
