/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and stopping vCPUs by hypercall (libxen-dev 4.17, xen/vcpu.h,
 * xen/hvm/hvm_vcpu.h). INIT and SIPI do the same through the local APIC.
 */
#include <abi/xen/hvm_vcpu.h>
#include <xen/internal.h>

enum { CODE, DATA, STACK, EXTRA, TASK };

static struct arch_context context_32(const struct vcpu_hvm_x86_32 *r) {
  return (struct arch_context){
      .gpr = {r->eax, r->ecx, r->edx, r->ebx, r->esp, r->ebp, r->esi, r->edi},
      .ip = r->eip,
      .flags = r->eflags,
      .cr0 = r->cr0,
      .cr3 = r->cr3,
      .cr4 = r->cr4,
      .efer = r->efer,
      .segment = {[CODE] = {r->cs_base, r->cs_limit, r->cs_ar},
                  [DATA] = {r->ds_base, r->ds_limit, r->ds_ar},
                  [STACK] = {r->ss_base, r->ss_limit, r->ss_ar},
                  [EXTRA] = {r->es_base, r->es_limit, r->es_ar},
                  [TASK] = {r->tr_base, r->tr_limit, r->tr_ar}},
  };
}

static struct arch_context context_64(const struct vcpu_hvm_x86_64 *r) {
  return (struct arch_context){
      .mode64 = true,
      .gpr = {r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi},
      .ip = r->rip,
      .flags = r->rflags,
      .cr0 = r->cr0,
      .cr3 = r->cr3,
      .cr4 = r->cr4,
      .efer = r->efer,
  };
}

static bool initialised(struct vcpu *v) {
  return v->personality.initialised || !arch_vcpu_offline(v);
}

/* The domain's lock is held, so that two callers do not both find it uninitialised. */
static int64_t initialise(struct vcpu *v, const struct arch_context *c) {
  if (initialised(v))
    return -XEN_EEXIST;
  int64_t error = xen_errno(arch_vcpu_set_context(v, c));
  v->personality.initialised = !error;
  return error;
}

int64_t vcpu_initialise(struct vcpu *v, uint64_t arg) {
  struct vcpu_hvm_context op;
  struct arch_context c;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  if (op.mode != VCPU_HVM_MODE_32B && op.mode != VCPU_HVM_MODE_64B)
    return initialised(v) ? -XEN_EEXIST : -XEN_EINVAL;
  c = op.mode == VCPU_HVM_MODE_64B ? context_64(&op.cpu_regs.x86_64)
                                   : context_32(&op.cpu_regs.x86_32);
  spin_lock(&v->domain->personality.lock);
  int64_t error = initialise(v, &c);
  spin_unlock(&v->domain->personality.lock);
  return error;
}

int64_t vcpu_up(struct vcpu *v) {
  if (!initialised(v))
    return -XEN_EINVAL;
  if (!arch_vcpu_offline(v))
    return 0;
  arch_vcpu_set_up(v, true);
  vcpu_mail(v->stub, MAIL_INTERRUPT);
  return 0;
}
