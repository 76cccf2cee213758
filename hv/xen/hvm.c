/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hvm_op: parameters of the domain, upcall vectors, and a few questions
 * (libxen-dev 4.17, xen/hvm/hvm_op.h, xen/hvm/params.h).
 */
#include <abi/xen/hvm.h>
#include <xen/internal.h>

/* Vectors below 16 are exceptions; the local APIC cannot send them. */
#define VECTOR_MIN 16

/* What a guest may read; of these, what it may set. All others are the toolstack's. */
static const struct {
  uint8_t index;
  bool settable;
} params[XEN_PARAMS] = {
    {HVM_PARAM_CALLBACK_IRQ, true},   {HVM_PARAM_STORE_PFN, false},
    {HVM_PARAM_STORE_EVTCHN, true},   {HVM_PARAM_CONSOLE_PFN, false},
    {HVM_PARAM_CONSOLE_EVTCHN, true}, {HVM_PARAM_VM86_TSS, true},
    {HVM_PARAM_VM86_TSS_SIZED, true}, {HVM_PARAM_VM_GENERATION_ID_ADDR, true},
    {HVM_PARAM_X87_FIP_WIDTH, true},
};

static uint64_t *param_slot(struct domain *d, uint32_t index, bool set) {
  for (unsigned i = 0; i < XEN_PARAMS; i++)
    if (params[i].index == index && (!set || params[i].settable))
      return &d->personality.param[i];
  return NULL;
}

const struct manifest_channel *ring_channel(const struct domain *d, uint16_t kind) {
  const struct manifest_channel *c = system_channels();
  for (uint32_t i = 0; ENABLED(CONFIG_CHANNELS) && i < system_config->channels.count; i++)
    if (c[i].kind == kind && c[i].front == d->stub - domains)
      return &c[i];
  return NULL;
}

/* A ring's page and port; both 0: there is none. */
static void ring_init(struct domain *d, uint32_t pfn_index, uint64_t pfn, uint32_t port) {
  *param_slot(d, pfn_index, false) = port ? pfn : 0;
  *param_slot(d, pfn_index + 1, false) = port;
}

void hvm_params_init(struct domain *d) {
  const struct manifest_domain *m = d->stub->config;
  const struct manifest_channel *console = ring_channel(d, MANIFEST_CHANNEL_CONSOLE);
  const struct manifest_channel *store = ring_channel(d, MANIFEST_CHANNEL_STORE);
  ring_init(d, HVM_PARAM_CONSOLE_PFN, m->special_gfn,
            console ? console->front_port : d->personality.console.port);
  ring_init(d, HVM_PARAM_STORE_PFN, m->special_gfn + 1, store ? store->front_port : 0);
}

/* Of the ways to signal an event only the vector leads anywhere: this machine has no interrupt
 * lines. The others are taken and do nothing, as on Xen; Linux sets one of them to say that it has
 * given each vCPU a vector of its own. */
static void set_callback(struct vcpu *v, uint64_t value) {
  bool is_vector = value >> 56 == HVM_PARAM_CALLBACK_TYPE_VECTOR;
  v->domain->personality.callback_vector = is_vector ? (uint8_t)value : 0;
  shared_latch(v, call_compat(v));
}

/* ACPI_S_STATE: there is no sleep to wake from. */
static int64_t set_param(struct vcpu *v, uint32_t index, uint64_t value) {
  if (index == HVM_PARAM_ACPI_S_STATE)
    return value ? -XEN_EINVAL : 0;
  uint64_t *slot = param_slot(v->domain, index, true);
  if (!slot)
    return -XEN_EPERM;
  if (index == HVM_PARAM_X87_FIP_WIDTH && value != 0 && value != 4 && value != 8)
    return -XEN_EINVAL;
  *slot = value;
  if (index == HVM_PARAM_CALLBACK_IRQ)
    set_callback(v, value);
  return 0;
}

static int64_t get_param(struct vcpu *v, uint64_t arg, struct xen_hvm_param *op) {
  const uint64_t *slot = param_slot(v->domain, op->index, false);
  bool always_zero = op->index == HVM_PARAM_ACPI_S_STATE || op->index == HVM_PARAM_ALTP2M;
  if (!slot && !always_zero)
    return -XEN_EPERM;
  op->value = slot ? *slot : 0;
  return copy_out(arg, op, sizeof(*op));
}

static int64_t param_op(struct vcpu *v, uint64_t arg, bool set) {
  struct xen_hvm_param op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  if (op.index >= HVM_NR_PARAMS)
    return -XEN_EINVAL;
  int64_t error = domid_check(v, op.domid);
  if (error)
    return error;
  return set ? set_param(v, op.index, op.value) : get_param(v, arg, &op);
}

static int64_t mem_type(struct vcpu *v, uint64_t arg) {
  static const uint8_t of[P2M_TYPES] = {
      [P2M_NONE] = HVMMEM_mmio_dm,      [P2M_RAM] = HVMMEM_ram_rw,   [P2M_RAM_RO] = HVMMEM_ram_ro,
      [P2M_LOG_DIRTY] = HVMMEM_ram_rw,  [P2M_MMIO] = HVMMEM_mmio_dm, [P2M_FOREIGN] = HVMMEM_ram_rw,
      [P2M_FOREIGN_RO] = HVMMEM_ram_ro,
  };
  struct xen_hvm_get_mem_type op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  int64_t error = domid_check(v, op.domid);
  if (error)
    return error;
  op.mem_type = of[p2m_lookup(v->domain, GFN(op.pfn)).type];
  return copy_out(arg, &op, sizeof(op));
}

static int64_t set_upcall_vector(struct vcpu *v, uint64_t arg) {
  struct xen_hvm_evtchn_upcall_vector op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  if (op.vector < VECTOR_MIN)
    return -XEN_EINVAL;
  struct vcpu *target = domain_vcpu(v->domain, op.vcpu);
  if (!target)
    return -XEN_ENOENT;
  target->personality.upcall_vector = op.vector;
  event_reassert(target);
  return 0;
}

static int64_t flush_tlbs(struct vcpu *v, uint64_t arg) {
  if (arg)
    return -XEN_EINVAL;
  p2m_flush(v->domain);
  return 0;
}

int64_t hypercall_hvm_op(struct vcpu *v, const uint64_t *a) {
  uint64_t now;
  switch (a[0]) {
  case HVMOP_set_param:
    return param_op(v, a[1], true);
  case HVMOP_get_param:
    return param_op(v, a[1], false);
  case HVMOP_flush_tlbs:
    return flush_tlbs(v, a[1]);
  case HVMOP_pagetable_dying: /* a hint for shadow page tables, which do not exist here */
    return -XEN_EINVAL;
  case HVMOP_get_time:
    now = time_now();
    return copy_out(a[1], &now, sizeof(now));
  case HVMOP_get_mem_type:
    return mem_type(v, a[1]);
  case HVMOP_set_evtchn_upcall_vector:
    return ENABLED(CONFIG_XEN_UPCALL_VECTOR) ? set_upcall_vector(v, a[1]) : -XEN_ENOSYS;
  case HVMOP_guest_request_vm_event: /* nobody listens */
    return a[1] ? -XEN_EINVAL : 0;
  case HVMOP_altp2m:
    return -XEN_EOPNOTSUPP;
  default:
    return -XEN_ENOSYS;
  }
}
