/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls into the hypervisor, by its hypercall page. The numbers and structures stand in abi/xen/;
 * the calling convention is that of Xen's arch-x86/xen-x86_64.h. Most services need none of this:
 * events, grants and the rest have headers of their own.
 */
#ifndef LIBOS_HYPERCALL_H
#define LIBOS_HYPERCALL_H

#include <stdint.h>

/* The entry of call n stands 32 * n bytes into this page, which start-up has had filled. */
extern uint8_t hypercall_page[4096];

/* Returns what the hypervisor answers: 0 or more, or an error as -XEN_E* (abi/xen/errno.h).
 * Pointers are passed as integers; what they point to must be mapped. */
static inline int64_t hypercall(unsigned number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                                uint64_t a5) {
  register uint64_t r10 __asm__("r10") = a4;
  register uint64_t r8 __asm__("r8") = a5;
  int64_t result;
  /* The call pushes its return address: there must be no red zone (-mno-red-zone). */
  __asm__ volatile("call *%[entry]"
                   : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                   : [entry] "r"(hypercall_page + 32 * number)
                   : "memory", "cc", "rcx", "r11");
  return result;
}

static inline int64_t hypercall3(unsigned number, uint64_t a1, uint64_t a2, uint64_t a3) {
  return hypercall(number, a1, a2, a3, 0, 0);
}

/* HVMOP_get_param of this domain: 0 where the hypervisor does not tell. */
uint64_t hvm_param(uint32_t index);

#endif
