/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU under SVM: its control block, the registers that stay in it, the
 * exit loop. What an exit means is decided above the seam (cpu/exit_*.c).
 */
#include <arch/arch.h>
#include <asm/asid.h>
#include <asm/hypercall.h>
#include <asm/platform.h>
#include <asm/private.h>
#include <exits.h>
#include <lib/lib.h>
#include "enter.h"
#include "length.h"

/* Bits that the guest is not shown must fault; the machine itself may know them. */
#define CR_WRITES BIT(4)
#define CR8_WRITE BIT(8)
#define INTERCEPTS3                                                                                \
  (INTERCEPT_INTR | INTERCEPT_NMI | INTERCEPT_INIT | INTERCEPT_RDPMC | INTERCEPT_CPUID |           \
   INTERCEPT_INVD | INTERCEPT_HLT | INTERCEPT_INVLPGA | INTERCEPT_IOIO | INTERCEPT_MSR |           \
   INTERCEPT_FREEZE | INTERCEPT_SHUTDOWN)
#define INTERCEPTS4                                                                                \
  (INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD | INTERCEPT_VMSAVE | INTERCEPT_STGI |    \
   INTERCEPT_CLGI | INTERCEPT_SKINIT | INTERCEPT_WBINVD | INTERCEPT_MONITOR | INTERCEPT_MWAIT |    \
   INTERCEPT_MWAIT_C | INTERCEPT_XSETBV | INTERCEPT_RDPRU)

#define VMMCALL_LENGTH 3
#define NPT_LEAF       (PTE_P | PTE_U | PTE_A | PTE_D)

static enum status svm_vcpu_init(struct vcpu *v) {
  struct vmcb *b = arena_page_alloc(FRAME_ARENA);
  if (!b)
    return STATUS_NO_MEMORY;
  v->arch.vendor = b;
  v->arch.vendor_maddr = mfn_to_maddr(arena_page_mfn(b)).v;
  return STATUS_OK;
}

/* All of it is in the VMCB, or switched above the seam. */
static void svm_vcpu_switch(struct vcpu *v __unused_param) {
}

static void svm_vcpu_reset(struct vcpu *v) {
  struct vmcb *b = vmcb_of(v);
  memset(b, 0, sizeof(*b));
  b->cr_writes = CR_WRITES;
  b->exceptions = X86_EXIT_EXCEPTIONS;
  b->intercepts3 = INTERCEPTS3;
  b->intercepts4 = INTERCEPTS4;
  b->iopm = svm_iopm;
  b->msrpm = svm_msrpm;
  b->vintr = VINTR_MASKING;
  b->np_enable = 1;
  b->np_cr3 = mfn_to_maddr(arena_page_mfn(v->domain->p2m.root)).v;
  b->efer = EFER_SVME;
  v->arch.code_cr3 = ~0ull;
  v->arch.entry_due = true;
}

/* --- registers ------------------------------------------------------------------- */

#define SLOT(r, field) [r] = offsetof(struct vmcb, field)
/* Where a register stands in the control block; 0: EFER and CR8, which share their fields. */
static const uint16_t creg_offset[] = {SLOT(CREG_CR0, cr0),
                                       SLOT(CREG_CR2, cr2),
                                       SLOT(CREG_CR3, cr3),
                                       SLOT(CREG_CR4, cr4),
                                       SLOT(CREG_DR6, dr6),
                                       SLOT(CREG_DR7, dr7),
                                       SLOT(CREG_PAT, pat),
                                       SLOT(CREG_STAR, star),
                                       SLOT(CREG_LSTAR, lstar),
                                       SLOT(CREG_CSTAR, cstar),
                                       SLOT(CREG_SFMASK, sfmask),
                                       SLOT(CREG_KERNEL_GS_BASE, kernel_gs_base),
                                       SLOT(CREG_SYSENTER_CS, sysenter_cs),
                                       SLOT(CREG_SYSENTER_ESP, sysenter_esp),
                                       SLOT(CREG_SYSENTER_EIP, sysenter_eip),
                                       SLOT(CREG_TSC_OFFSET, tsc_offset)};
#undef SLOT

static uint64_t *creg_slot(struct vmcb *b, enum x86_creg r) {
  assert(r < ARRAY_SIZE(creg_offset) && creg_offset[r]);
  return (uint64_t *)((char *)b + creg_offset[r]);
}

static uint64_t svm_get(struct vcpu *v, enum x86_creg r) {
  struct vmcb *b = vmcb_of(v);
  if (r == CREG_EFER)
    return b->efer & ~EFER_SVME;
  if (r == CREG_CR8)
    return b->vintr & 0xf;
  return *creg_slot(b, r);
}

/* VMRUN refuses a guest without EFER.SVME (15.5.1); the guest is not shown the bit. */
static void svm_set(struct vcpu *v, enum x86_creg r, uint64_t value) {
  struct vmcb *b = vmcb_of(v);
  if (r == CREG_EFER)
    b->efer = value | EFER_SVME;
  else if (r == CREG_CR8)
    b->vintr = (b->vintr & ~VINTR_TPR) | (value & 0xf);
  else
    *creg_slot(b, r) = value;
}

static struct vmcb_segment *segment_slot(struct vmcb *b, enum x86_seg s) {
  struct vmcb_segment *const slots[] = {
      [SEG_ES] = &b->es,     [SEG_CS] = &b->cs,     [SEG_SS] = &b->ss,     [SEG_DS] = &b->ds,
      [SEG_FS] = &b->fs,     [SEG_GS] = &b->gs,     [SEG_LDTR] = &b->ldtr, [SEG_TR] = &b->tr,
      [SEG_GDTR] = &b->gdtr, [SEG_IDTR] = &b->idtr,
  };
  return slots[s];
}

_Static_assert(sizeof(struct vmcb_segment) == sizeof(struct x86_segment), "same layout");

static void svm_get_segment(struct vcpu *v, enum x86_seg s, struct x86_segment *out) {
  memcpy(out, segment_slot(vmcb_of(v), s), sizeof(*out));
}

/* The privilege level is SS's, but for VMRUN it stands in a field of its own. */
static void svm_set_segment(struct vcpu *v, enum x86_seg s, const struct x86_segment *in) {
  memcpy(segment_slot(vmcb_of(v), s), in, sizeof(*in));
  if (s == SEG_SS)
    vmcb_of(v)->cpl = (in->attributes >> 5) & 3;
}

static void svm_get_mode(struct vcpu *v, struct x86_mode *out) {
  const struct vmcb *b = vmcb_of(v);
  *out = (struct x86_mode){
      .cr0 = b->cr0,
      .cr3 = b->cr3,
      .cr4 = b->cr4,
      .efer = b->efer & ~EFER_SVME,
      .cs_base = b->cs.base,
      .cs_attributes = b->cs.attributes,
      .cpl = b->cpl,
  };
}

/* --- entry --------------------------------------------------------------------------- */

#define VIRTUAL_INTERRUPT (VINTR_IRQ | VINTR_PRIO | VINTR_IGN_TPR)

/* Ask for an exit when the guest can take an interrupt: a virtual interrupt that never gets in. For
 * one that waits for the guest to lower CR8, ask for that write instead: machines disagree on what
 * V_INTR_PRIO compares. */
static void window_request(struct vcpu *v, struct vmcb *b, bool wanted) {
  bool priority = wanted && v->arch.window_class, window = wanted && !priority;
  b->cr_writes = priority ? CR_WRITES | CR8_WRITE : CR_WRITES;
  b->vintr = window ? b->vintr | VIRTUAL_INTERRUPT : b->vintr & ~VIRTUAL_INTERRUPT;
  b->intercepts3 = window ? INTERCEPTS3 | INTERCEPT_VINTR : INTERCEPTS3;
  if (unlikely(v->arch.nmi_blocked && !v->arch.nmi_iret))
    b->intercepts3 |= INTERCEPT_IRET;
}

/* An interrupt goes in as a virtual one, which it can do whenever it was found due, or, beside a
 * window request, as an event: QEMU may deliver those of type 0 twice (docs/guide/debugging.md). */
static void prepare_event(struct vcpu *v, struct vmcb *b) {
  bool wanted = x86_prepare_event(v);
  b->tlb_control = 0;
  /* The next NMI waits for this one's IRET, which 15.21.1 leaves to us to see. */
  if (v->arch.event.type == EVENT_NMI)
    v->arch.nmi_blocked = true;
  window_request(v, b, wanted);
  /* An NMI that waits for an IRET that is about to run: one step brings us back. */
  if (unlikely(v->arch.nmi_pending && v->arch.nmi_blocked && v->arch.nmi_iret)) {
    v->arch.nmi_step = true;
    v->arch.regs.rflags |= RFLAGS_TF;
  }
  b->event_inject = 0;
  if (v->arch.event.type == EVENT_INTERRUPT && !(b->vintr & VINTR_IRQ))
    b->vintr = (uint32_t)b->vintr | VIRTUAL_INTERRUPT |
               (uint64_t)v->arch.event.vector << VINTR_VECTOR_SHIFT;
  else if (v->arch.event.type != EVENT_NONE)
    b->event_inject = x86_event_pack(&v->arch.event) | (uint64_t)v->arch.event.error << 32;
  v->arch.event.type = EVENT_NONE;
  v->arch.entry_due = b->event_inject || b->intercepts3 != INTERCEPTS3 || b->cr_writes != CR_WRITES;
}

/* What the guest left before it had it. A virtual interrupt that it did not take goes first:
 * emulated machines may then show the vector as that of an exception that was interrupted. */
static __attribute__((noinline)) void event_return(struct vcpu *v, struct vmcb *b) {
  struct x86_event e = {.type = EVENT_INTERRUPT,
                        .vector = (uint8_t)(b->vintr >> VINTR_VECTOR_SHIFT)};
  if ((b->vintr & VINTR_IRQ) && !(b->intercepts3 & INTERCEPT_VINTR)) {
    b->vintr &= ~VIRTUAL_INTERRUPT;
    x86_put_back(v, &e);
  } else if (b->exit_int_info & X86_EVENT_VALID) {
    v->arch.event = x86_event_unpack((uint32_t)b->exit_int_info, b->exit_int_info >> 32);
  }
}

static inline void registers_in(struct vcpu *v, struct vmcb *b) {
  b->rip = v->arch.regs.rip;
  b->rsp = v->arch.regs.gpr[RSP];
  b->rax = v->arch.regs.gpr[RAX];
  b->rflags = v->arch.regs.rflags;
  b->interrupt_shadow = v->arch.interrupt_shadow;
}

static void collect(struct vcpu *v, struct vmcb *b) {
  v->arch.regs.rip = b->rip;
  v->arch.regs.gpr[RSP] = b->rsp;
  v->arch.regs.gpr[RAX] = b->rax;
  v->arch.regs.rflags = b->rflags;
  v->arch.interrupt_shadow = b->interrupt_shadow & 1;
  if (unlikely((b->vintr & VINTR_IRQ) || (b->exit_int_info & X86_EVENT_VALID)))
    event_return(v, b);
}

/* --- exits ------------------------------------------------------------------------------ */

/* The NMI window opens with the instruction after the IRET that was seen: the
 * first exit at another address is past it. Seen before RIP is moved. */
static void nmi_window(struct vcpu *v) {
  if (unlikely(v->arch.nmi_iret) && v->arch.regs.rip != v->arch.nmi_iret_rip)
    v->arch.nmi_blocked = v->arch.nmi_iret = false;
}

/* A hypercall is the three bytes of the hypercall page, so that a machine need not say where they
 * end. Nearly all come from 64-bit kernels. */
static inline void exit_hypercall(struct vcpu *v, const struct vmcb *b) {
  uint64_t next_rip = b->next_rip ? b->next_rip : b->rip + VMMCALL_LENGTH;
  if (likely(!b->cpl && (b->cs.attributes & SEG_ATTR_L) && (b->efer & EFER_LMA)))
    x86_hypercall_64(v, next_rip);
  else
    x86_exit_hypercall(v, next_rip);
}

/* For an instruction whose plain form is known (PLAIN_*). */
static inline void exit_plain(struct vcpu *v, const struct vmcb *b, void (*handle)(struct vcpu *v),
                              uint32_t bytes, unsigned length) {
  v->arch.next_rip = svm_length(v, b, bytes, length);
  handle(v);
}

/* STI and HLT are one for the guest: it would sleep through an interrupt between the two. QEMU's
 * VMRUN does not load the shadow, so a HLT in it is taken here, where it would exit at once.
 * Only a HLT that the guest may execute. */
static void exit_interrupt(struct vcpu *v, const struct vmcb *b) {
  x86_take_interrupt();
  if (likely(!v->arch.interrupt_shadow) || b->cpl)
    return;
  v->arch.next_rip = 0; /* what a machine may report here is no HLT's end */
  v->arch.next_rip = svm_length(v, b, PLAIN_HLT);
  if (v->arch.next_rip)
    x86_exit_hlt(v);
}

static void exit_io(struct vcpu *v, const struct vmcb *b) {
  uint64_t i = b->exit_info1;
  struct x86_io io = {
      .port = (uint16_t)(i >> 16),
      .size = (i >> 4) & 7,
      .in = i & 1,
      .string = i & 4,
      .next_rip = b->exit_info2,
  };
  x86_exit_io(v, &io);
}

static void exit_npf(struct vcpu *v, const struct vmcb *b) {
  uint64_t e = b->exit_info1;
  struct x86_npf f = {
      .gpa = b->exit_info2,
      .write = e & 2,
      .fetch = e & 16,
      .table = e & BIT(33),
  };
  x86_exit_npf(v, &f);
}

static void exit_msr(struct vcpu *v, const struct vmcb *b) {
  if (b->exit_info1 & 1)
    exit_plain(v, b, x86_exit_wrmsr, PLAIN_WRMSR);
  else
    exit_plain(v, b, x86_exit_rdmsr, PLAIN_RDMSR);
}

/* The IRET still has to run. */
static void exit_iret(struct vcpu *v) {
  v->arch.nmi_iret_rip = v->arch.regs.rip;
  v->arch.nmi_iret = true;
}

static void exit_exception(struct vcpu *v, struct vmcb *b) {
  uint8_t vector = (uint8_t)(b->exit_code - EXIT_EXCEPTION);
  if (vector == VECTOR_MC)
    asm volatile("int $18"); /* the exit took it: nothing is pending for our own handler */
  if (vector == VECTOR_DB && v->arch.nmi_step) {
    v->arch.nmi_step = v->arch.nmi_blocked = v->arch.nmi_iret = false;
    b->dr6 &= ~DR6_BS;
    return;
  }
  x86_inject(v, vector, vector == VECTOR_AC, (uint32_t)b->exit_info1);
}

static void exit_dispatch(struct vcpu *v, struct vmcb *b) {
  v->arch.next_rip = b->next_rip;
  switch (b->exit_code) {
  case EXIT_INTR:
  case EXIT_NMI: /* taken when GIF was set again */
  case EXIT_INIT:
    return exit_interrupt(v, b);
  case EXIT_VINTR:
    return;
  case EXIT_CPUID:
    return exit_plain(v, b, x86_exit_cpuid, PLAIN_CPUID);
  case EXIT_CR4_WRITE:
    return x86_exit_cr4_write(v);
  case EXIT_CR8_WRITE:
    return x86_exit_cr8_write(v);
  case EXIT_NPF:
    return exit_npf(v, b);
  case EXIT_MSR:
    return exit_msr(v, b);
  case EXIT_IOIO:
    return exit_io(v, b);
  case EXIT_HLT:
    return exit_plain(v, b, x86_exit_hlt, PLAIN_HLT);
  case EXIT_IRET:
    return exit_iret(v);
  case EXIT_XSETBV:
    return x86_exit_xsetbv(v);
  case EXIT_WBINVD:
  case EXIT_INVD:
    return x86_exit_nop(v);
  case EXIT_EXCEPTION ... EXIT_EXCEPTION + 31:
    return exit_exception(v, b);
  case EXIT_SHUTDOWN:
  case EXIT_FREEZE:
    return domain_crash("triple fault");
  case EXIT_RDPMC:
    return x86_inject(v, VECTOR_GP, true, 0);
  case EXIT_INVLPGA:
  case EXIT_VMRUN:
  case EXIT_VMLOAD ... EXIT_SKINIT:
  case EXIT_MONITOR ... EXIT_MWAIT_C:
  case EXIT_RDPRU:
    return x86_exit_undefined(v);
  default:
    domain_crash("unexpected exit %lx (%lx, %lx)", b->exit_code, b->exit_info1, b->exit_info2);
  }
}

static __attribute__((noinline)) bool prepare(struct vcpu *v, struct vmcb *b) {
  if (!(vcpu_entry_free(v, this_private->cpu) && v->arch.activity == ACTIVITY_RUN) &&
      !vcpu_prepare_entry(v))
    return false;
  prepare_event(v, b);
  if (v->arch.asid_due)
    svm_asid_renew(v);
  return true;
}

_Static_assert(PRIVATE_CPU + offsetof(struct cpu_private, vendor_maddr) == SVM_HOST_VMCB, "");
_Static_assert(offsetof(struct vcpu, arch.regs.gpr) == SVM_VCPU_GPR, "");

/* Of all registers only the one with `v` comes back. */
static inline struct vcpu *enter(struct vcpu *v) {
  uint64_t vmcb = v->arch.vendor_maddr;
  asm volatile("call svm_enter"
               : "+a"(vmcb), "+b"(v)
               :
               : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                 "memory", "cc");
  return v;
}

void svm_run(struct vcpu *v) {
  if (!vcpu_prepare_entry(v))
    return;
  while (likely(vcpu_entry_free(v, this_private->cpu) && x86_quiet(v)) || prepare(v, vmcb_of(v))) {
    registers_in(v, vmcb_of(v));
    v = enter(v);
    struct vmcb *b = vmcb_of(v);
    collect(v, b);
    nmi_window(v);
    if (ENABLED(CONFIG_EXIT_STATS))
      exit_count(v, svm_reason(b));
    if (likely(b->exit_code == EXIT_VMMCALL))
      exit_hypercall(v, b);
    else
      exit_dispatch(v, b);
  }
}

const struct x86_vendor svm_vendor = {
    .missing = svm_missing,
    .cpu_start = svm_cpu_start,
    .vcpu_init = svm_vcpu_init,
    .vcpu_load = svm_vcpu_switch,
    .vcpu_save = svm_vcpu_switch,
    .vcpu_reset = svm_vcpu_reset,
    .run = svm_run,
    .get = svm_get,
    .set = svm_set,
    .get_segment = svm_get_segment,
    .set_segment = svm_set_segment,
    .get_mode = svm_get_mode,
    .view_changed = svm_view_changed,
    .view_fill = svm_view_fill,
    /* Every guest access counts as a user's. Accessed and dirty are preset. */
    .p2m_table = PTE_P | PTE_W | PTE_U | PTE_A,
    .p2m_memory = NPT_LEAF,
    .p2m_device = NPT_LEAF | PTE_NX | PTE_PCD | PTE_PWT,
};
