// SPDX-License-Identifier: Apache-2.0
// Hypercalls by the instruction itself (VMMCALL or VMCALL, whichever the CPU has) and by the
// hypercall page. 64-bit convention: number in RAX, arguments in RDI, RSI, RDX, R10, R8.
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include <stdint.h>

extern void (*hypercall_gate)(void);

static inline int64_t hypercall_through(const void *gate, uint64_t number, uint64_t a1, uint64_t a2,
                                        uint64_t a3, uint64_t a4, uint64_t a5) {
  register uint64_t r10 asm("r10") = a4;
  register uint64_t r8 asm("r8") = a5;
  int64_t result;
  asm volatile("call *%[gate]"
               : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
               : "0"(number), [gate] "r"(gate)
               : "memory", "cc", "rcx", "r11");
  return result;
}

static inline int64_t hypercall5(unsigned number, uint64_t a1, uint64_t a2, uint64_t a3,
                                 uint64_t a4, uint64_t a5) {
  return hypercall_through((const void *)hypercall_gate, number, a1, a2, a3, a4, a5);
}

static inline int64_t hypercall3(unsigned number, uint64_t a1, uint64_t a2, uint64_t a3) {
  return hypercall5(number, a1, a2, a3, 0, 0);
}

static inline int64_t xen_version(int cmd, void *arg) {
  return hypercall3(__HYPERVISOR_xen_version, cmd, (uintptr_t)arg, 0);
}

static inline int64_t memory_op(unsigned cmd, void *arg) {
  return hypercall3(__HYPERVISOR_memory_op, cmd, (uintptr_t)arg, 0);
}

static inline int64_t sched_op(int cmd, void *arg) {
  return hypercall3(__HYPERVISOR_sched_op, cmd, (uintptr_t)arg, 0);
}

static inline int64_t event_op(int cmd, void *arg) {
  return hypercall3(__HYPERVISOR_event_channel_op, cmd, (uintptr_t)arg, 0);
}

static inline int64_t hvm_op(int cmd, void *arg) {
  return hypercall3(__HYPERVISOR_hvm_op, cmd, (uintptr_t)arg, 0);
}

static inline int64_t vcpu_op(int cmd, unsigned vcpu, void *arg) {
  return hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, (uintptr_t)arg);
}

static inline int64_t console_io(int cmd, unsigned count, void *buffer) {
  return hypercall3(__HYPERVISOR_console_io, cmd, count, (uintptr_t)buffer);
}

static inline int64_t vm_assist(unsigned cmd, unsigned type) {
  return hypercall3(__HYPERVISOR_vm_assist, cmd, type, 0);
}

static inline int64_t grant_op(int cmd, void *arg, unsigned count) {
  return hypercall3(__HYPERVISOR_grant_table_op, cmd, (uintptr_t)arg, count);
}

static inline int64_t set_timer_op(uint64_t deadline) {
  return hypercall3(__HYPERVISOR_set_timer_op, deadline, 0, 0);
}

#endif
