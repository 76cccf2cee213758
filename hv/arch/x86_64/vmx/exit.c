/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exit loop under VT-x: what goes into an entry, what an exit brings. What
 * an exit means is decided above the seam (cpu/exit_*.c). Intel SDM vol. 3C,
 * chapters 25 to 27.
 */
#include <arch/arch.h>
#include <asm/asid.h>
#include <asm/machine.h>
#include <exits.h>
#include <guest.h>
#include <lib/lib.h>
#include "vmx.h"

#define DR6_TRAPS (0xf | BIT(13)) /* B0 to B3, BD */
#define DR7_GD    BIT(13)
#define DR7_FIXED BIT(10)

#define EPT_R     BIT(0)
#define EPT_X     BIT(2)
#define EPT_WB    (6u << 3)
#define EPT_IPAT  BIT(6)

/* --- events ---------------------------------------------------------------------------- */

/* In real mode exceptions have no error code, and 26.2.1.3 refuses one. */
static void event_write(struct x86_event *e) {
  if (e->type == EVENT_NONE)
    return;
  if (e->has_error)
    e->has_error = vmcs_read(VMCS_GUEST_CR0) & CR0_PE;
  vmcs_write(VMCS_ENTRY_EVENT, x86_event_pack(e));
  if (e->has_error)
    vmcs_write(VMCS_ENTRY_EVENT_ERROR, e->error);
}

static void proc_write(struct vmx *x, uint32_t proc) {
  if (x->proc != proc)
    vmcs_write(VMCS_PROC, proc);
  x->proc = proc;
}

/* For one that waits for the guest to lower CR8 the exit is when it does (29.1.1); 26.2.1.1 wants
 * the threshold at CR8 at most. */
static void threshold_write(struct vcpu *v, struct vmx *x, uint8_t class) {
  uint8_t threshold = MIN(class, (uint8_t)vmx_get(v, CREG_CR8));
  if (x->tpr_threshold != threshold)
    vmcs_write(VMCS_TPR_THRESHOLD, threshold);
  x->tpr_threshold = threshold;
}

static bool windows_asked(const struct vmx *x) {
  return x->tpr_threshold || (x->proc & (PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW));
}

/* An NMI may not go in behind MOV SS (26.3.1.5). */
static bool nmi_hindered(const struct vcpu *v, const struct vmx *x) {
  return v->arch.event.type == EVENT_NMI && (x->interruptibility & BLOCKED_MOV_SS);
}

static void prepare_event(struct vcpu *v, struct vmx *x) {
  bool wanted = x86_prepare_event(v);
  if (unlikely(nmi_hindered(v, x))) {
    v->arch.event.type = EVENT_NONE;
    v->arch.nmi_pending = true;
  }
  uint32_t proc = x->proc & ~(uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW);
  if (wanted && !v->arch.window_class)
    proc |= PROC_INTERRUPT_WINDOW;
  if (v->arch.nmi_pending)
    proc |= PROC_NMI_WINDOW;
  proc_write(x, proc);
  threshold_write(v, x, wanted ? v->arch.window_class : 0);
  event_write(&v->arch.event);
}

/* --- entry --------------------------------------------------------------------------------- */

/* 26.3.1.5: a shadow with single-stepping has its #DB pending. */
static void pending_step_write(struct vcpu *v) {
  uint64_t pending = vmcs_read(VMCS_GUEST_PENDING_DEBUG) & ~DR6_BS;
  vmcs_write(VMCS_GUEST_PENDING_DEBUG, pending | (v->arch.regs.rflags & RFLAGS_TF ? DR6_BS : 0));
}

/* What blocks events, as root mode has left it: a shadow goes with the instruction that was
 * passed over, and with an event. */
static void interruptibility_write(struct vcpu *v, struct vmx *x) {
  uint32_t now = x->interruptibility & ~(uint32_t)(BLOCKED_STI | BLOCKED_MOV_SS | BLOCKED_NMI);
  uint32_t shadow = x->interruptibility & (BLOCKED_STI | BLOCKED_MOV_SS);
  if (v->arch.interrupt_shadow && v->arch.event.type == EVENT_NONE)
    now |= shadow ? shadow : BLOCKED_MOV_SS;
  if (v->arch.nmi_blocked)
    now |= BLOCKED_NMI;
  if (unlikely(now & (BLOCKED_STI | BLOCKED_MOV_SS)))
    pending_step_write(v);
  if (now != x->interruptibility)
    vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, now);
}

#define TABLE_ENTRIES  4
/* Of an entry that is present (SDM vol. 3A, table 4-8). */
#define TABLE_RESERVED (0xfff00000000001e6ull | cpuid_reserved_address)

/* PAE paging's first level, as a mode has it; false: a MOV that loads it faults. What cannot be
 * read is not there. */
static bool table_read(const struct x86_mode *m, uint64_t entry[TABLE_ENTRIES]) {
  memset(entry, 0, TABLE_ENTRIES * sizeof(*entry));
  if (!(m->cr0 & CR0_PG) || !(m->cr4 & CR4_PAE) || (m->efer & EFER_LMA))
    return true;
  if (guest_read_phys(entry, GPA((uint32_t)m->cr3 & ~31u), TABLE_ENTRIES * sizeof(*entry)))
    memset(entry, 0, TABLE_ENTRIES * sizeof(*entry));
  for (unsigned i = 0; i < TABLE_ENTRIES; i++)
    if ((entry[i] & PTE_P) && (entry[i] & TABLE_RESERVED))
      return false;
  return true;
}

/* With EPT it is loaded from the VMCS (26.3.2.4), which root mode writes after a change of its own;
 * MOV CR3 in the guest is the machine's. Entries that are not legal are refused by the entry. */
static void table_write(struct vcpu *v, struct vmx *x) {
  struct x86_mode m;
  uint64_t entry[TABLE_ENTRIES];
  vmx_get_mode(v, &m);
  x->table_due = false;
  (void)table_read(&m, entry);
  for (unsigned i = 0; i < TABLE_ENTRIES; i++)
    vmcs_write(VMCS_GUEST_PDPTE + 2 * i, entry[i]);
}

static void prepare(struct vcpu *v, struct vmx *x) {
  if (ENABLED(CONFIG_APICV))
    vmx_apicv_enter(v, x);
  if (!likely(x86_quiet(v) && !windows_asked(x)))
    prepare_event(v, x);
  if (unlikely(x->table_due))
    table_write(v, x);
  interruptibility_write(v, x);
  vmcs_write(VMCS_GUEST_RIP, v->arch.regs.rip);
  vmcs_write(VMCS_GUEST_RSP, v->arch.regs.gpr[RSP]);
  vmcs_write(VMCS_GUEST_RFLAGS, v->arch.regs.rflags);
  if (vmx_timer_ticks)
    vmcs_write(VMCS_PREEMPTION_TIMER, vmx_timer_ticks);
  vmx_vpid_refresh(v);
  cr2_write(x->cr2);
}

static void collect(struct vcpu *v, struct vmx *x) {
  struct x86_regs *r = &v->arch.regs;
  uint32_t idt = (uint32_t)vmcs_read(VMCS_IDT_EVENT);
  x->launched = true;
  x->cr2 = cr2_read();
  x->interruptibility = (uint32_t)vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);
  r->rip = vmcs_read(VMCS_GUEST_RIP);
  r->gpr[RSP] = vmcs_read(VMCS_GUEST_RSP);
  r->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
  v->arch.next_rip = r->rip + vmcs_read(VMCS_EXIT_LENGTH);
  v->arch.interrupt_shadow = x->interruptibility & (BLOCKED_STI | BLOCKED_MOV_SS);
  v->arch.nmi_blocked = x->interruptibility & BLOCKED_NMI;
  v->arch.event.type = EVENT_NONE;
  if (ENABLED(CONFIG_APICV))
    vmx_apicv_exit(v, x);
  if (unlikely(idt & X86_EVENT_VALID)) {
    uint32_t error = idt & X86_EVENT_ERROR ? (uint32_t)vmcs_read(VMCS_IDT_EVENT_ERROR) : 0;
    v->arch.event = x86_event_unpack(idt, error);
    if (v->arch.event.type == EVENT_NMI) /* it has not arrived: the next entry blocks again */
      v->arch.nmi_blocked = false;
  }
}

/* --- exits -------------------------------------------------------------------------------------
 */

/* 27.2.3: IRET had ended the blocking, and then faulted: it will run again. */
static void iret_reblock(struct vcpu *v, bool unblocked) {
  if (unblocked && v->arch.event.type == EVENT_NONE)
    v->arch.nmi_blocked = true;
}

/* The trap's reasons are in the qualification, DR6 and DR7 are as before (27.1). */
static void exit_debug(struct vcpu *v) {
  uint64_t q = vmcs_read(VMCS_QUALIFICATION), dr6 = vmx_get(v, CREG_DR6);
  vmx_set(v, CREG_DR6, (dr6 & ~0xfull) | (q & (DR6_TRAPS | DR6_BS)));
  vmcs_write(VMCS_GUEST_DR7, vmcs_read(VMCS_GUEST_DR7) & ~DR7_GD);
  x86_inject(v, VECTOR_DB, false, 0);
}

/* NMIs and machine checks are the host's, and taken from it by the exit. */
static void exit_exception(struct vcpu *v) {
  uint32_t info = (uint32_t)vmcs_read(VMCS_EXIT_EVENT);
  uint8_t vector = (uint8_t)info, type = (uint8_t)x86_event_type(info);
  if (type == X86_TYPE_NMI) {
    asm volatile("int $2" ::: "memory");
    return;
  }
  if (vector == VECTOR_MC)
    asm volatile("int $18" ::: "memory");
  iret_reblock(v, info & EVENT_UNBLOCK_NMI);
  if (type == TYPE_INT1) /* the one that exits before it is done, and traps */
    v->arch.regs.rip = v->arch.next_rip;
  if (vector == VECTOR_DB)
    exit_debug(v);
  else
    x86_inject(v, vector, info & X86_EVENT_ERROR,
               info & X86_EVENT_ERROR ? (uint32_t)vmcs_read(VMCS_EXIT_EVENT_ERROR) : 0);
}

/* Table 27-5. */
static void exit_io(struct vcpu *v) {
  uint64_t q = vmcs_read(VMCS_QUALIFICATION);
  struct x86_io io = {
      .port = (uint16_t)(q >> 16),
      .size = (uint8_t)((q & 7) + 1),
      .in = q & 8,
      .string = q & 16,
  };
  x86_exit_io(v, &io);
}

/* Table 27-7. Without a linear address (bit 7) it was no access of an instruction, as little as one
 * to the guest's own tables (bit 8 clear). */
static void exit_ept(struct vcpu *v) {
  uint64_t q = vmcs_read(VMCS_QUALIFICATION);
  struct x86_npf f = {
      .gpa = vmcs_read(VMCS_GUEST_PHYSICAL),
      .write = q & 2,
      .fetch = q & 4,
      .table = !(q & BIT(7)) || !(q & BIT(8)),
  };
  iret_reblock(v, q & EVENT_UNBLOCK_NMI);
  x86_exit_npf(v, &f);
}

/* --- control registers -------------------------------------------------------------------------
 */

/* What the guest's EFER becomes with such a CR0; false: #GP (SDM vol. 3A, 4.1.2, 9.8.5). */
static bool paging_change(const struct x86_mode *m, uint64_t cr0, uint64_t *efer) {
  bool was = m->cr0 & CR0_PG, is = cr0 & CR0_PG;
  *efer = m->efer;
  if (is && !was && (m->efer & EFER_LME)) {
    *efer |= EFER_LMA;
    return (m->cr4 & CR4_PAE) && !(m->cs_attributes & SEG_ATTR_L);
  }
  if (was && !is) {
    *efer &= ~EFER_LMA;
    return x86_code_bits(m) != 64 && !(m->cr4 & CR4_PCIDE);
  }
  return true;
}

static bool table_legal(const struct x86_mode *m) {
  uint64_t entry[TABLE_ENTRIES];
  return table_read(m, entry);
}

/* A MOV that changes a bit of ours comes here; the others with it. */
static void cr0_write_by_guest(struct vcpu *v, struct x86_mode *m, uint64_t value) {
  bool legal = cr0_legal(value) && paging_change(m, value, &m->efer);
  m->cr0 = value;
  if (!legal || !table_legal(m)) {
    x86_inject(v, VECTOR_GP, true, 0);
    return;
  }
  vmx_set(v, CREG_CR0, value | CR0_ET);
  vmx_set(v, CREG_EFER, m->efer);
  asid_drop(v); /* a new tag: the write would have flushed the TLB */
  x86_advance(v, v->arch.next_rip);
}

static void cr4_write_by_guest(struct vcpu *v, struct x86_mode *m, uint64_t value) {
  m->cr4 = value;
  if (table_legal(m))
    x86_cr4_write(v, value, v->arch.next_rip);
  else
    x86_inject(v, VECTOR_GP, true, 0);
}

/* Table 27-3. Only MOV to CR0 and CR4 exits: none of CLTS's and LMSW's bits is ours. */
static void exit_cr(struct vcpu *v) {
  uint64_t q = vmcs_read(VMCS_QUALIFICATION), value = v->arch.regs.gpr[(q >> 8) & 15];
  struct x86_mode m;
  vmx_get_mode(v, &m);
  if (x86_code_bits(&m) != 64)
    value = (uint32_t)value;
  if ((q & 0x3f) == 0)
    cr0_write_by_guest(v, &m, value);
  else if ((q & 0x3f) == 4)
    cr4_write_by_guest(v, &m, value);
  else
    domain_crash("unexpected control register access %lx", q);
}

/* --- dispatch ----------------------------------------------------------------------------------
 */

static void exit_unknown(uint32_t reason) {
  domain_crash("unexpected exit %u (%lx)", reason, vmcs_read(VMCS_QUALIFICATION));
}

static void exit_dispatch(struct vcpu *v, uint32_t reason) {
  switch (reason) {
  case EXIT_EXCEPTION:
    return exit_exception(v);
  case EXIT_INTERRUPT:
  case EXIT_INIT:
  case EXIT_SIPI:
  case EXIT_TIMER:
    return x86_take_interrupt();
  case EXIT_INTERRUPT_WINDOW:
  case EXIT_NMI_WINDOW:
  case EXIT_TPR:
    return;
  case EXIT_TRIPLE_FAULT:
    return domain_crash("triple fault");
  case EXIT_TASK_SWITCH:
    return domain_crash("a hardware task switch, which is not supported");
  case EXIT_CPUID:
    return x86_exit_cpuid(v);
  case EXIT_HLT:
    return x86_exit_hlt(v);
  case EXIT_VMCALL:
    return x86_exit_hypercall(v, v->arch.next_rip);
  case EXIT_CR:
    return exit_cr(v);
  case EXIT_IO:
    return exit_io(v);
  case EXIT_RDMSR:
    return x86_exit_rdmsr(v);
  case EXIT_WRMSR:
    return x86_exit_wrmsr(v);
  case EXIT_EPT_VIOLATION:
    return exit_ept(v);
  case EXIT_XSETBV:
    return x86_exit_xsetbv(v);
  case EXIT_INVD:
  case EXIT_WBINVD:
    return x86_advance(v, v->arch.next_rip);
  case EXIT_RDPMC:
    return x86_inject(v, VECTOR_GP, true, 0);
  case EXIT_GETSEC:
  case EXIT_VMCLEAR ... EXIT_VMXON:
  case EXIT_MWAIT:
  case EXIT_MONITOR:
  case EXIT_INVEPT:
  case EXIT_INVVPID:
    return x86_exit_undefined(v);
  default:
    return exit_unknown(reason);
  }
}

/* What an entry that fails may have loaded is ours again before anything else is done: 26.8 has the
 * machine do so, and has no word for what then is wrong if it did not. */
static void host_reload(void) {
  cr4_write(vmcs_read(VMCS_HOST_CR4));
  cr0_write(vmcs_read(VMCS_HOST_CR0));
  wrmsr(MSR_EFER, vmcs_read(VMCS_HOST_EFER));
  wrmsr(MSR_PAT, vmcs_read(VMCS_HOST_PAT));
  dr7_write(DR7_FIXED);
}

/* Nothing of the guest ran, and what the machine has restored is not asked: the domain ends, and
 * its next life begins with the VMCS written anew. */
static void entry_refused(void) {
  host_reload();
  domain_crash("VM entry refused, error %lu", vmcs_read(VMCS_INSTRUCTION_ERROR));
}
static void entry_failed(struct vcpu *v, uint32_t reason) {
  host_reload();
  v->arch.event.type = EVENT_NONE;
  domain_crash("VM entry failed, reason %u (%lx)", reason & 0xffff, vmcs_read(VMCS_QUALIFICATION));
}

void vmx_run(struct vcpu *v) {
  struct vmx *x = vmx_of(v);
  while (vcpu_prepare_entry(v)) {
    prepare(v, x);
    if (unlikely(vmx_enter(v->arch.regs.gpr, x->launched))) {
      entry_refused();
      continue;
    }
    uint32_t reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
    if (unlikely(reason & EXIT_ENTRY_FAILED)) {
      entry_failed(v, reason);
      continue;
    }
    collect(v, x);
    if (ENABLED(CONFIG_EXIT_STATS))
      exit_count(v, vmx_reason(reason));
    exit_dispatch(v, reason);
  }
}

const struct x86_vendor vmx_vendor = {
    .missing = vmx_missing,
    .cpu_start = vmx_cpu_start,
    .vcpu_init = vmx_vcpu_init,
    .vcpu_load = vmx_vcpu_load,
    .vcpu_save = vmx_vcpu_save,
    .vcpu_reset = vmx_vcpu_reset,
    .run = vmx_run,
    .get = vmx_get,
    .set = vmx_set,
    .get_segment = vmx_get_segment,
    .set_segment = vmx_set_segment,
    .get_mode = vmx_get_mode,
    .view_changed = vmx_view_changed,
    .view_fill = vmx_view_fill,
    /* 28.3.2, tables 28-3 to 28-6: no memory without execution, type write-back whatever the PAT
     * says, so that the entry is one of an ordinary page table as well. Device memory: uncached. */
    .p2m_table = PTE_P | PTE_W | PTE_U,
    .p2m_memory = EPT_R | EPT_X | EPT_WB | EPT_IPAT,
    .p2m_device = EPT_R,
};
