/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vcpu_op (libxen-dev 4.17, xen/vcpu.h, xen/hvm/hvm_vcpu.h).
 */
#ifndef ABI_XEN_VCPU_H
#define ABI_XEN_VCPU_H

#include <stddef.h>
#include <stdint.h>

#define VCPUOP_initialise                     0
#define VCPUOP_up                             1
#define VCPUOP_down                           2
#define VCPUOP_is_up                          3
#define VCPUOP_get_runstate_info              4
#define VCPUOP_register_runstate_memory_area  5
#define VCPUOP_set_periodic_timer             6
#define VCPUOP_stop_periodic_timer            7
#define VCPUOP_set_singleshot_timer           8
#define VCPUOP_stop_singleshot_timer          9
#define VCPUOP_register_vcpu_info             10
#define VCPUOP_send_nmi                       11
#define VCPUOP_get_physid                     12
#define VCPUOP_register_vcpu_time_memory_area 13

#define XEN_RUNSTATE_UPDATE                   (1ull << 63)
struct vcpu_runstate_info {
  int32_t state;
  uint64_t state_entry_time; /* ns; XEN_RUNSTATE_UPDATE while it changes */
  uint64_t time[4];
};

#define VCPU_SSHOTTMR_future 1u
struct vcpu_set_singleshot_timer {
  uint64_t timeout_abs_ns;
  uint32_t flags;
};

struct vcpu_register_vcpu_info {
  uint64_t mfn; /* a guest frame number */
  uint32_t offset;
  uint32_t rsvd;
};

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

_Static_assert(sizeof(struct vcpu_runstate_info) == 48, "vcpu_runstate_info");
_Static_assert(sizeof(struct vcpu_set_singleshot_timer) == 16, "vcpu_set_singleshot_timer");
_Static_assert(sizeof(struct vcpu_hvm_x86_32) == 120, "vcpu_hvm_x86_32");
_Static_assert(sizeof(struct vcpu_hvm_context) == 128, "vcpu_hvm_context");

#endif
