/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU under VT-x: its VMCS made, current, and set to the power-on state.
 * Intel SDM vol. 3C, chapter 24.
 */
#include <arch/arch.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <asm/private.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include "vmx.h"

#define EPTP_WB_4 (6 | 3 << 3) /* 24.6.11: its tables write-back, four levels, no A/D flags */

/* --- which VMCS is current -------------------------------------------------------------- */

static void vmcs_load(uint64_t maddr) {
  asm volatile goto("vmptrld %0\n jna %l[failed]" ::"m"(maddr) : "cc", "memory" : failed);
  return;
failed:
  panic("VMPTRLD of %lx failed", maddr);
}

/* Its contents go to its memory; it is on no CPU then, and its first entry is a VMLAUNCH (24.11.3).
 */
static void vmcs_clear(struct vmx *x) {
  asm volatile goto("vmclear %0\n jna %l[failed]" ::"m"(x->vmcs_maddr) : "cc", "memory" : failed);
  x->launched = false;
  return;
failed:
  panic("VMCLEAR of %lx failed", x->vmcs_maddr);
}

/* A VMCS on two CPUs at a time is what 24.11.1 forbids: they take turns. */
static void vmcs_own(struct vmx *x) {
  struct cpu *nobody = NULL;
  while (!atomic_cas(&x->cpu, &nobody, this_private->cpu)) {
    nobody = NULL;
    arch_cpu_serve();
  }
  vmcs_load(x->vmcs_maddr);
}

static void vmcs_disown(struct vmx *x) {
  vmcs_clear(x);
  atomic_store(&x->cpu, NULL);
}

void vmx_take(struct vcpu *v) {
  if (v != vcpu_current())
    vmcs_own(vmx_of(v));
}

void vmx_give(struct vcpu *v) {
  struct vcpu *running = vcpu_current();
  if (v == running)
    return;
  vmcs_disown(vmx_of(v));
  if (running)
    vmcs_load(vmx_of(running)->vmcs_maddr);
}

/* --- with the thread ------------------------------------------------------------------------ */

/* What differs from CPU to CPU; the rest of the host's state is the same on all. */
static void host_load(void) {
  vmcs_write(VMCS_HOST_CR3, this_private->top_table_maddr);
}

void vmx_vcpu_load(struct vcpu *v) {
  struct vmx *x = vmx_of(v);
  vmcs_own(x);
  host_load();
  vmcs_write(VMCS_TSC_OFFSET, x->tsc_offset);
  for (unsigned i = 0; i < OWN_MSRS; i++)
    wrmsr(vmx_own_msr(i), x->own_msr[i]);
  asm volatile("mov %0, %%db6" ::"r"(x->dr6));
}

void vmx_vcpu_save(struct vcpu *v) {
  struct vmx *x = vmx_of(v);
  for (unsigned i = 0; i < OWN_MSRS; i++)
    x->own_msr[i] = rdmsr(vmx_own_msr(i));
  asm volatile("mov %%db6, %0" : "=r"(x->dr6));
  vmcs_disown(x);
}

/* --- creation -------------------------------------------------------------------------------- */

static uint64_t maddr_of(const void *page) {
  return mfn_to_maddr(arena_page_mfn(page)).v;
}

/* The pages are zero, as frame_alloc gives them. */
enum status vmx_vcpu_init(struct vcpu *v) {
  struct vmx *x = arena_page_alloc(FRAME_ARENA);
  uint32_t *vmcs = arena_page_alloc(FRAME_ARENA), *apic = arena_page_alloc(FRAME_ARENA);
  if (!x || !vmcs || !apic)
    return STATUS_NO_MEMORY;
  *vmcs = vmx_machine.revision;
  x->vmcs_maddr = maddr_of(vmcs);
  x->virtual_apic = apic;
  x->virtual_apic_maddr = maddr_of(apic);
  v->arch.vendor = x;
  v->arch.vendor_maddr = x->vmcs_maddr;
  vmcs_clear(x);
  return STATUS_OK;
}

/* --- the power-on state; registers follow by set ---------------------------------------------- */

/* What no VMCS begins with by itself (24.11.3): lists of MSRs and CR3 targets without entries, page
 * faults that do not exit, null selectors and bases of the host. */
static void zeroes_write(void) {
  static const uint16_t zero[] = {VMCS_PF_MASK,
                                  VMCS_PF_MATCH,
                                  VMCS_CR3_TARGETS,
                                  VMCS_EXIT_MSR_STORES,
                                  VMCS_EXIT_MSR_LOADS,
                                  VMCS_ENTRY_MSR_LOADS,
                                  VMCS_ENTRY_EVENT,
                                  VMCS_TPR_THRESHOLD,
                                  VMCS_GUEST_DEBUGCTL,
                                  VMCS_GUEST_ACTIVITY,
                                  VMCS_GUEST_INTERRUPTIBILITY,
                                  VMCS_GUEST_PENDING_DEBUG,
                                  VMCS_HOST_ES,
                                  VMCS_HOST_DS,
                                  VMCS_HOST_FS,
                                  VMCS_HOST_GS,
                                  VMCS_HOST_SYSENTER_CS,
                                  VMCS_HOST_SYSENTER_ESP,
                                  VMCS_HOST_SYSENTER_EIP,
                                  VMCS_HOST_FS_BASE,
                                  VMCS_HOST_GS_BASE};
  for (unsigned i = 0; i < ARRAY_SIZE(zero); i++)
    vmcs_write(zero[i], 0);
  if (vmx_machine.apicv) /* no interrupt's end exits */
    for (unsigned i = 0; i < 4; i++)
      vmcs_write(VMCS_EOI_EXITS + 2 * i, 0);
}

#define TSC_ONE BIT(48) /* as a multiplier (24.6.5) */

/* The control and the multiplier for it; a domain with the machine's rate has neither. */
static uint32_t tsc_scaling_write(const struct domain *d) {
  uint64_t multiplier = tsc_to_guest(d, TSC_ONE);
  if (multiplier == TSC_ONE)
    return 0;
  vmcs_write(VMCS_TSC_MULTIPLIER, multiplier);
  return PROC2_TSC_SCALING;
}

static void controls_write(const struct vcpu *v, struct vmx *x) {
  const struct vmx_machine *m = &vmx_machine;
  x->proc = m->proc;
  x->proc2 = m->proc2 | (ENABLED(CONFIG_TSC_SCALING) ? tsc_scaling_write(v->domain) : 0);
  vmcs_write(VMCS_PIN, m->pin | (vmx_timer_ticks ? PIN_PREEMPTION_TIMER : 0));
  vmcs_write(VMCS_PROC, m->proc);
  vmcs_write(VMCS_PROC2, x->proc2);
  vmcs_write(VMCS_EXIT, m->exit);
  vmcs_write(VMCS_ENTRY, m->entry);
  vmcs_write(VMCS_EXCEPTIONS, X86_EXIT_EXCEPTIONS);
  vmcs_write(VMCS_MSR_BITMAP, vmx_msr_bitmap);
  vmcs_write(VMCS_VIRTUAL_APIC, x->virtual_apic_maddr);
  vmcs_write(VMCS_CR0_MASK, m->cr0_mask);
  vmcs_write(VMCS_CR4_MASK, m->cr4_mask);
  vmcs_write(VMCS_LINK, UINT64_MAX);
  if (m->proc2 & PROC2_XSAVES)
    vmcs_write(VMCS_XSS_EXITS, 0); /* there is nothing in XSS to exit for */
}

static uint64_t tss_base(const uint64_t *gdt) {
  const uint64_t *d = &gdt[SELECTOR_TSS / sizeof(*gdt)];
  return (d[0] >> 16 & 0xffffff) | d[0] >> 56 << 24 | d[1] << 32;
}

/* 26.2.2, 27.5. Selectors as trap_cpu_init loads them; GDT, TSS and IDT stand at the same
 * addresses on each CPU. */
static void host_write(void) {
  struct {
    uint16_t limit;
    uint64_t base;
  } __packed gdt, idt;
  asm volatile("sgdt %0\n sidt %1" : "=m"(gdt), "=m"(idt));
  host_load();
  vmcs_write(VMCS_HOST_CR0, cr0_read());
  vmcs_write(VMCS_HOST_CR4, cr4_read());
  vmcs_write(VMCS_HOST_EFER, rdmsr(MSR_EFER));
  vmcs_write(VMCS_HOST_PAT, rdmsr(MSR_PAT));
  vmcs_write(VMCS_HOST_CS, SELECTOR_CODE);
  vmcs_write(VMCS_HOST_SS, SELECTOR_DATA);
  vmcs_write(VMCS_HOST_TR, SELECTOR_TSS);
  vmcs_write(VMCS_HOST_TR_BASE, tss_base((const uint64_t *)gdt.base));
  vmcs_write(VMCS_HOST_GDTR_BASE, gdt.base);
  vmcs_write(VMCS_HOST_IDTR_BASE, idt.base);
  vmcs_write(VMCS_HOST_RIP, (uint64_t)vmx_exited);
}

void vmx_vcpu_reset(struct vcpu *v) {
  struct vmx *x = vmx_of(v);
  vmx_take(v);
  controls_write(v, x);
  host_write();
  vmcs_write(VMCS_EPTP, maddr_of(v->domain->p2m.root) | EPTP_WB_4);
  zeroes_write();
  vmx_give(v);
  x->interruptibility = 0;
  x->tpr_threshold = 0;
  v->arch.apic_by_machine = false;
  x->table_due = false;
}
