/* SPDX-License-Identifier: Apache-2.0 */
/* The names that the exit accounting has for SVM's exit codes. */
#include "svm.h"

enum arch_exit svm_reason(const struct vmcb *b) {
  switch (b->exit_code) {
  case EXIT_VMMCALL:
    return ARCH_EXIT_HYPERCALL;
  case EXIT_INTR:
  case EXIT_NMI:
  case EXIT_INIT:
    return ARCH_EXIT_INTERRUPT;
  case EXIT_VINTR:
  case EXIT_IRET:
  case EXIT_CR8_WRITE:
    return ARCH_EXIT_WINDOW;
  case EXIT_HLT:
    return ARCH_EXIT_HLT;
  case EXIT_CPUID:
    return ARCH_EXIT_CPUID;
  case EXIT_MSR:
    return b->exit_info1 & 1 ? ARCH_EXIT_WRMSR : ARCH_EXIT_RDMSR;
  case EXIT_IOIO:
    return ARCH_EXIT_PORT;
  case EXIT_NPF:
    return ARCH_EXIT_MEMORY;
  case EXIT_CR4_WRITE:
  case EXIT_XSETBV:
    return ARCH_EXIT_CONTROL;
  case EXIT_EXCEPTION ... EXIT_EXCEPTION + 31:
    return ARCH_EXIT_EXCEPTION;
  default:
    return ARCH_EXIT_OTHER;
  }
}
