/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vcpu_op, as far as a translated domain has it (libxen-dev 4.17, xen/vcpu.h),
 * and vm_assist.
 */
#include <abi/xen/vcpu.h>
#include <xen/internal.h>

#define NMI_VECTOR 2

static int64_t send_nmi(struct vcpu *v, uint64_t arg) {
  if (arg)
    return -XEN_EINVAL;
  arch_vcpu_raise(v, NMI_VECTOR);
  vcpu_mail(v->stub, MAIL_INTERRUPT);
  return 0;
}

static bool is_last(const struct vcpu *v) {
  for (uint32_t i = 0; i < v->domain->vcpu_count; i++)
    if (i != v->id && !arch_vcpu_offline(v->domain->vcpus[i]))
      return false;
  return true;
}

/* A domain without a vCPU that runs could never go on. */
void personality_vcpu_down(struct vcpu *v) {
  if (arch_vcpu_offline(v))
    return;
  v->personality.initialised = true; /* it can come up again where it was */
  if (is_last(v)) {
    domain_end(v->stub->domain, DOMAIN_END_POWEROFF);
    return;
  }
  arch_vcpu_set_up(v, false);
  if (v != vcpu_current())
    vcpu_mail(v->stub, MAIL_INTERRUPT);
}

void personality_vcpu_was_reset(struct vcpu *v) {
  event_reassert(v);
}

int64_t hypercall_vcpu_op(struct vcpu *caller, const uint64_t *a) {
  struct vcpu *v = domain_vcpu(caller->domain, (uint32_t)a[1]);
  if (!v)
    return -XEN_ENOENT;
  switch (a[0]) {
  case VCPUOP_initialise:
    return ENABLED(CONFIG_XEN_VCPU_UP) ? vcpu_initialise(v, a[2]) : -XEN_ENOSYS;
  case VCPUOP_up:
    return ENABLED(CONFIG_XEN_VCPU_UP) ? vcpu_up(v) : -XEN_ENOSYS;
  case VCPUOP_down:
    personality_vcpu_down(v);
    return 0;
  case VCPUOP_is_up:
    return !arch_vcpu_offline(v);
  case VCPUOP_get_runstate_info:
    return runstate_query(caller, v, a[2]);
  case VCPUOP_register_runstate_memory_area:
    return runstate_register(caller, v, a[2]);
  case VCPUOP_register_vcpu_info:
    return vcpu_info_register(caller, v, a[2]);
  case VCPUOP_register_vcpu_time_memory_area:
    return clock_register(caller, v, a[2]);
  case VCPUOP_send_nmi:
    return send_nmi(v, a[2]);
  case VCPUOP_get_physid: /* for the vCPUs of a hardware domain */
    return -XEN_EINVAL;
  default:
    return timer_op(caller, v, a[0], a[2]);
  }
}

int64_t hypercall_vm_assist(struct vcpu *v, const uint64_t *a) {
  uint64_t *assist = &v->domain->personality.vm_assist;
  if ((uint32_t)a[1] != VMASST_TYPE_runstate_update_flag)
    return -XEN_EINVAL;
  switch ((uint32_t)a[0]) {
  case VMASST_CMD_enable:
    (void)atomic_or(assist, BIT(VMASST_TYPE_runstate_update_flag));
    return 0;
  case VMASST_CMD_disable:
    (void)atomic_and(assist, ~BIT(VMASST_TYPE_runstate_update_flag));
    return 0;
  default:
    return -XEN_ENOSYS;
  }
}
