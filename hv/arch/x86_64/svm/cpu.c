/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SVM on a CPU: finding it, turning it on, the permission maps, ASIDs.
 */
#include <arch/arch.h>
#include <asm/asid.h>
#include <asm/msr.h>
#include <asm/platform.h>
#include <asm/private.h>
#include "svm.h"

#define MSR_VM_CR    0xc0010114u
#define MSR_VM_HSAVE 0xc0010117u
#define VM_CR_SVMDIS BIT(4)

uint64_t svm_iopm, svm_msrpm;
static uint32_t asid_limit;

const char *svm_missing(void) {
  uint32_t r[4];
  if (!cpu_features.svm)
    return "no-svm: this CPU does not report AMD SVM";
  if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
    return "svm-disabled: the firmware has turned SVM off";
  cpuid(0x8000000a, 0, r);
  if (!(r[3] & 1))
    return "no-nested-paging: this CPU has SVM without nested paging";
  asid_limit = r[1];
  return NULL;
}

/* Two bits an MSR, read and write, in three ranges of 0x2000 (APM vol. 2, 15.11). */
static void msrpm_allow(uint8_t *map, uint32_t msr) {
  uint32_t range = msr < 0x2000 ? 0 : msr >= 0xc0010000 ? 2 : 1;
  uint32_t bit = range * 0x4000 + (msr & 0x1fff) * 2;
  map[bit / 8] &= (uint8_t) ~(3u << (bit % 8));
}

static __boot void maps_init(void) {
  uint8_t *io, *msr;
  svm_iopm = x86_map_make(2, &io); /* 3 pages are used */
  svm_msrpm = x86_map_make(1, &msr);
  for (unsigned i = 0; msr_direct[i] != 0xffffffffu; i++)
    msrpm_allow(msr, msr_direct[i]);
}

/* Also saves the host's TR and segment bases for the VMLOAD after each exit. */
void svm_cpu_start(struct cpu *c) {
  if (c->id == 0)
    maps_init();
  wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
  wrmsr(MSR_VM_HSAVE, this_private->vendor_maddr[1]);
  asm volatile("vmsave %0" ::"a"(this_private->vendor_maddr[0]) : "memory");
  this_private->next_asid = asid_limit; /* the first entry begins a generation, with a flush */
}

/* Taking a new ASID is the flush: it has no translations. */
void svm_asid_renew(struct vcpu *v) {
  struct vmcb *b = vmcb_of(v);
  if (asid_renew(v, asid_limit)) {
    b->tlb_control = TLB_FLUSH_ALL;
    v->arch.entry_due = true;
  }
  b->asid = v->arch.asid;
}

/* --- the arena's view of guest memory: the nested table's own level-3 tables ------- */

void svm_view_changed(struct domain *d, uint64_t gpa, unsigned level) {
  uint64_t index = gpa >> SLOT_BITS;
  if (level == ARCH_P2M_LEVELS - 1 && index < GUEST_SLOTS)
    d->stub->arch.guest_pdpt[index] = ((uint64_t *)d->p2m.root)[index] & PTE_ADDR;
}

bool svm_view_fill(struct domain *d __unused_param, uint64_t gpa __unused_param) {
  return true;
}
