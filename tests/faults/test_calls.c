/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of the hypercall paths that can fail, made to fail in turn, under hypercalls that
 * work without: a hypercall that then says it failed has changed nothing, one that says it
 * worked has done the same as ever.
 */
#include "fault.h"
#include <abi/xen/event_channel.h>
#include <abi/xen/grant_table.h>
#include <abi/xen/hvm.h>
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
static int64_t version(void) {
  return call(__HYPERVISOR_xen_version, XENVER_extraversion, ARGUMENT, 0);
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
    ROW(plain, version),
};

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
  printf("faults: %u in %zu hypercalls\n", faults, ARRAY_SIZE(calls));
  assert_true(good);
  assert_true(faults > ARRAY_SIZE(calls));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
