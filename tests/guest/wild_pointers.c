// SPDX-License-Identifier: Apache-2.0
// Bad pointers to every hypercall that takes one: the ABI's error, and life goes on.
/* guest: */
#include "rt/rt.h"

#define CR0_WP (1UL << 16)

struct call {
  const char *name;
  unsigned number, command, size;
  int vcpu_op; // the pointer is the third argument
  int writes;  // copies back to the guest
};

static const struct call calls[] = {
    {"version.extraversion", __HYPERVISOR_xen_version, XENVER_extraversion, 16, 0, 1},
    {"version.compile_info", __HYPERVISOR_xen_version, XENVER_compile_info, 64, 0, 1},
    {"version.capabilities", __HYPERVISOR_xen_version, XENVER_capabilities, 1024, 0, 1},
    {"version.changeset", __HYPERVISOR_xen_version, XENVER_changeset, 64, 0, 1},
    {"version.platform", __HYPERVISOR_xen_version, XENVER_platform_parameters, 8, 0, 1},
    {"version.features", __HYPERVISOR_xen_version, XENVER_get_features, 8, 0, 1},
    {"version.handle", __HYPERVISOR_xen_version, XENVER_guest_handle, 16, 0, 1},
    {"version.commandline", __HYPERVISOR_xen_version, XENVER_commandline, 1024, 0, 1},
    {"memory.current", __HYPERVISOR_memory_op, XENMEM_current_reservation, 2, 0, 0},
    {"memory.maximum", __HYPERVISOR_memory_op, XENMEM_maximum_reservation, 2, 0, 0},
    {"memory.gpfn", __HYPERVISOR_memory_op, XENMEM_maximum_gpfn, 2, 0, 0},
    {"memory.add", __HYPERVISOR_memory_op, XENMEM_add_to_physmap, 24, 0, 0},
    {"memory.batch", __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, 40, 0, 0},
    {"memory.remove", __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, 16, 0, 0},
    {"memory.map", __HYPERVISOR_memory_op, XENMEM_memory_map, 16, 0, 1},
    {"sched.shutdown", __HYPERVISOR_sched_op, SCHEDOP_shutdown, 4, 0, 0},
    {"sched.poll", __HYPERVISOR_sched_op, SCHEDOP_poll, 24, 0, 0},
    {"sched.watchdog", __HYPERVISOR_sched_op, SCHEDOP_watchdog, 8, 0, 0},
    {"event.alloc", __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, 8, 0, 1},
    {"event.status", __HYPERVISOR_event_channel_op, EVTCHNOP_status, 24, 0, 1},
    {"event.bind_ipi", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, 8, 0, 0},
    {"event.send", __HYPERVISOR_event_channel_op, EVTCHNOP_send, 4, 0, 0},
    {"hvm.get_param", __HYPERVISOR_hvm_op, HVMOP_get_param, 16, 0, 1},
    {"hvm.set_param", __HYPERVISOR_hvm_op, HVMOP_set_param, 16, 0, 0},
    {"hvm.upcall_vector", __HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, 8, 0, 0},
    {"vcpu.runstate", __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 48, 1, 1},
    {"vcpu.register_info", __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 16, 1, 0},
    {"vcpu.singleshot", __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 16, 1, 0},
    {"vcpu.periodic", __HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 8, 1, 0},
};

static uint32_t *start_of_read_only;
static uint8_t *read_only, *no_frame, *before_unmapped;

static int64_t make(const struct call *call, void *pointer) {
  if (call->vcpu_op)
    return hypercall3(call->number, call->command, 0, (uintptr_t)pointer);
  return hypercall3(call->number, call->command, (uintptr_t)pointer, 0);
}

static void expect(const struct call *call, const char *kind, void *pointer) {
  char name[64];
  snprintf(name, sizeof(name), "wild_pointers.%s.%s", call->name, kind);
  check_eq(name, make(call, pointer), -XEN_EFAULT);
}

static void one(const struct call *call) {
  expect(call, "unmapped", UNMAPPED);
  expect(call, "non_canonical", NON_CANONICAL);
  expect(call, "top", (void *)-8UL);
  expect(call, "no_frame", no_frame);
  if (call->size > 2)
    expect(call, "crosses", before_unmapped + PAGE_SIZE - call->size / 2);
  if (!call->writes)
    return;
  // A valid argument for all that copy back: DOMID_SELF in the first fields, where there is a
  // domain.
  *start_of_read_only =
      call->number == __HYPERVISOR_xen_version ? 0 : DOMID_SELF << 16 | DOMID_SELF;
  expect(call, "read_only", read_only);
}

void test_main(void) {
  uint8_t *page = page_alloc(), *page2 = page_alloc();
  start_of_read_only = (uint32_t *)page;
  write_cr0(read_cr0() | CR0_WP);
  read_only = vm_map(0, (uintptr_t)page, PTE_P);
  no_frame = vm_map(2, 0xfd00000000UL, PTE_P | PTE_W);
  before_unmapped = vm_map(4, (uintptr_t)page2, PTE_P | PTE_W);
  for (unsigned i = 0; i < ARRAY_LEN(calls); i++)
    one(&calls[i]);
  CHECK("wild_pointers.alive", 1);
}
