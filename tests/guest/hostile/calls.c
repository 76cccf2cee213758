// SPDX-License-Identifier: Apache-2.0
// Hypercalls: every number and sub-operation, with the structures that Xen's public headers give
// them. What would only end this domain at once is let through now and then.
#include "hostile.h"
#include <xen/hvm/hvm_op.h>

struct shape {
  uint8_t number, command;
  const char *fields; // of the structure, as put_field reads them
};

#define MEM   __HYPERVISOR_memory_op
#define EVT   __HYPERVISOR_event_channel_op
#define GNT   __HYPERVISOR_grant_table_op
#define SCHED __HYPERVISOR_sched_op
#define VCPU  __HYPERVISOR_vcpu_op
#define HVM   __HYPERVISOR_hvm_op

// From the headers of Debian's libxen-dev: memory.h, event_channel.h, grant_table.h, sched.h,
// vcpu.h, hvm/hvm_op.h.
static const struct shape shapes[] = {
    {MEM, XENMEM_increase_reservation, "pcwwd"},
    {MEM, XENMEM_decrease_reservation, "pcwwd"},
    {MEM, XENMEM_populate_physmap, "pcwwd"},
    {MEM, XENMEM_populate_physmap, "pcwwd"},
    {MEM, XENMEM_exchange, "pcwwdpcwwdq"},
    {MEM, XENMEM_maximum_ram_page, ""},
    {MEM, XENMEM_current_reservation, "d"},
    {MEM, XENMEM_maximum_reservation, "d"},
    {MEM, XENMEM_maximum_gpfn, "d"},
    {MEM, XENMEM_add_to_physmap, "dhwqg"},
    {MEM, XENMEM_add_to_physmap, "dhwqg"},
    {MEM, XENMEM_add_to_physmap_batch, "dhhhppp"},
    {MEM, XENMEM_remove_from_physmap, "dg"},
    {MEM, XENMEM_memory_map, "wp"},
    {MEM, XENMEM_machine_memory_map, "wp"},
    {MEM, XENMEM_set_memory_map, "dwp"},
    {MEM, XENMEM_machphys_mapping, "qqq"},
    {MEM, XENMEM_acquire_resource, "dhwwwqp"},
    {EVT, EVTCHNOP_bind_interdomain, "dww"},
    {EVT, EVTCHNOP_bind_virq, "wvw"},
    {EVT, EVTCHNOP_bind_pirq, "www"},
    {EVT, EVTCHNOP_close, "w"},
    {EVT, EVTCHNOP_send, "w"},
    {EVT, EVTCHNOP_send, "w"},
    {EVT, EVTCHNOP_status, "dww"},
    {EVT, EVTCHNOP_alloc_unbound, "ddw"},
    {EVT, EVTCHNOP_alloc_unbound, "ddw"},
    {EVT, EVTCHNOP_bind_ipi, "vw"},
    {EVT, EVTCHNOP_bind_vcpu, "wv"},
    {EVT, EVTCHNOP_unmask, "w"},
    {EVT, EVTCHNOP_reset, "d"},
    {EVT, EVTCHNOP_init_control, "gwv"},
    {EVT, EVTCHNOP_expand_array, "g"},
    {EVT, EVTCHNOP_set_priority, "ww"},
    {GNT, GNTTABOP_map_grant_ref, "qwwdwqq"},
    {GNT, GNTTABOP_unmap_grant_ref, "qqww"},
    {GNT, GNTTABOP_setup_table, "dwwp"},
    {GNT, GNTTABOP_dump_table, "dw"},
    {GNT, GNTTABOP_transfer, "gdww"},
    {GNT, GNTTABOP_copy, "qdhqdhhhw"},
    {GNT, GNTTABOP_copy, "gdhgdhhhw"},
    {GNT, GNTTABOP_query_size, "dwww"},
    {GNT, GNTTABOP_unmap_and_replace, "qqww"},
    {GNT, GNTTABOP_set_version, "w"},
    {GNT, GNTTABOP_get_status_frames, "wdwp"},
    {GNT, GNTTABOP_get_version, "dw"},
    {GNT, GNTTABOP_swap_grant_ref, "www"},
    {GNT, GNTTABOP_cache_flush, "qhhw"},
    {SCHED, SCHEDOP_yield, ""},
    {SCHED, SCHEDOP_block, ""},
    {SCHED, SCHEDOP_shutdown, "w"},
    {SCHED, SCHEDOP_poll, "pwt"},
    {SCHED, SCHEDOP_remote_shutdown, "dw"},
    {SCHED, SCHEDOP_shutdown_code, "w"},
    {SCHED, SCHEDOP_watchdog, "ww"},
    {SCHED, SCHEDOP_pin_override, "w"},
    {VCPU, VCPUOP_initialise, "wwqqqqqqqqqqqqqqqqqqqqqq"},
    {VCPU, VCPUOP_up, ""},
    {VCPU, VCPUOP_down, ""},
    {VCPU, VCPUOP_is_up, ""},
    {VCPU, VCPUOP_get_runstate_info, "qqqqqq"},
    {VCPU, VCPUOP_register_runstate_memory_area, "p"},
    {VCPU, VCPUOP_set_periodic_timer, "t"},
    {VCPU, VCPUOP_stop_periodic_timer, ""},
    {VCPU, VCPUOP_set_singleshot_timer, "tw"},
    {VCPU, VCPUOP_stop_singleshot_timer, ""},
    {VCPU, VCPUOP_register_vcpu_info, "gww"},
    {VCPU, VCPUOP_send_nmi, ""},
    {VCPU, VCPUOP_get_physid, "q"},
    {VCPU, VCPUOP_register_vcpu_time_memory_area, "p"},
    {HVM, HVMOP_set_param, "dwq"},
    {HVM, HVMOP_get_param, "dwq"},
    {HVM, HVMOP_pagetable_dying, "dq"},
    {HVM, HVMOP_get_time, "q"},
    {HVM, HVMOP_get_mem_type, "dhq"},
    {HVM, HVMOP_set_evtchn_upcall_vector, "vw"},
    {HVM, HVMOP_guest_request_vm_event, ""},
    {HVM, HVMOP_altp2m, "wwdhwqq"},
    {__HYPERVISOR_xen_version, XENVER_extraversion, "qq"},
    {__HYPERVISOR_xen_version, XENVER_capabilities, "qq"},
    {__HYPERVISOR_xen_version, XENVER_get_features, "ww"},
    {__HYPERVISOR_xen_version, XENVER_commandline, "qq"},
    {__HYPERVISOR_xen_version, XENVER_build_id, "wwqq"},
    {__HYPERVISOR_vm_assist, 0, "w"},
    {__HYPERVISOR_domctl, 0, "wwdhhhqqqq"},
    {__HYPERVISOR_sysctl, 0, "wwqqqq"},
    {__HYPERVISOR_platform_op, 0, "wwqqqq"},
    {__HYPERVISOR_physdev_op, 0, "wwqqqq"},
    {__HYPERVISOR_dm_op, 0, "pq"},
    {__HYPERVISOR_hypfs_op, 0, "pq"},
    {__HYPERVISOR_argo_op, 0, "dwq"},
    {__HYPERVISOR_xenpmu_op, 0, "wwqq"},
};

struct request {
  uint64_t number, arg[5];
};

static int is(const struct request *r, unsigned number, unsigned command) {
  return (uint32_t)r->number == number && (uint32_t)r->arg[0] == command;
}

// Ends this domain, or takes away the one vCPU that looks after the others, or a call that may
// never come back there.
static int ends_all(const struct dice *d, const struct request *r) {
  if (is(r, SCHED, SCHEDOP_shutdown) || is(r, SCHED, SCHEDOP_shutdown_code) ||
      is(r, SCHED, SCHEDOP_remote_shutdown) || is(r, SCHED, SCHEDOP_watchdog))
    return 1;
  if (is(r, VCPU, VCPUOP_down) && (uint32_t)r->arg[1] == 0)
    return 1;
  return d->vcpu == 0 && (is(r, SCHED, SCHEDOP_block) || is(r, SCHED, SCHEDOP_poll));
}

// Of the elements behind a pointer. One too large has answers written over what stands behind.
static uint64_t count(struct dice *d, unsigned most) {
  return one_in(d, 2000) ? value_any(d) : 1 + dice_below(d, most);
}

// vcpu_op has a number in the middle, grant_table_op a count behind, console_io both.
static struct request request_shaped(struct dice *d) {
  const struct shape *s = &shapes[dice_below(d, ARRAY_LEN(shapes))];
  struct request r = {s->number, {s->command}};
  uint64_t pointer = value_pointer(d, s->fields);
  if (s->number == VCPU) {
    r.arg[1] = one_in(d, 16) ? value_any(d) : dice_below(d, 4);
    r.arg[2] = pointer;
    return r;
  }
  if (s->number >= __HYPERVISOR_domctl)
    r.arg[0] = pointer;
  r.arg[1] = pointer;
  r.arg[2] = count(d, 4);
  r.arg[3] = value_any(d);
  return r;
}

static struct request request_blind(struct dice *d) {
  struct request r = {one_in(d, 16) ? value_any(d) : dice_below(d, 64), {dice_below(d, 48)}};
  for (unsigned i = 1; i < ARRAY_LEN(r.arg); i++)
    r.arg[i] = one_in(d, 2) ? value_pointer(d, "qqqq") : value_any(d);
  return r;
}

static struct request request_any(struct dice *d) {
  struct request r = one_in(d, 5) ? request_blind(d) : request_shaped(d);
  if (r.number == __HYPERVISOR_console_io)
    r.arg[0] = CONSOLEIO_read; // or its noise hides what matters
  if (r.number == __HYPERVISOR_set_timer_op)
    r.arg[0] = value_any(d);
  return r;
}

// A list of calls in one, each of which the filter has seen.
static void call_many(struct dice *d) {
  static struct multicall_entry lists[MAX_CPUS][8];
  struct multicall_entry *list = lists[d->vcpu];
  unsigned calls = 1 + dice_below(d, 8), i = 0;
  while (i < calls) {
    struct request r = request_any(d);
    if (ends_all(d, &r))
      continue;
    list[i] = (struct multicall_entry){.op = r.number};
    memcpy(list[i].args, r.arg, sizeof(r.arg));
    i++;
  }
  hypercall3(__HYPERVISOR_multicall, (uintptr_t)list, count(d, calls), 0);
}

void call_random(struct dice *d) {
  if (one_in(d, 24)) {
    call_many(d);
    return;
  }
  struct request r = request_any(d);
  if (ends_all(d, &r) && !one_in(d, 2000))
    return;
  hypercall5(r.number, r.arg[0], r.arg[1], r.arg[2], r.arg[3], r.arg[4]);
}
