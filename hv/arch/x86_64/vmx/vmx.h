/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of vmx/ share; nobody else includes this. */
#ifndef VMX_VMX_H
#define VMX_VMX_H

#include <asm/vendor.h>
#include "vmcs.h"

/* MSRs that a guest reads and writes without an exit and that no field of the VMCS holds. */
enum { OWN_STAR, OWN_LSTAR, OWN_CSTAR, OWN_SFMASK, OWN_KERNEL_GS, OWN_MSRS };

/* A vCPU's state beside its VMCS, an arena page. While its thread has a CPU, the VMCS is current
 * there, and the MSRs and DR6 are in that CPU's registers; else here. */
struct vmx {
  struct cpu *cpu; /* where the VMCS is current: the thread's, or of one who writes it; atomic */
  uint64_t vmcs_maddr, virtual_apic_maddr;
  uint32_t *virtual_apic; /* a page: the task priority; with APICv more (apicv.c) */
  bool launched;          /* VMRESUME, not VMLAUNCH */
  bool table_due;         /* the four PDPTEs of PAE paging are to be read */
  uint64_t own_msr[OWN_MSRS];
  uint64_t cr2, dr6, tsc_offset;
  uint32_t proc;             /* as the VMCS has it */
  uint32_t proc2;            /* the same, but for what APICv adds to it */
  uint32_t interruptibility; /* as of the last exit */
  uint32_t interrupt_status; /* with APICv, as the last entry or exit had it */
  uint8_t tpr_threshold;     /* as the VMCS has it */
};

static inline struct vmx *vmx_of(const struct vcpu *v) {
  return v->arch.vendor;
}

/* --- cpu.c ----------------------------------------------------------------------- */

/* What every VMCS of this machine has: capabilities, found at boot. */
struct vmx_machine {
  uint32_t revision;
  uint32_t pin, proc, proc2, exit, entry;
  uint32_t apicv; /* what it adds to proc2; 0: not there, or not built */
  uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0; /* with unrestricted guest */
  uint64_t cr0_mask, cr4_mask;                 /* bits that are ours: the guest sees the shadow */
};
extern struct vmx_machine vmx_machine;
/* Machine address of the MSR bitmap, shared by all domains while nothing is passed through. */
extern uint64_t vmx_msr_bitmap;
/* TSC ticks >> rate until an entry ends by itself; 0: such a timer is not used. */
extern uint32_t vmx_timer_ticks;

/* In a bitmap, under construction: the guest may without an exit. */
void vmx_msr_read_allow(uint8_t *map, uint32_t msr);
void vmx_msr_write_allow(uint8_t *map, uint32_t msr);

const char *vmx_missing(void);
void vmx_cpu_start(struct cpu *c);
/* Before an entry: translations that the guest must not use any more are dropped. */
void vmx_vpid_refresh(struct vcpu *v);

/* --- vcpu.c ------------------------------------------------------------------------ */

enum status vmx_vcpu_init(struct vcpu *v);
void vmx_vcpu_reset(struct vcpu *v);
void vmx_vcpu_load(struct vcpu *v);
void vmx_vcpu_save(struct vcpu *v);
/* Make the VMCS of `v` current, then that of the running vCPU again. Of another vCPU only while its
 * domain is built or taken apart: waits until its thread has left its CPU. */
void vmx_take(struct vcpu *v);
void vmx_give(struct vcpu *v);

/* --- apicv.c: with CONFIG_APICV ----------------------------------------------------- */

/* Machine address of the bitmap for vCPUs that have it on: the other, and these. */
extern uint64_t vmx_apicv_bitmap;
void vmx_apicv_msrs(uint8_t *map);
/* Before the events of an entry are chosen; after each exit, before anybody looks at the APIC. */
void vmx_apicv_enter(struct vcpu *v, struct vmx *x);
void vmx_apicv_exit(struct vcpu *v, struct vmx *x);

/* --- state.c ------------------------------------------------------------------------ */

uint64_t vmx_get(struct vcpu *v, enum x86_creg r);
void vmx_set(struct vcpu *v, enum x86_creg r, uint64_t value);
void vmx_get_segment(struct vcpu *v, enum x86_seg s, struct x86_segment *out);
void vmx_set_segment(struct vcpu *v, enum x86_seg s, const struct x86_segment *in);
void vmx_get_mode(struct vcpu *v, struct x86_mode *out);
/* The MSR behind OWN_*. */
uint32_t vmx_own_msr(unsigned i);

/* --- exit.c, enter.S, view.c -------------------------------------------------------- */

enum arch_exit vmx_reason(uint32_t reason);
void vmx_run(struct vcpu *v);
/* True: the machine refused the VMCS, and nothing has run. */
bool vmx_enter(uint64_t gpr[16], bool launched);
extern const char vmx_exited[]; /* where exits come out */

void vmx_view_changed(struct domain *d, uint64_t gpa, unsigned level);
bool vmx_view_fill(struct domain *d, uint64_t gpa);

#endif
