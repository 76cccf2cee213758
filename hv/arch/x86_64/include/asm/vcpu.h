/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x86 part of a vCPU and a domain: what is common to both vendors. A
 * vendor keeps its control block behind `vendor`.
 */
#ifndef ASM_VCPU_H
#define ASM_VCPU_H

#include <arch/context.h>
#include <asm/vlapic.h>

/* General registers, in the order of their ModRM numbers. Valid in root mode between exit and
 * entry, the vendor copies what its control block holds (rax, rsp, rip, rflags). */
struct x86_regs {
  uint64_t gpr[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8 .. r15 */
  uint64_t rip;
  uint64_t rflags;
};
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

/* A segment as the control blocks hold it: SVM's packed attribute format (APM vol. 2,
 * 15.5: type, S, DPL, P, AVL, L, D/B, G in bits 0-11). */
struct x86_segment {
  uint16_t selector;
  uint16_t attributes;
  uint32_t limit;
  uint64_t base;
};
enum x86_seg {
  SEG_ES,
  SEG_CS,
  SEG_SS,
  SEG_DS,
  SEG_FS,
  SEG_GS,
  SEG_LDTR,
  SEG_TR,
  SEG_GDTR,
  SEG_IDTR
};
#define SEG_ATTR_L  0x200u
#define SEG_ATTR_DB 0x400u

/* Registers that stay in the vendor's control block and are read and written through the seam. */
enum x86_creg {
  CREG_CR0,
  CREG_CR2,
  CREG_CR3,
  CREG_CR4,
  CREG_CR8, /* task priority, 0..15 */
  CREG_EFER,
  CREG_DR6,
  CREG_DR7,
  CREG_PAT,
  CREG_STAR,
  CREG_LSTAR,
  CREG_CSTAR,
  CREG_SFMASK,
  CREG_KERNEL_GS_BASE,
  CREG_SYSENTER_CS,
  CREG_SYSENTER_ESP,
  CREG_SYSENTER_EIP,
  CREG_TSC_OFFSET,
};

struct x86_mtrr {
  uint64_t def_type;
  uint64_t fixed[11];
  uint64_t base[8], mask[8];
};

/* An event to be injected at the next entry. */
enum x86_event_type { EVENT_NONE, EVENT_INTERRUPT, EVENT_NMI, EVENT_EXCEPTION };
struct x86_event {
  enum x86_event_type type;
  uint8_t vector;
  bool has_error;
  uint32_t error;
};

enum x86_activity {
  ACTIVITY_RUN,
  ACTIVITY_HALT,
  ACTIVITY_WAIT_SIPI,
  ACTIVITY_OFFLINE,
  ACTIVITY_START, /* to run, once its own thread has loaded `context` */
} __packed;

struct arch_vcpu {
  struct x86_regs regs;
  uint64_t next_rip; /* of the exit's instruction where the machine reports it, else 0 */
  struct x86_event
      event; /* to inject; an event whose delivery an exit interrupted stands here too */
  bool interrupt_shadow; /* of STI or MOV SS, valid as regs are */
  bool apic_by_machine;  /* the machine delivers what the local APIC is asked for (vmx/apicv.c) */
  uint8_t window_class;  /* what waits for the window is due once CR8 is below this; 0: whatever CR8
                            is */
  union {
    struct {
      bool nmi_pending;
      bool nmi_blocked; /* an NMI was injected and its IRET has not run */
      bool nmi_iret;    /* the IRET at nmi_iret_rip is about to run */
      bool nmi_step;    /* RFLAGS.TF is ours, to see the end of that IRET */
      bool entry_due;   /* SVM: the control block holds what the last entry alone needed */
      bool asid_due;    /* see asm/asid.h */
      bool apic_due;    /* what the local APIC was asked for may wait */
      enum x86_activity activity;
    };
    uint64_t unquiet; /* any of them: x86_quiet asks for all at once */
  };
  uint64_t nmi_iret_rip;
  bool context_due; /* `context` was given by a sibling and is not loaded */
  struct arch_context context;
  uint64_t dr[4];
  uint64_t xcr0;
  uint64_t apic_base;  /* IA32_APIC_BASE */
  uint64_t tsc_adjust; /* IA32_TSC_ADJUST */
  uint64_t tsc_aux;
  uint64_t misc_enable;
  struct x86_mtrr mtrr;
  struct vlapic lapic;
  uint64_t thread_sp;    /* saved stack pointer of the thread, arena address */
  void *fpu;             /* XSAVE area, arena page */
  void *vendor;          /* control block (SVM: VMCB; VMX: struct vmx), arena page */
  uint64_t vendor_maddr; /* SVM: of the VMCB; VMX: of the VMCS */
  uint32_t asid;
  uint64_t asid_generation; /* of `asid_cpu`; another: a new ASID is due */
  struct cpu *asid_cpu;
  uint64_t flush_seen; /* domain's flush_gen when the translations were last dropped here */
  /* SVM: where the guest's code was found last, see svm/length.h */
  uint64_t code_cr3, code_page, code_offset;
  const struct msr_policy *msr_last; /* what msr_guest.c found last, or NULL */
  uint64_t undecoded;                /* accesses in a form that root mode does not decode */
};

struct arch_domain {
  void *view_spare; /* VMX: pages of the arena's view that wait for reuse (vmx/view.c) */
};

struct arch_domain_stub {
  uint64_t heap_pdpt;     /* machine address of the arena heap's level-3 table */
  uint64_t guest_pdpt[8]; /* machine addresses of its level-3 tables, 512 GiB each, 0: none */
};

#endif
