/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of svm/ share; nobody else includes this. */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include <asm/vendor.h>
#include "vmcb.h"

static inline struct vmcb *vmcb_of(const struct vcpu *v) {
  return v->arch.vendor;
}

/* Shared by all domains while nothing is passed through: every port exits, every MSR but
 * msr_direct's exits. Machine addresses. */
extern uint64_t svm_iopm, svm_msrpm;

void svm_run(struct vcpu *v);
enum arch_exit svm_reason(const struct vmcb *b);
void svm_cpu_start(struct cpu *c);
const char *svm_missing(void);
void svm_asid_renew(struct vcpu *v);
void svm_view_changed(struct domain *d, uint64_t gpa, unsigned level);
bool svm_view_fill(struct domain *d, uint64_t gpa);

#endif
