/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual machine control structure: field encodings (Intel SDM vol. 3C,
 * appendix B), control bits (chapter 24), exit reasons (appendix C) and the
 * instructions on it (chapter 30). Facts only.
 */
#ifndef VMX_VMCS_H
#define VMX_VMCS_H

#include <asm/bits.h>

enum vmcs_field {
  VMCS_VPID = 0x0000,
  VMCS_GUEST_SELECTOR = 0x0800,         /* + 2 * n: ES CS SS DS FS GS LDTR TR, as of the others */
  VMCS_GUEST_INTERRUPT_STATUS = 0x0810, /* requested, in service */
  VMCS_HOST_ES = 0x0c00,
  VMCS_HOST_CS = 0x0c02,
  VMCS_HOST_SS = 0x0c04,
  VMCS_HOST_DS = 0x0c06,
  VMCS_HOST_FS = 0x0c08,
  VMCS_HOST_GS = 0x0c0a,
  VMCS_HOST_TR = 0x0c0c,
  VMCS_MSR_BITMAP = 0x2004,
  VMCS_TSC_OFFSET = 0x2010,
  VMCS_VIRTUAL_APIC = 0x2012,
  VMCS_EPTP = 0x201a,
  VMCS_EOI_EXITS = 0x201c, /* + 2 * n, 64 vectors each */
  VMCS_XSS_EXITS = 0x202c,
  VMCS_TSC_MULTIPLIER = 0x2032,
  VMCS_GUEST_PHYSICAL = 0x2400,
  VMCS_LINK = 0x2800,
  VMCS_GUEST_DEBUGCTL = 0x2802,
  VMCS_GUEST_PAT = 0x2804,
  VMCS_GUEST_EFER = 0x2806,
  VMCS_GUEST_PDPTE = 0x280a, /* + 2 * n */
  VMCS_HOST_PAT = 0x2c00,
  VMCS_HOST_EFER = 0x2c02,
  VMCS_PIN = 0x4000,
  VMCS_PROC = 0x4002,
  VMCS_EXCEPTIONS = 0x4004,
  VMCS_PF_MASK = 0x4006,
  VMCS_PF_MATCH = 0x4008,
  VMCS_CR3_TARGETS = 0x400a,
  VMCS_EXIT = 0x400c,
  VMCS_EXIT_MSR_STORES = 0x400e,
  VMCS_EXIT_MSR_LOADS = 0x4010,
  VMCS_ENTRY = 0x4012,
  VMCS_ENTRY_MSR_LOADS = 0x4014,
  VMCS_ENTRY_EVENT = 0x4016,
  VMCS_ENTRY_EVENT_ERROR = 0x4018,
  VMCS_TPR_THRESHOLD = 0x401c,
  VMCS_PROC2 = 0x401e,
  VMCS_INSTRUCTION_ERROR = 0x4400,
  VMCS_EXIT_REASON = 0x4402,
  VMCS_EXIT_EVENT = 0x4404,
  VMCS_EXIT_EVENT_ERROR = 0x4406,
  VMCS_IDT_EVENT = 0x4408,
  VMCS_IDT_EVENT_ERROR = 0x440a,
  VMCS_EXIT_LENGTH = 0x440c,
  VMCS_GUEST_LIMIT = 0x4800,      /* + 2 * n; GDTR and IDTR follow TR */
  VMCS_GUEST_ATTRIBUTES = 0x4814, /* + 2 * n; ends with TR */
  VMCS_GUEST_INTERRUPTIBILITY = 0x4824,
  VMCS_GUEST_ACTIVITY = 0x4826,
  VMCS_GUEST_SYSENTER_CS = 0x482a,
  VMCS_PREEMPTION_TIMER = 0x482e,
  VMCS_HOST_SYSENTER_CS = 0x4c00,
  VMCS_CR0_MASK = 0x6000,
  VMCS_CR4_MASK = 0x6002,
  VMCS_CR0_SHADOW = 0x6004,
  VMCS_CR4_SHADOW = 0x6006,
  VMCS_QUALIFICATION = 0x6400,
  VMCS_GUEST_CR0 = 0x6800,
  VMCS_GUEST_CR3 = 0x6802,
  VMCS_GUEST_CR4 = 0x6804,
  VMCS_GUEST_BASE = 0x6806, /* + 2 * n; GDTR and IDTR follow TR */
  VMCS_GUEST_DR7 = 0x681a,
  VMCS_GUEST_RSP = 0x681c,
  VMCS_GUEST_RIP = 0x681e,
  VMCS_GUEST_RFLAGS = 0x6820,
  VMCS_GUEST_PENDING_DEBUG = 0x6822,
  VMCS_GUEST_SYSENTER_ESP = 0x6824,
  VMCS_GUEST_SYSENTER_EIP = 0x6826,
  VMCS_HOST_CR0 = 0x6c00,
  VMCS_HOST_CR3 = 0x6c02,
  VMCS_HOST_CR4 = 0x6c04,
  VMCS_HOST_FS_BASE = 0x6c06,
  VMCS_HOST_GS_BASE = 0x6c08,
  VMCS_HOST_TR_BASE = 0x6c0a,
  VMCS_HOST_GDTR_BASE = 0x6c0c,
  VMCS_HOST_IDTR_BASE = 0x6c0e,
  VMCS_HOST_SYSENTER_ESP = 0x6c10,
  VMCS_HOST_SYSENTER_EIP = 0x6c12,
  VMCS_HOST_RSP = 0x6c14,
  VMCS_HOST_RIP = 0x6c16,
};

/* 24.6.1 */
#define PIN_EXTERNAL_INTERRUPT BIT(0)
#define PIN_NMI                BIT(3)
#define PIN_VIRTUAL_NMI        BIT(5)
#define PIN_PREEMPTION_TIMER   BIT(6)
/* 24.6.2 */
#define PROC_INTERRUPT_WINDOW  BIT(2)
#define PROC_TSC_OFFSET        BIT(3)
#define PROC_HLT               BIT(7)
#define PROC_MWAIT             BIT(10)
#define PROC_RDPMC             BIT(11)
#define PROC_CR3_LOAD          BIT(15)
#define PROC_CR3_STORE         BIT(16)
#define PROC_TPR_SHADOW        BIT(21)
#define PROC_NMI_WINDOW        BIT(22)
#define PROC_ALL_IO            BIT(24)
#define PROC_MSR_BITMAP        BIT(28)
#define PROC_MONITOR           BIT(29)
#define PROC_SECONDARY         BIT(31)
#define PROC2_EPT              BIT(1)
#define PROC2_RDTSCP           BIT(3)
#define PROC2_X2APIC           BIT(4)
#define PROC2_VPID             BIT(5)
#define PROC2_WBINVD           BIT(6)
#define PROC2_UNRESTRICTED     BIT(7)
#define PROC2_APIC_REGISTERS   BIT(8)
#define PROC2_INTERRUPTS       BIT(9) /* their delivery */
#define PROC2_INVPCID          BIT(12)
#define PROC2_XSAVES           BIT(20)
#define PROC2_TSC_SCALING      BIT(25)
/* 24.7.1 */
#define EXIT_SAVE_DEBUG        BIT(2)
#define EXIT_HOST_64           BIT(9)
#define EXIT_SAVE_PAT          BIT(18)
#define EXIT_LOAD_PAT          BIT(19)
#define EXIT_SAVE_EFER         BIT(20)
#define EXIT_LOAD_EFER         BIT(21)
/* 24.8.1 */
#define ENTRY_LOAD_DEBUG       BIT(2)
#define ENTRY_LONG_MODE        BIT(9)
#define ENTRY_LOAD_PAT         BIT(14)
#define ENTRY_LOAD_EFER        BIT(15)

/* 24.4.2, interruptibility. */
#define BLOCKED_STI            BIT(0)
#define BLOCKED_MOV_SS         BIT(1)
#define BLOCKED_NMI            BIT(3)

/* 24.8.3, 24.9.2, 24.9.3: an event. */
#define EVENT_UNBLOCK_NMI      BIT(12) /* of an exit alone: IRET had ended the blocking */
enum { TYPE_INT1 = 5 };

/* 24.4.1: of a segment without a descriptor. */
#define ATTRIBUTES_UNUSABLE BIT(16)

#define EXIT_ENTRY_FAILED   BIT(31) /* of the exit reason */
enum vmx_exit {
  EXIT_EXCEPTION = 0, /* or NMI */
  EXIT_INTERRUPT = 1,
  EXIT_TRIPLE_FAULT = 2,
  EXIT_INIT = 3,
  EXIT_SIPI = 4,
  EXIT_INTERRUPT_WINDOW = 7,
  EXIT_NMI_WINDOW = 8,
  EXIT_TASK_SWITCH = 9,
  EXIT_CPUID = 10,
  EXIT_GETSEC = 11,
  EXIT_HLT = 12,
  EXIT_INVD = 13,
  EXIT_RDPMC = 15,
  EXIT_VMCALL = 18,
  EXIT_VMCLEAR = 19,
  EXIT_VMXON = 27,
  EXIT_CR = 28,
  EXIT_IO = 30,
  EXIT_RDMSR = 31,
  EXIT_WRMSR = 32,
  EXIT_MWAIT = 36,
  EXIT_MONITOR = 39,
  EXIT_TPR = 43,
  EXIT_EPT_VIOLATION = 48,
  EXIT_INVEPT = 50,
  EXIT_TIMER = 52,
  EXIT_INVVPID = 53,
  EXIT_WBINVD = 54,
  EXIT_XSETBV = 55,
};

#include <asm/vmcs_ops.h>

#endif
