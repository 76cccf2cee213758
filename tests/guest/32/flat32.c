// SPDX-License-Identifier: Apache-2.0
// A 32-bit guest without paging: hypercalls with 32-bit structures, and the 32-bit shared page.
/* guest: */
#include "rt32/rt32.h"

static uint8_t shared_page[4096] __attribute__((aligned(4096)));
static uint8_t call_page[4096] __attribute__((aligned(4096)));
static volatile struct shared_info *shared = (void *)shared_page;

static void wrmsr(uint32_t msr, uint32_t value) {
  asm volatile("wrmsr" : : "c"(msr), "a"(value), "d"(0) : "memory");
}

// The page also tells the hypervisor how wide this guest is.
static void hypercall_page(void) {
  wrmsr(0x40000000, (uintptr_t)call_page);
  void (*gate)(void) = hypercall_gate;
  int direct = hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0);
  hypercall_gate = (void (*)(void))(call_page + 32 * __HYPERVISOR_xen_version);
  check_eq("flat32.hypercall_page", hypercall2(0, XENVER_version, 0), direct);
  hypercall_gate = gate;
}

static void numbers(void) {
  check_eq("flat32.unknown", hypercall2(63, 0, 0), -XEN_ENOSYS);
  check_eq("flat32.pv_only", hypercall2(__HYPERVISOR_set_trap_table, 0, 0), -XEN_ENOSYS);
}

static void memory(void) {
  struct {
    uint64_t addr, size;
    uint32_t type;
  } __attribute__((packed)) entries[32];
  struct xen_memory_map map = {.nr_entries = 32};
  domid_t self = DOMID_SELF;
  set_xen_guest_handle(map.buffer, entries);
  check_eq("flat32.memory_map", hypercall2(__HYPERVISOR_memory_op, XENMEM_memory_map, &map), 0);
  CHECK("flat32.memory_map.entries", map.nr_entries > 0 && map.nr_entries <= 32);
  check_eq("flat32.memory_map.first", entries[0].type, 1);
  CHECK("flat32.reservation",
        hypercall2(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self) > 48 << 8);
}

static void shared_info(void) {
  struct xen_add_to_physmap add = {
      .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = (uintptr_t)shared_page >> 12};
  check_eq("flat32.add_to_physmap", hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &add),
           0);
  CHECK("flat32.wallclock", shared->wc_sec > 1577836800u);
  CHECK("flat32.clock", shared->vcpu_info[0].time.tsc_to_system_mul);
}

// Bit and selector of port 40: word 1, bit 8 in this layout, word 0 in the 64-bit one.
static void events(void) {
  struct evtchn_bind_ipi bind;
  struct evtchn_send send;
  do {
    bind.vcpu = 0;
    if (hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &bind))
      break;
  } while (bind.port < 40);
  send.port = 40;
  check_eq("flat32.send", hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send), 0);
  check_eq("flat32.pending", shared->evtchn_pending[1], 1 << 8);
  check_eq("flat32.selector", shared->vcpu_info[0].evtchn_pending_sel, 1 << 1);
  check_eq("flat32.upcall", shared->vcpu_info[0].evtchn_upcall_pending, 1);
}

static void vcpu(void) {
  struct vcpu_runstate_info run[2];
  run[1].state = 77;
  check_eq("flat32.runstate", hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, run),
           0);
  check_eq("flat32.runstate.state", run[0].state, RUNSTATE_running);
  CHECK("flat32.runstate.time", (run[0].state_entry_time >> 40) == 0);
  check_eq("flat32.runstate.size", run[1].state, 77);
  check_eq("flat32.periodic_wild",
           hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, (void *)0xfd800000),
           -XEN_EFAULT);
}

static void params(void) {
  struct xen_hvm_param param = {.domid = DOMID_SELF, .index = HVM_PARAM_STORE_PFN, .value = 1};
  check_eq("flat32.param", hypercall2(__HYPERVISOR_hvm_op, HVMOP_get_param, &param), 0);
  check_eq("flat32.param.value", param.value, 0);
  param.index = 10000;
  check_eq("flat32.param.past_end", hypercall2(__HYPERVISOR_hvm_op, HVMOP_get_param, &param),
           -XEN_EINVAL);
}

void test_main(void) {
  check_eq("flat32.magic", start_info->magic, XEN_HVM_START_MAGIC_VALUE);
  hypercall_page();
  numbers();
  memory();
  shared_info();
  events();
  vcpu();
  params();
}
