// SPDX-License-Identifier: Apache-2.0
// What is refused between two domains is refused at every moment: while both run, while the other
// one ends, is away, is built, and after it has come back; and what a channel allows is never
// refused for want of a right. Every ordered pair of four domains, every operation, many rounds in
// each of three lives. (event_matrix and grant_matrix have the exact answers of a quiet system.)
/* guest: system=silo.yaml done=12 timeout=180 expect="restart 2" xen=no (it has one domain) */
#include "rt/rt.h"

enum { A, B, C, D, DOMAINS };
static const char *const names[DOMAINS] = {"a", "b", "c", "d"};
#define ID(domain) ((domid_t)((domain) + 1))
#define ROUNDS     40
#define REF        8

// The table: docs/design/events.md and grants.md. Rows: who asks; columns: of whom.
static const int may_event[DOMAINS][DOMAINS] = {
    //    a  b  c  d
    [A] = {1, 1, 0, 0},
    [B] = {1, 1, 1, 0},
    [C] = {0, 1, 1, 0},
    [D] = {0, 0, 0, 1},
};
static const int may_grant[DOMAINS][DOMAINS] = {
    [A] = {1, 0, 0, 0},
    [B] = {1, 1, 0, 0},
    [C] = {0, 0, 1, 0},
    [D] = {0, 0, 0, 1},
};

static int me;
static uint64_t buffer[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));

// --- Operations: each gives 1 if it was refused for want of a right.

static int open_port(int other) {
  int64_t port = evtchn_alloc_unbound(ID(other));
  if (port > 0)
    evtchn_close(port);
  return port == -XEN_EPERM;
}

static int bind(int other) {
  int refused = 0, tries = 0;
  for (unsigned remote = 1; remote < 8; remote++, tries++) {
    int64_t port = evtchn_bind_interdomain(ID(other), remote);
    if (port > 0)
      evtchn_close(port);
    refused += port == -XEN_EPERM;
  }
  return refused == tries; // of one's own, a port that is no peer's is refused in another way
}

static int map(int other) {
  static uint64_t hole;
  grant_handle_t handle;
  if (!hole)
    hole = hole_alloc();
  int status = grant_map(ID(other), REF + me, hole, 0, &handle);
  if (status == GNTST_okay)
    grant_unmap(handle, hole);
  return status == GNTST_permission_denied;
}

static int copy(int other) {
  struct gnttab_copy op = {.len = 8,
                           .source = {.u.ref = REF + me, .domid = ID(other)},
                           .dest = {.u.gmfn = (uintptr_t)buffer / PAGE_SIZE, .domid = DOMID_SELF},
                           .flags = GNTCOPY_source_gref};
  return grant_op(GNTTABOP_copy, &op, 1) == 0 && op.status == GNTST_permission_denied;
}

// --- In the other one's name: nobody has authority over another.

static int event_for(int other) {
  struct evtchn_alloc_unbound op = {.dom = ID(other), .remote_dom = ID(me)};
  int64_t error = event_op(EVTCHNOP_alloc_unbound, &op);
  if (!error)
    evtchn_close(op.port);
  return error == -XEN_EPERM;
}

static int status_of(int other) {
  struct evtchn_status op = {.dom = ID(other), .port = 1};
  return event_op(EVTCHNOP_status, &op) == -XEN_EPERM;
}

static int param_of(int other) {
  struct xen_hvm_param op = {.domid = ID(other), .index = HVM_PARAM_STORE_PFN};
  return hvm_op(HVMOP_get_param, &op) == -XEN_EPERM;
}

static int memory_of(int other) {
  domid_t domid = ID(other);
  return memory_op(XENMEM_current_reservation, &domid) == -XEN_EPERM &&
         memory_op(XENMEM_maximum_gpfn, &domid) == -XEN_EPERM;
}

static int give_up_for(int other) {
  xen_pfn_t gfn = 0x900, *list = &gfn; // memory that nobody uses
  struct xen_memory_reservation op = {.nr_extents = 1, .domid = ID(other)};
  set_xen_guest_handle(op.extent_start, list);
  int64_t answer = memory_op(XENMEM_decrease_reservation, &op);
  if (answer == 1)
    memory_op(XENMEM_populate_physmap, &op);
  return answer != 1;
}

static int place_for(int other) {
  struct xen_add_to_physmap op = {
      .domid = ID(other), .space = XENMAPSPACE_shared_info, .gpfn = 0xffffffffff};
  return memory_op(XENMEM_add_to_physmap, &op) == -XEN_EPERM;
}

static int table_of(int other) {
  struct gnttab_query_size op = {.dom = ID(other)};
  return grant_op(GNTTABOP_query_size, &op, 1) == 0 && op.status == GNTST_permission_denied;
}

static int setup_of(int other) {
  struct gnttab_setup_table op = {.dom = ID(other)};
  return grant_op(GNTTABOP_setup_table, &op, 1) == 0 && op.status == GNTST_permission_denied;
}

static int status_frames_of(int other) {
  struct gnttab_get_status_frames op = {.dom = ID(other)};
  return grant_op(GNTTABOP_get_status_frames, &op, 1) == 0 && op.status == GNTST_permission_denied;
}

static int version_of(int other) {
  struct gnttab_get_version op = {.dom = ID(other)};
  return grant_op(GNTTABOP_get_version, &op, 1) == -XEN_EPERM;
}

static int resource_of(int other) {
  struct xen_mem_acquire_resource op = {.domid = ID(other), .type = XENMEM_resource_grant_table};
  return memory_op(XENMEM_acquire_resource, &op) == -XEN_EPERM;
}

static int foreign_of(int other) {
  struct xen_add_to_physmap_batch op = {.domid = DOMID_SELF,
                                        .space = XENMAPSPACE_gmfn_foreign,
                                        .size = 1,
                                        .u.foreign_domid = ID(other)};
  return memory_op(XENMEM_add_to_physmap_batch, &op) == -XEN_EPERM;
}

static int batch_for(int other) {
  struct xen_add_to_physmap_batch op = {.domid = ID(other), .space = XENMAPSPACE_shared_info};
  return memory_op(XENMEM_add_to_physmap_batch, &op) == -XEN_EPERM;
}

static int remove_for(int other) {
  struct xen_remove_from_physmap op = {.domid = ID(other), .gpfn = 0xffffffffff};
  return memory_op(XENMEM_remove_from_physmap, &op) == -XEN_EPERM;
}

static int set_param_of(int other) {
  struct xen_hvm_param op = {.domid = ID(other), .index = HVM_PARAM_CALLBACK_IRQ};
  return hvm_op(HVMOP_set_param, &op) == -XEN_EPERM;
}

// One's own reset is allowed, and would close what the other operations use.
static int reset_of(int other) {
  struct evtchn_reset op = {.dom = ID(other)};
  return other != me && event_op(EVTCHNOP_reset, &op) == -XEN_EPERM;
}

static int transfer_to(int other) {
  struct gnttab_transfer op = {.mfn = 0x900, .domid = ID(other), .ref = REF + me};
  return grant_op(GNTTABOP_transfer, &op, 1) == 0 && op.status != GNTST_okay;
}

static int end(int other) {
  struct sched_remote_shutdown op = {.domain_id = ID(other), .reason = SHUTDOWN_crash};
  return sched_op(SCHEDOP_remote_shutdown, &op) == -XEN_EPERM;
}

enum right { EVENT, GRANT, AUTHORITY, NEVER };
static const struct operation {
  const char *name;
  int (*run)(int other);
  enum right right;
} operations[] = {
    {"open_port", open_port, EVENT},
    {"bind", bind, EVENT},
    {"map", map, GRANT},
    {"copy", copy, GRANT},
    {"event_for", event_for, AUTHORITY},
    {"status_of", status_of, AUTHORITY},
    {"param_of", param_of, AUTHORITY},
    {"memory_of", memory_of, AUTHORITY},
    {"give_up_for", give_up_for, AUTHORITY},
    {"place_for", place_for, AUTHORITY},
    {"table_of", table_of, AUTHORITY},
    {"setup_of", setup_of, AUTHORITY},
    {"status_frames_of", status_frames_of, AUTHORITY},
    {"version_of", version_of, AUTHORITY},
    {"resource_of", resource_of, AUTHORITY},
    {"foreign_of", foreign_of, AUTHORITY},
    {"batch_for", batch_for, AUTHORITY},
    {"remove_for", remove_for, AUTHORITY},
    {"set_param_of", set_param_of, AUTHORITY},
    {"reset_of", reset_of, AUTHORITY},
    {"transfer_to", transfer_to, NEVER},
    {"end", end, NEVER},
};

static int allowed(enum right right, int other) {
  switch (right) {
  case EVENT:
    return may_event[me][other];
  case GRANT:
    return may_grant[me][other];
  case AUTHORITY:
    return me == other;
  default:
    return 0;
  }
}

static unsigned wrong[ARRAY_LEN(operations)][DOMAINS];

static void round(void) {
  for (unsigned i = 0; i < ARRAY_LEN(operations); i++)
    for (int other = 0; other < DOMAINS; other++)
      wrong[i][other] += operations[i].run(other) == allowed(operations[i].right, other);
}

void test_main(void) {
  char name[64];
  while (!role(names[me]))
    me++;
  for (int other = 0; other < DOMAINS; other++)
    grant_allow(REF + other, ID(other), (uintptr_t)buffer / PAGE_SIZE, 0);
  for (unsigned i = 0; i < ROUNDS; i++) {
    round();
    delay_ns((2 + me) * MS); // so that they are out of step
  }
  for (unsigned i = 0; i < ARRAY_LEN(operations); i++)
    for (int other = 0; other < DOMAINS; other++) {
      snprintf(name, sizeof(name), "silo.%s.%s.%s", operations[i].name, names[me], names[other]);
      check_eq(name, wrong[i][other], 0);
    }
  printf("DONE 1 0\n");
  shutdown(SHUTDOWN_reboot);
}
