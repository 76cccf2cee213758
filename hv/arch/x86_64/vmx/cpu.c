/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VT-x on a CPU: finding it and what it can do, turning it on, the MSR bitmap,
 * the flush of translations. Intel SDM vol. 3C, chapters 23, 24, 28, 31 and
 * appendix A.
 */
#include <arch/arch.h>
#include <asm/asid.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <asm/speculation.h>
#include <lib/lib.h>
#include "../boot/boot.h"
#include "vmx.h"

#define MSR_FEATURE_CONTROL 0x03au
#define FEATURE_LOCKED      BIT(0)
#define FEATURE_VMX         BIT(2) /* outside of SMX */
#define MSR_VMX_BASIC       0x480u
#define MSR_VMX_PIN         0x481u
#define MSR_VMX_PROC        0x482u
#define MSR_VMX_EXIT        0x483u
#define MSR_VMX_ENTRY       0x484u
#define MSR_VMX_MISC        0x485u
#define MSR_VMX_CR0_FIXED0  0x486u
#define MSR_VMX_CR0_FIXED1  0x487u
#define MSR_VMX_CR4_FIXED0  0x488u
#define MSR_VMX_PROC2       0x48bu
#define MSR_VMX_EPT_VPID    0x48cu
#define MSR_VMX_TRUE        0x48du /* pin, proc, exit, entry */
#define BASIC_TRUE_CONTROLS BIT(55)

#define CR0_NW              BIT(29)
#define CR0_CD              BIT(30)
#define CR4_VMXE            BIT(13)

/* A.10: four levels, write-back, 2 MiB leaves, INVEPT and INVVPID of all and of one context. */
#define EPT_VPID_NEEDED                                                                            \
  (BIT(6) | BIT(14) | BIT(16) | BIT(20) | BIT(25) | BIT(26) | BIT(32) | BIT(42))
#define EPT_1G       BIT(17)

#define VPIDS        0x10000u
#define INV_ONE      1
#define INV_ALL      2

/* Entry 2, which the leaves of the arena's view select, is write-back as well (view.c). */
#define PAT_HOST     0x0007040600060406ull

#define CR_OF_PAGING (CR0_PE | CR0_PG)

struct vmx_machine vmx_machine __section(".sealed");
uint64_t vmx_msr_bitmap;
uint32_t vmx_timer_ticks;

/* --- capabilities ---------------------------------------------------------------------- */

/* A.2 to A.5: the low half are bits that must be 1, the high half those that may be. False: a bit
 * that is wanted may not. */
static __boot bool controls(uint32_t msr, uint32_t wanted, uint32_t optional, uint32_t *out) {
  uint64_t allowed = rdmsr(msr);
  uint32_t must = (uint32_t)allowed, may = (uint32_t)(allowed >> 32);
  *out = (wanted | optional | must) & may;
  return !(wanted & ~may);
}

/* What guests are shown has to work in them. */
static __boot uint32_t proc2_needed(void) {
  uint32_t r[4], needed = PROC2_EPT | PROC2_VPID | PROC2_WBINVD | PROC2_UNRESTRICTED;
  cpuid(7, 0, r);
  needed |= r[1] & BIT(10) ? PROC2_INVPCID : 0;
  return needed | (cpu_features.rdtscp ? PROC2_RDTSCP : 0);
}

#define APICV_CONTROLS ((uint32_t)(PROC2_X2APIC | PROC2_APIC_REGISTERS | PROC2_INTERRUPTS))

/* On and off as the vCPU goes: allowed, and off to begin with. */
#define PROC_CHANGES   ((uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW))
#define ENTRY_CHANGES  ((uint32_t)ENTRY_LONG_MODE)

static __boot bool controls_allowed(struct vmx_machine *m) {
  const uint32_t first = MSR_VMX_TRUE;
  return controls(first, PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMI, 0, &m->pin) &&
         controls(first + 1,
                  PROC_CHANGES | PROC_TSC_OFFSET | PROC_HLT | PROC_MWAIT | PROC_RDPMC |
                      PROC_TPR_SHADOW | PROC_ALL_IO | PROC_MSR_BITMAP | PROC_MONITOR |
                      PROC_SECONDARY,
                  0, &m->proc) &&
         controls(MSR_VMX_PROC2, proc2_needed(), cpu_features.xsaves ? PROC2_XSAVES : 0,
                  &m->proc2) &&
         controls(first + 2,
                  EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT | EXIT_LOAD_PAT | EXIT_SAVE_EFER |
                      EXIT_LOAD_EFER,
                  0, &m->exit) &&
         controls(first + 3, ENTRY_CHANGES | ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER, 0,
                  &m->entry);
}

/* All of it or nothing, beside the other controls. */
static __boot void apicv_find(struct vmx_machine *m) {
  uint32_t proc2;
  bool whole = ENABLED(CONFIG_APICV) && controls(MSR_VMX_PROC2, APICV_CONTROLS, 0, &proc2);
  m->apicv = whole ? APICV_CONTROLS : 0;
}

static __boot void tsc_scaling_find(void) {
  uint32_t proc2;
  arch_tsc_scales = controls(MSR_VMX_PROC2, PROC2_TSC_SCALING, 0, &proc2);
}

/* Without the true controls those that are needed off (exits at each MOV CR3) are on. */
static __boot bool controls_find(struct vmx_machine *m) {
  uint64_t basic = rdmsr(MSR_VMX_BASIC);
  m->revision = (uint32_t)basic & 0x7fffffff;
  if (!(basic & BASIC_TRUE_CONTROLS) || !controls_allowed(m))
    return false;
  m->proc &= ~PROC_CHANGES;
  apicv_find(m);
  if (ENABLED(CONFIG_TSC_SCALING))
    tsc_scaling_find();
  m->entry &= ~ENTRY_CHANGES;
  return true;
}

/* A.7, A.8. Bits that must have a value, caches that a guest may not turn off for its neighbours,
 * and what the policy hides: writes of a guest that would change them exit. */
static __boot void fixed_bits_find(struct vmx_machine *m) {
  m->cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0) & ~CR_OF_PAGING;
  m->cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1) & ~(CR0_CD | CR0_NW);
  m->cr0_mask = m->cr0_fixed0 | ~m->cr0_fixed1;
  /* Without MCE a machine check would be a shutdown. */
  m->cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0) | CR4_VMXE | CR4_MCE;
  m->cr4_mask = m->cr4_fixed0;
  for (unsigned i = 0; i < 64; i++)
    if (!cr4_legal(BIT(i)))
      m->cr4_mask |= BIT(i);
}

static __boot bool large_pages_harm(void) {
  struct spec_facts f = {0};
  spec_facts_find(&f);
  return errata_large_pages(&f);
}

/* Runs before mm_init: what it finds is read-only afterwards. */
__boot const char *vmx_missing(void) {
  if (!cpu_features.vmx)
    return "no-vmx: this CPU does not report Intel VT-x";
  uint64_t feature = rdmsr(MSR_FEATURE_CONTROL);
  if ((feature & FEATURE_LOCKED) && !(feature & FEATURE_VMX))
    return "vmx-disabled: the firmware has turned VT-x off";
  if (!controls_find(&vmx_machine))
    return "vmx-incomplete: this CPU's VT-x has no unrestricted guest, or less";
  uint64_t ept = rdmsr(MSR_VMX_EPT_VPID);
  if ((ept & EPT_VPID_NEEDED) != EPT_VPID_NEEDED)
    return "no-ept: this CPU's VT-x has no extended page tables of the form that is needed";
  cpu_features.page1g = cpu_features.page1g && (ept & EPT_1G);
  cpu_features.xsaves = cpu_features.xsaves && (vmx_machine.proc2 & PROC2_XSAVES);
  if (ENABLED(CONFIG_SPECULATION) && !option_is("large-pages", "yes"))
    cpu_features.small_leaves = large_pages_harm();
  fixed_bits_find(&vmx_machine);
  return NULL;
}

/* --- the MSR bitmap ---------------------------------------------------------------------- */

/* 24.6.9: 1 KiB each for reads of the low and the high MSRs, then for writes. */
static __boot uint32_t msr_bit(uint32_t msr) {
  return (msr & 0x1fff) + (msr >= 0xc0000000 ? 0x2000 : 0);
}

__boot void vmx_msr_read_allow(uint8_t *map, uint32_t msr) {
  map[msr_bit(msr) / 8] &= (uint8_t)~BIT(msr % 8);
}

__boot void vmx_msr_write_allow(uint8_t *map, uint32_t msr) {
  vmx_msr_read_allow(map + 0x800, msr);
}

static __boot uint8_t *msr_bitmap_make(uint64_t *maddr) {
  uint8_t *map;
  *maddr = x86_map_make(0, &map);
  for (unsigned i = 0; msr_direct[i] != 0xffffffffu; i++) {
    vmx_msr_read_allow(map, msr_direct[i]);
    vmx_msr_write_allow(map, msr_direct[i]);
  }
  return map;
}

/* `guest-timer=ms`: every millisecond a guest is left by the preemption timer (25.5.1), on machines
 * where interrupts do not end it while it has them off (docs/guide/debugging.md). */
static __boot void guest_timer_init(void) {
  uint32_t pin;
  if (!option_is("guest-timer", "ms") || !controls(MSR_VMX_TRUE, PIN_PREEMPTION_TIMER, 0, &pin))
    return;
  vmx_timer_ticks = (tsc_clock.khz >> (rdmsr(MSR_VMX_MISC) & 31)) + 1;
}

/* --- each CPU ------------------------------------------------------------------------------ */

struct inv {
  uint64_t id, address;
};

/* EPT pointers and VPIDs are ours and exist, so these do not fail (30.3). */
static void invept(uint64_t type, uint64_t eptp) {
  const struct inv d = {eptp, 0};
  asm volatile("invept %0, %1" ::"m"(d), "r"(type) : "cc", "memory");
}

static void invvpid(uint64_t type) {
  const struct inv d = {0, 0};
  asm volatile("invvpid %0, %1" ::"m"(d), "r"(type) : "cc", "memory");
}

static __noreturn void vmxon_failed(void) {
  panic("VMXON failed on CPU %u", this_private->cpu->id);
}

/* 23.7, 24.11.5. */
static void vmxon(void) {
  uint64_t feature = rdmsr(MSR_FEATURE_CONTROL), region = this_private->vendor_maddr[0];
  if (!(feature & FEATURE_LOCKED))
    wrmsr(MSR_FEATURE_CONTROL, feature | FEATURE_LOCKED | FEATURE_VMX);
  *(uint32_t *)PRIVATE_VENDOR = vmx_machine.revision;
  cr0_write(cr0_read() | (rdmsr(MSR_VMX_CR0_FIXED0)));
  cr4_write(cr4_read() | CR4_VMXE);
  asm volatile goto("vmxon %0\n jna %l[failed]" ::"m"(region) : "cc", "memory" : failed);
  return;
failed:
  vmxon_failed();
}

void vmx_cpu_start(struct cpu *c) {
  if (c->id == 0) {
    msr_bitmap_make(&vmx_msr_bitmap);
    if (ENABLED(CONFIG_APICV) && vmx_machine.apicv)
      vmx_apicv_msrs(msr_bitmap_make(&vmx_apicv_bitmap));
    guest_timer_init();
  }
  wrmsr(MSR_PAT, PAT_HOST);
  vmxon();
  invept(INV_ALL, 0);
  this_private->next_asid = VPIDS; /* the first entry begins a generation, with a flush */
}

/* A VPID tags what comes from the guest's own tables, an EPT pointer what comes from the domain's
 * (28.4.1): a new VPID drops the first, INVEPT what has it in it of the second. */
void vmx_vpid_refresh(struct vcpu *v) {
  if (likely(!v->arch.asid_due))
    return;
  if (asid_renew(v, VPIDS))
    invvpid(INV_ALL);
  vmcs_write(VMCS_VPID, v->arch.asid);
  invept(INV_ONE, vmcs_read(VMCS_EPTP));
}

void vmcs_failed(uint32_t f) {
  panic("the VMCS has no field %x", f);
}
