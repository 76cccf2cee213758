/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual machine control block: AMD64 Architecture Programmer's Manual,
 * vol. 2, appendix B (layout) and C (exit codes). Facts only.
 */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <lib/types.h>

/* Word 3 of the intercept vector (offset 0x0c). */
#define INTERCEPT_INTR     BIT(0)
#define INTERCEPT_NMI      BIT(1)
#define INTERCEPT_INIT     BIT(3)
#define INTERCEPT_VINTR    BIT(4)
#define INTERCEPT_RDPMC    BIT(15)
#define INTERCEPT_CPUID    BIT(18)
#define INTERCEPT_IRET     BIT(20)
#define INTERCEPT_INVD     BIT(22)
#define INTERCEPT_HLT      BIT(24)
#define INTERCEPT_INVLPGA  BIT(26)
#define INTERCEPT_IOIO     BIT(27)
#define INTERCEPT_MSR      BIT(28)
#define INTERCEPT_FREEZE   BIT(30)
#define INTERCEPT_SHUTDOWN BIT(31)
/* Word 4 (offset 0x10). */
#define INTERCEPT_VMRUN    BIT(0)
#define INTERCEPT_VMMCALL  BIT(1)
#define INTERCEPT_VMLOAD   BIT(2)
#define INTERCEPT_VMSAVE   BIT(3)
#define INTERCEPT_STGI     BIT(4)
#define INTERCEPT_CLGI     BIT(5)
#define INTERCEPT_SKINIT   BIT(6)
#define INTERCEPT_WBINVD   BIT(9)
#define INTERCEPT_MONITOR  BIT(10)
#define INTERCEPT_MWAIT    BIT(11)
#define INTERCEPT_MWAIT_C  BIT(12)
#define INTERCEPT_XSETBV   BIT(13)
#define INTERCEPT_RDPRU    BIT(14)

#define VINTR_TPR          0xffull
#define VINTR_IRQ          BIT(8)
#define VINTR_PRIO         (0xfull << 16)
#define VINTR_IGN_TPR      BIT(20)
#define VINTR_MASKING      BIT(24)
#define VINTR_VECTOR_SHIFT 32

#define TLB_FLUSH_ALL      1

enum svm_exit {
  EXIT_CR4_WRITE = 0x14,
  EXIT_CR8_WRITE = 0x18,
  EXIT_EXCEPTION = 0x40, /* + vector */
  EXIT_INTR = 0x60,
  EXIT_NMI = 0x61,
  EXIT_INIT = 0x63,
  EXIT_VINTR = 0x64,
  EXIT_RDPMC = 0x6f,
  EXIT_CPUID = 0x72,
  EXIT_IRET = 0x74,
  EXIT_INVD = 0x76,
  EXIT_HLT = 0x78,
  EXIT_INVLPGA = 0x7a,
  EXIT_IOIO = 0x7b,
  EXIT_MSR = 0x7c,
  EXIT_FREEZE = 0x7e,
  EXIT_SHUTDOWN = 0x7f,
  EXIT_VMRUN = 0x80,
  EXIT_VMMCALL = 0x81,
  EXIT_VMLOAD = 0x82,
  EXIT_SKINIT = 0x86,
  EXIT_WBINVD = 0x89,
  EXIT_MONITOR = 0x8a,
  EXIT_MWAIT_C = 0x8c,
  EXIT_XSETBV = 0x8d,
  EXIT_RDPRU = 0x8e,
  EXIT_NPF = 0x400,
};

struct vmcb_segment {
  uint16_t selector;
  uint16_t attributes;
  uint32_t limit;
  uint64_t base;
};

struct vmcb {
  uint16_t cr_reads, cr_writes;
  uint16_t dr_reads, dr_writes;
  uint32_t exceptions;
  uint32_t intercepts3, intercepts4, intercepts5;
  uint8_t reserved018[0x40 - 0x18];
  uint64_t iopm, msrpm, tsc_offset;
  uint32_t asid;
  uint32_t tlb_control;
  uint64_t vintr;
  uint64_t interrupt_shadow; /* bit 0 */
  uint64_t exit_code, exit_info1, exit_info2, exit_int_info;
  uint64_t np_enable;
  uint8_t reserved098[0xa8 - 0x98];
  uint64_t event_inject;
  uint64_t np_cr3;
  uint64_t lbr;
  uint64_t clean; /* 0: reload everything */
  uint64_t next_rip;
  uint8_t fetched, bytes[15];
  uint8_t reserved0e0[0x400 - 0xe0];
  struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
  uint8_t reserved4a0[0x4cb - 0x4a0];
  uint8_t cpl;
  uint32_t reserved4cc;
  uint64_t efer;
  uint8_t reserved4d8[0x548 - 0x4d8];
  uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
  uint8_t reserved580[0x5d8 - 0x580];
  uint64_t rsp;
  uint8_t reserved5e0[0x5f8 - 0x5e0];
  uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base;
  uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
  uint8_t reserved648[0x668 - 0x648];
  uint64_t pat;
  uint8_t reserved670[0x1000 - 0x670];
} __packed __aligned(4096);

_Static_assert(offsetof(struct vmcb, iopm) == 0x40, "vmcb");
_Static_assert(offsetof(struct vmcb, exit_code) == 0x70, "vmcb");
_Static_assert(offsetof(struct vmcb, event_inject) == 0xa8, "vmcb");
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "vmcb");
_Static_assert(offsetof(struct vmcb, es) == 0x400, "vmcb");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "vmcb");
_Static_assert(offsetof(struct vmcb, rip) == 0x578, "vmcb");
_Static_assert(offsetof(struct vmcb, rax) == 0x5f8, "vmcb");
_Static_assert(offsetof(struct vmcb, pat) == 0x668, "vmcb");
_Static_assert(sizeof(struct vmcb) == 4096, "vmcb");

#endif
