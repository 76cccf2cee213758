/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of the hypercall paths that can fail, made to fail in turn, under hypercalls that
 * work without: a hypercall that then says it failed has changed nothing, one that says it
 * worked has done the same as ever.
 */
#include "fault.h"
#include <abi/xen/domctl.h>
#include <abi/xen/event_channel.h>
#include <abi/xen/grant_table.h>
#include <abi/xen/hvm.h>
#include <abi/xen/hvm_vcpu.h>
#include <abi/xen/memory.h>
#include <abi/xen/sched.h>
#include <abi/xen/vcpu.h>
#include <abi/xen/version.h>
#include <stdio.h>
#include <stdlib.h>

#define LIST     0xa000u /* between ARGUMENT and ARGUMENTS_END */
#define ELSE     0x30u   /* one that it has */
#define FAR_HOLE 0x123456789ul
#define TABLE    0x28u /* where the grant table is mapped */

static const struct manifest_channel channels[] = {
    {.kind = MANIFEST_CHANNEL_DISK, .front = 0, .back = 1},
    {.kind = MANIFEST_CHANNEL_EVENTS, .front = 0, .back = 1, .front_port = 5, .back_port = 6},
};

/* --- hypercalls, 0 for success --------------------------------------------------------------- */

static int64_t physmap(uint32_t space, uint64_t idx, uint64_t gpfn) {
  struct xen_add_to_physmap op = {.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gpfn};
  return CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, op);
}

/* These answer with how many were done. */
static int64_t reservation(unsigned op, uint64_t gfn, unsigned order) {
  struct xen_memory_reservation r = {
      .extent_start = LIST, .nr_extents = 1, .extent_order = order, .domid = DOMID_SELF};
  guest_put(LIST, &gfn, sizeof(gfn));
  return call_with(__HYPERVISOR_memory_op, op, &r, sizeof(r)) == 1 ? 0 : -XEN_ENOMEM;
}

static int64_t event(unsigned op, void *arg, size_t n) {
  return call_with(__HYPERVISOR_event_channel_op, op, arg, n);
}
#define EVENT(op, ...)                                                                             \
  ({                                                                                               \
    struct evtchn_##op op_ = {__VA_ARGS__};                                                        \
    event(EVTCHNOP_##op, &op_, sizeof(op_));                                                       \
  })

static int64_t gnt(unsigned op, void *arg, size_t n, const int16_t *status) {
  guest_put(ARGUMENT, arg, n);
  int64_t result = call(__HYPERVISOR_grant_table_op, op, ARGUMENT, 1);
  guest_get(arg, ARGUMENT, n);
  return result ? result : *status;
}
#define GRANT(op, ...)                                                                             \
  ({                                                                                               \
    struct gnttab_##op op_ = {__VA_ARGS__};                                                        \
    gnt(GNTTABOP_##op, &op_, sizeof(op_), &op_.status);                                            \
  })

static int64_t shared_info_place(void) {
  return physmap(XENMAPSPACE_shared_info, 0, FAR_HOLE);
}
static int64_t shared_info_replaces(void) {
  return physmap(XENMAPSPACE_shared_info, 0, ELSE);
}
static int64_t grant_page_place(void) {
  return physmap(XENMAPSPACE_grant_table, 1, FAR_HOLE);
}
static int64_t page_moves(void) {
  return physmap(XENMAPSPACE_gmfn, ELSE, FAR_HOLE);
}
static int64_t populate(void) {
  return reservation(XENMEM_populate_physmap, FAR_HOLE, 0);
}
static int64_t populate_large(void) {
  return reservation(XENMEM_populate_physmap, 1ul << 20, 3);
}
static int64_t give_back(void) {
  return reservation(XENMEM_decrease_reservation, ELSE, 0);
}
static int64_t leave(void) {
  struct xen_remove_from_physmap op = {.domid = DOMID_SELF, .gpfn = ELSE};
  return CALL(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, op);
}
static int64_t memory_map(void) {
  struct xen_memory_map op = {.nr_entries = 8, .buffer = LIST};
  return CALL(__HYPERVISOR_memory_op, XENMEM_memory_map, op);
}
static int64_t alloc_unbound(void) {
  return EVENT(alloc_unbound, .dom = DOMID_SELF, .remote_dom = 2);
}
static uint32_t waiting; /* a port for the domain itself */
static int64_t loopback(void) {
  return EVENT(bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = waiting);
}
static int64_t virq(void) {
  return EVENT(bind_virq, .virq = VIRQ_TIMER, .vcpu = 0);
}
static int64_t ipi(void) {
  return EVENT(bind_ipi, .vcpu = 1);
}
static int64_t event_send(void) {
  uint32_t port = 5;
  return event(EVTCHNOP_send, &port, sizeof(port));
}
static int64_t event_status(void) {
  return EVENT(status, .dom = DOMID_SELF, .port = 5);
}
static int64_t event_close(void) {
  uint32_t port = 5;
  return event(EVTCHNOP_close, &port, sizeof(port));
}
static int64_t events_reset(void) {
  uint16_t domid = DOMID_SELF;
  return event(EVTCHNOP_reset, &domid, sizeof(domid));
}
static int64_t fifo(void) {
  return EVENT(init_control, .control_gfn = ELSE, .vcpu = 0);
}
static int64_t fifo_grows(void) {
  return EVENT(expand_array, .array_gfn = ELSE + 1);
}
static int64_t table_grows(void) {
  return GRANT(setup_table, .dom = DOMID_SELF, .nr_frames = 3, .frame_list = LIST);
}
static int64_t table_size(void) {
  return GRANT(query_size, .dom = DOMID_SELF);
}
static int64_t grant_map(void) {
  return GRANT(map_grant_ref, .host_addr = FAR_HOLE << PAGE_SHIFT, .flags = GNTMAP_host_map,
               .ref = 9, .dom = 1);
}
static int64_t grant_unmap(void) {
  return GRANT(unmap_grant_ref, .host_addr = FAR_HOLE << PAGE_SHIFT, .handle = 0);
}
static int64_t grant_copy(void) {
  return GRANT(copy, .source = {.u.ref = 9, .domid = 1},
               .dest = {.u.gmfn = ELSE, .domid = DOMID_SELF}, .len = 64,
               .flags = GNTCOPY_source_gref);
}
static int64_t vcpu_info_area(void) {
  struct vcpu_register_vcpu_info op = {.mfn = ELSE, .offset = 64};
  return vcpu_call(VCPUOP_register_vcpu_info, 1, &op, sizeof(op));
}
static int64_t runstate_area(void) {
  uint64_t op = ELSE << PAGE_SHIFT;
  return vcpu_call(VCPUOP_register_runstate_memory_area, 0, &op, sizeof(op));
}
static int64_t time_area(void) {
  uint64_t op = ELSE << PAGE_SHIFT;
  return vcpu_call(VCPUOP_register_vcpu_time_memory_area, 0, &op, sizeof(op));
}
static int64_t runstate(void) {
  struct vcpu_runstate_info op;
  memset(&op, 0, sizeof(op));
  return vcpu_call(VCPUOP_get_runstate_info, 0, &op, sizeof(op));
}
static int64_t periodic(void) {
  uint64_t op = 10000000; /* ns */
  return vcpu_call(VCPUOP_set_periodic_timer, 0, &op, sizeof(op));
}
static int64_t param_set(void) {
  struct xen_hvm_param op = {
      .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 2ull << 56 | 0x30};
  return call(__HYPERVISOR_hvm_op, HVMOP_set_param,
              (guest_put(ARGUMENT, &op, sizeof(op)), ARGUMENT), 0);
}
/* Of calls that answer with a number. */
static int64_t number(int64_t result) {
  return result < 0 ? result : 0;
}
static int64_t physmap_batch(void) {
  static const uint64_t from = ELSE, to = FAR_HOLE;
  struct xen_add_to_physmap_batch op = {.domid = DOMID_SELF,
                                        .space = XENMAPSPACE_gmfn,
                                        .size = 1,
                                        .idxs = LIST,
                                        .gpfns = LIST + 8,
                                        .errs = LIST + 16};
  int32_t error = 0;
  guest_put(LIST, &from, sizeof(from));
  guest_put(LIST + 8, &to, sizeof(to));
  int64_t result = CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, op);
  guest_get(&error, LIST + 16, sizeof(error));
  return result ? result : error;
}
static int64_t acquire(void) {
  struct xen_mem_acquire_resource op = {.domid = DOMID_SELF,
                                        .type = XENMEM_resource_grant_table,
                                        .nr_frames = 1,
                                        .frame = 1,
                                        .frame_list = LIST};
  uint64_t gfn = FAR_HOLE;
  guest_put(LIST, &gfn, sizeof(gfn));
  return CALL(__HYPERVISOR_memory_op, XENMEM_acquire_resource, op);
}
static int64_t memory_question(unsigned op) {
  uint16_t domid = DOMID_SELF;
  return number(CALL(__HYPERVISOR_memory_op, op, domid));
}
static int64_t max_ram(void) {
  return memory_question(XENMEM_maximum_ram_page);
}
static int64_t pages_now(void) {
  return memory_question(XENMEM_current_reservation);
}
static int64_t pages_most(void) {
  return memory_question(XENMEM_maximum_reservation);
}
static int64_t gpfn_most(void) {
  return memory_question(XENMEM_maximum_gpfn);
}
static int64_t bind_far(void) {
  return EVENT(bind_interdomain, .remote_dom = 1, .remote_port = waiting);
}
static int64_t bind_vcpu(void) {
  return EVENT(bind_vcpu, .port = 5, .vcpu = 1);
}
static int64_t unmask(void) {
  uint32_t port = 5;
  return event(EVTCHNOP_unmask, &port, sizeof(port));
}
static int64_t priority(void) {
  return EVENT(set_priority, .port = 5, .priority = 3);
}
static int64_t grant_swap(void) {
  return GRANT(swap_grant_ref, .ref_a = 9, .ref_b = 10);
}
static int64_t grant_version(void) {
  struct gnttab_get_version op = {.dom = DOMID_SELF};
  return call_with(__HYPERVISOR_grant_table_op, GNTTABOP_get_version, &op, sizeof(op));
}
static int64_t grant_version_set(void) {
  uint32_t one = 1;
  return CALL(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, one);
}
static int64_t initialise(void) {
  struct vcpu_hvm_context op = {.mode = VCPU_HVM_MODE_64B, .cpu_regs.x86_64.cr0 = 1};
  return vcpu_call(VCPUOP_initialise, 1, &op, sizeof(op));
}
static int64_t up(void) {
  return call(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0);
}
static int64_t down(void) {
  return call(__HYPERVISOR_vcpu_op, VCPUOP_down, 0, 0);
}
static int64_t is_up(void) {
  return number(call(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0));
}
static int64_t nmi(void) {
  return call(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 1, 0);
}
static int64_t singleshot(void) {
  struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = fake_time + 5000};
  return vcpu_call(VCPUOP_set_singleshot_timer, 0, &op, sizeof(op));
}
static int64_t singleshot_stop(void) {
  return call(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0);
}
static int64_t periodic_stop(void) {
  return call(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
}
static int64_t timer_old(void) {
  return call(__HYPERVISOR_set_timer_op, fake_time + 5000, 0, 0);
}
static int64_t assist(void) {
  return call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0);
}
static int64_t assist_not(void) {
  return call(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag, 0);
}
static int64_t yield(void) {
  return call(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
}
static void mail_timer(void) {
  vcpu_mail(vcpu_current()->stub, MAIL_TIMER);
}
static int64_t block(void) {
  while_blocked = mail_timer;
  return call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0);
}
static int64_t poll(void) {
  static const uint32_t port = 5;
  struct sched_poll op = {.ports = LIST, .nr_ports = 1, .timeout = fake_time};
  guest_put(LIST, &port, sizeof(port));
  return CALL(__HYPERVISOR_sched_op, SCHEDOP_poll, op);
}
static int64_t sched_number(unsigned op, uint32_t value) {
  return CALL(__HYPERVISOR_sched_op, op, value);
}
static int64_t shutdown(void) {
  return sched_number(SCHEDOP_shutdown, SHUTDOWN_poweroff);
}
static int64_t shutdown_code(void) {
  return sched_number(SCHEDOP_shutdown_code, SHUTDOWN_crash);
}
static int64_t watchdog(void) {
  struct sched_watchdog op = {.timeout = 10};
  return number(CALL(__HYPERVISOR_sched_op, SCHEDOP_watchdog, op));
}
static int64_t param_get(void) {
  struct xen_hvm_param op = {.domid = DOMID_SELF, .index = HVM_PARAM_CONSOLE_PFN};
  return CALL(__HYPERVISOR_hvm_op, HVMOP_get_param, op);
}
static int64_t tlbs(void) {
  return call(__HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 0, 0);
}
static int64_t get_time(void) {
  return call(__HYPERVISOR_hvm_op, HVMOP_get_time, ARGUMENT, 0);
}
static int64_t mem_type(void) {
  struct xen_hvm_get_mem_type op = {.domid = DOMID_SELF, .pfn = ELSE};
  return CALL(__HYPERVISOR_hvm_op, HVMOP_get_mem_type, op);
}
static int64_t upcall_vector(void) {
  struct xen_hvm_evtchn_upcall_vector op = {.vcpu = 1, .vector = 0x31};
  return CALL(__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, op);
}
static int64_t vm_event(void) {
  return call(__HYPERVISOR_hvm_op, HVMOP_guest_request_vm_event, 0, 0);
}
#define VERSION(name, op)                                                                          \
  static int64_t name(void) {                                                                      \
    return number(call(__HYPERVISOR_xen_version, op, ARGUMENT, 0));                                \
  }
VERSION(version, XENVER_version)
VERSION(version_extra, XENVER_extraversion)
VERSION(version_compile, XENVER_compile_info)
VERSION(version_capabilities, XENVER_capabilities)
VERSION(version_changeset, XENVER_changeset)
VERSION(version_platform, XENVER_platform_parameters)
VERSION(version_page, XENVER_pagesize)
VERSION(version_handle, XENVER_guest_handle)
VERSION(version_line, XENVER_commandline)
static int64_t version_features(void) {
  struct xen_feature_info op = {.submap_idx = 0};
  return CALL(__HYPERVISOR_xen_version, XENVER_get_features, op);
}
static int64_t version_build(void) {
  uint32_t room = 64;
  return number(CALL(__HYPERVISOR_xen_version, XENVER_build_id, room));
}
static int64_t console_write(void) {
  return number(call(__HYPERVISOR_console_io, CONSOLEIO_write, 5, ARGUMENT));
}
static int64_t console_read(void) {
  console_input = "abc";
  return number(call(__HYPERVISOR_console_io, CONSOLEIO_read, 5, ARGUMENT));
}
static int64_t multicall(void) {
  struct multicall_entry e = {.op = __HYPERVISOR_xen_version, .args = {XENVER_pagesize}};
  guest_put(LIST, &e, sizeof(e));
  return call(__HYPERVISOR_multicall, LIST, 1, 0);
}
static int64_t domain_state(void) {
  struct xen_domctl op = {.cmd = XEN_DOMCTL_get_domain_state, .domain = 1};
  guest_put(ARGUMENT, &op, sizeof(op));
  return call(__HYPERVISOR_domctl, ARGUMENT, 0, 0);
}

/* --- what stands before ----------------------------------------------------------------------- */

static void plain(void) {
  guest_grant_frames = 4;
  guest_maptrack = 600;
  guests_setup(2, channels, ARRAY_SIZE(channels));
  guest_in(0, 0);
  assert_int_equal(physmap(XENMAPSPACE_grant_table, 0, TABLE), 0);
  guest_enter(); /* takes what was sent to it while it started */
  *((struct grant_entry_v1 *)guest_page(TABLE) + 9) =
      (struct grant_entry_v1){GTF_permit_access, 2, 0x11};
}
static void with_port(void) {
  plain();
  struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
  assert_int_equal(event(EVTCHNOP_alloc_unbound, &op, sizeof(op)), 0);
  waiting = op.port;
}
static void with_fifo(void) {
  plain();
  assert_int_equal(fifo(), 0);
}
/* The test is the back end, which has mapped before: its page of handles is there. */
static void back(void) {
  plain();
  guest_in(1, 0);
  guest_enter();
  assert_int_equal(grant_map(), 0);
  assert_int_equal(grant_unmap(), 0);
}
static void mapped(void) {
  back();
  assert_int_equal(grant_map(), 0);
}

/* The front end waits at a port for the test, its disk's back end. */
static void offered(void) {
  plain();
  struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = 2};
  assert_int_equal(event(EVTCHNOP_alloc_unbound, &op, sizeof(op)), 0);
  waiting = op.port;
  guest_in(1, 0);
  guest_enter();
}
static void watcher(void) {
  plain();
  world_config[0].flags |= MANIFEST_DOMAIN_WATCHES;
  domains[0].state = DOMAIN_RUNNING;
}
static void initialised(void) {
  plain();
  assert_int_equal(initialise(), 0);
}

static const struct {
  const char *name;
  void (*before)(void);
  int64_t (*run)(void);
  bool keeps; /* pages that were made before it failed stay, for the next call that needs them */
} calls[] = {
#define ROW(before, run)                                                                           \
  { #run, before, run, false }
#define KEEPS(before, run)                                                                         \
  { #run, before, run, true }
    ROW(plain, shared_info_place),
    ROW(plain, shared_info_replaces),
    KEEPS(plain, grant_page_place),
    ROW(plain, page_moves),
    ROW(plain, populate),
    ROW(plain, populate_large),
    ROW(plain, give_back),
    ROW(plain, leave),
    ROW(plain, memory_map),
    ROW(plain, alloc_unbound),
    ROW(with_port, loopback),
    ROW(plain, virq),
    ROW(plain, ipi),
    ROW(plain, event_send),
    ROW(plain, event_status),
    ROW(plain, event_close),
    ROW(plain, events_reset),
    KEEPS(plain, fifo),
    KEEPS(with_fifo, fifo_grows),
    KEEPS(plain, table_grows),
    ROW(plain, table_size),
    ROW(back, grant_map),
    ROW(mapped, grant_unmap),
    ROW(back, grant_copy),
    ROW(plain, vcpu_info_area),
    ROW(plain, runstate_area),
    ROW(plain, time_area),
    ROW(plain, runstate),
    ROW(plain, periodic),
    ROW(plain, param_set),
    ROW(plain, physmap_batch),
    KEEPS(plain, acquire),
    ROW(plain, max_ram),
    ROW(plain, pages_now),
    ROW(plain, pages_most),
    ROW(plain, gpfn_most),
    ROW(offered, bind_far),
    ROW(plain, bind_vcpu),
    ROW(plain, unmask),
    ROW(with_fifo, priority),
    ROW(plain, grant_swap),
    ROW(plain, grant_version),
    ROW(plain, grant_version_set),
    ROW(plain, initialise),
    ROW(initialised, up),
    ROW(plain, down),
    ROW(plain, is_up),
    ROW(plain, nmi),
    ROW(plain, singleshot),
    ROW(plain, singleshot_stop),
    ROW(plain, periodic_stop),
    ROW(plain, timer_old),
    ROW(plain, assist),
    ROW(plain, assist_not),
    ROW(plain, yield),
    ROW(plain, block),
    ROW(plain, poll),
    ROW(plain, shutdown),
    ROW(plain, shutdown_code),
    ROW(plain, watchdog),
    ROW(plain, param_get),
    ROW(plain, tlbs),
    ROW(plain, get_time),
    ROW(plain, mem_type),
    ROW(plain, upcall_vector),
    ROW(plain, vm_event),
    ROW(plain, version),
    ROW(plain, version_extra),
    ROW(plain, version_compile),
    ROW(plain, version_capabilities),
    ROW(plain, version_changeset),
    ROW(plain, version_platform),
    ROW(plain, version_features),
    ROW(plain, version_page),
    ROW(plain, version_handle),
    ROW(plain, version_line),
    ROW(plain, version_build),
    ROW(plain, console_write),
    ROW(plain, console_read),
    ROW(plain, multicall),
    ROW(watcher, domain_state),
};

/* What each row's call was, once it has run. */
static struct fault_call rows[ARRAY_SIZE(calls)];

/* --- all of them -------------------------------------------------------------------------------
 */

/* The state after the call, of which the nth call below fails (0: none): what it answers and what
 * has failed. */
static struct state *attempt(unsigned i, unsigned nth, struct state **before, int64_t *error,
                             const char **failed) {
  srand(1); /* the frames' order */
  calls[i].before();
  *before = state_take();
  fault_arm(nth);
  *error = calls[i].run();
  *failed = fault_disarm();
  return state_take();
}

/* Repeated, the call works and leads to where it would have without the failure. */
static bool again(unsigned i, const struct state *done) {
  int64_t error = calls[i].run();
  struct state *after = state_take();
  bool same = !error && state_equal_size(done, after);
  state_free(after);
  return same;
}

/* False: there is no nth. Results that could not be written may be of a call that was done. */
static bool fault(unsigned i, unsigned nth, const struct state *done, bool *good) {
  struct state *before;
  const char *failed;
  int64_t error;
  struct state *after = attempt(i, nth, &before, &error, &failed);
  bool same = !failed || state_same(error ? before : done, after, false);
  if (!same &&
      !strncmp(failed, "guest_write", 11)) /* or a registered area, where a miss is silent */
    same = !error || state_same(done, after, false);
  if (!same && calls[i].keeps) /* used, and not made a second time */
    same = again(i, done);
  if (!same) {
    (void)state_same(error ? before : done, after, true);
    fprintf(stderr, "%s with a failing %s (call %u) answers %ld\n\n", calls[i].name, failed, nth,
            error);
    *good = false;
  }
  state_free(before);
  state_free(after);
  return failed;
}

static unsigned faults_of(unsigned i, bool *good) {
  struct state *before;
  const char *failed;
  int64_t error;
  unsigned nth = 1;
  struct state *done = attempt(i, 0, &before, &error, &failed);
  rows[i] = fault_last_call();
  if (error) {
    fprintf(stderr, "%s answers %ld\n", calls[i].name, error);
    *good = false;
  }
  while (fault(i, nth, done, good))
    nth++;
  state_free(before);
  state_free(done);
  return nth - 1;
}

static void test_faults(void **unused) {
  unsigned faults = 0;
  bool good = true;
  for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
    faults += faults_of(i, &good);
  printf("faults.hypercalls\t%zu\tcalls\nfaults.in_hypercalls\t%u\tfaults\n", ARRAY_SIZE(calls),
         faults);
  assert_true(good);
  assert_true(faults > ARRAY_SIZE(calls));
}

/* --- that none is left out ---------------------------------------------------------------------
 */

#define OPERATIONS 64u /* more than any call has */
static const struct {
  uint8_t number;
  bool operations; /* its first argument says which */
} offered_calls[] = {
#define HYPERCALL(name, arguments, callers, length, tests)                                         \
  {__HYPERVISOR_##name, __HYPERVISOR_##name != __HYPERVISOR_multicall &&                           \
                            __HYPERVISOR_##name != __HYPERVISOR_set_timer_op &&                    \
                            __HYPERVISOR_##name != __HYPERVISOR_domctl},
#define REFUSED(name, error, why)
#include <xen/hypercalls.def>
#undef HYPERCALL
#undef REFUSED
};

/* Operations that are there, and answer no guest with success. */
static bool never_works(unsigned number, unsigned op) {
  static const uint8_t refused[][2] = {
      {__HYPERVISOR_memory_op, XENMEM_increase_reservation},
      {__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq}, /* there are no physical interrupts */
      {__HYPERVISOR_grant_table_op, GNTTABOP_transfer},
      {__HYPERVISOR_grant_table_op, GNTTABOP_unmap_and_replace},
      {__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames}, /* of version 2 */
      {__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush},
      {__HYPERVISOR_vcpu_op, VCPUOP_get_physid},
      {__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown},
      {__HYPERVISOR_sched_op, SCHEDOP_pin_override},
      {__HYPERVISOR_hvm_op, HVMOP_pagetable_dying},
  };
  for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
    if (refused[i][0] == number && refused[i][1] == op)
      return true;
  return false;
}

/* As the guest sees it: neither unknown nor refused to everybody. */
static bool is_there(unsigned number, unsigned op) {
  plain();
  while_blocked = mail_timer;
  bool second = number == __HYPERVISOR_vcpu_op || number == __HYPERVISOR_console_io;
  uint64_t first = number == __HYPERVISOR_vm_assist ? VMASST_TYPE_runstate_update_flag : UNMAPPED;
  int64_t error = second ? call(number, op, 0, UNMAPPED) : call(number, op, first, 0);
  return error != -XEN_ENOSYS && error != -XEN_EOPNOTSUPP && error != -XEN_EPERM;
}

static bool has_row(unsigned number, unsigned op) {
  for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
    if (rows[i].number == number && (rows[i].op == op || op == OPERATIONS))
      return true;
  return false;
}

static void test_every_operation_has_a_row(void **unused) {
  unsigned missing = 0;
  for (unsigned i = 0; i < ARRAY_SIZE(offered_calls); i++) {
    unsigned number = offered_calls[i].number;
    for (unsigned op = 0; offered_calls[i].operations && op < OPERATIONS; op++)
      if (!never_works(number, op) && is_there(number, op) && !has_row(number, op)) {
        fprintf(stderr, "hypercall %u, operation %u has no row\n", number, op);
        missing++;
      }
    assert_true(has_row(number, OPERATIONS));
  }
  assert_int_equal(missing, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults),
                                     cmocka_unit_test(test_every_operation_has_a_row)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
