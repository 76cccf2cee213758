/* SPDX-License-Identifier: Apache-2.0 */
/* The names that the exit accounting has for VMX's exit reasons. */
#include "vmx.h"

enum arch_exit vmx_reason(uint32_t reason) {
  switch (reason) {
  case EXIT_VMCALL:
    return ARCH_EXIT_HYPERCALL;
  case EXIT_INTERRUPT:
  case EXIT_INIT:
  case EXIT_SIPI:
  case EXIT_TIMER:
    return ARCH_EXIT_INTERRUPT;
  case EXIT_INTERRUPT_WINDOW:
  case EXIT_NMI_WINDOW:
  case EXIT_TPR:
    return ARCH_EXIT_WINDOW;
  case EXIT_HLT:
    return ARCH_EXIT_HLT;
  case EXIT_CPUID:
    return ARCH_EXIT_CPUID;
  case EXIT_RDMSR:
    return ARCH_EXIT_RDMSR;
  case EXIT_WRMSR:
    return ARCH_EXIT_WRMSR;
  case EXIT_IO:
    return ARCH_EXIT_PORT;
  case EXIT_EPT_VIOLATION:
    return ARCH_EXIT_MEMORY;
  case EXIT_CR:
  case EXIT_XSETBV:
    return ARCH_EXIT_CONTROL;
  case EXIT_EXCEPTION:
    return ARCH_EXIT_EXCEPTION;
  default:
    return ARCH_EXIT_OTHER;
  }
}
