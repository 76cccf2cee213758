// SPDX-License-Identifier: Apache-2.0
// Grants under fire: two vCPUs map, unmap, copy, give back, swap and rewrite entries with arguments
// that are mostly wrong. The hypervisor stands, and afterwards everything works as before.
/* guest: vcpus=2 grant_frames=2 maptrack=40 timeout=120 xen=no (as grant_table) */
#include "rt/rt.h"

#define ROUNDS 6000
#define HOLES  8
#define REFS   16

static domid_t self;
static uint64_t hole[HOLES], page[HOLES];
static volatile unsigned finished, mapped[2];

// A frame number: a page, a hole, the table, or nonsense.
static uint64_t any_gfn(uint64_t *r) {
  switch (random_next(r) % 8) {
  case 0:
    return random_next(r);
  case 1:
    return (uintptr_t)grant_table() / PAGE_SIZE;
  case 2:
  case 3:
    return page[random_next(r) % HOLES];
  default:
    return hole[random_next(r) % HOLES];
  }
}

// Where to map: mostly a hole, which may be filled; never where we would not find it again.
static uint64_t any_place(uint64_t *r) {
  uint64_t gfn = any_gfn(r);
  return gfn < 64 << 8 /* pages of this domain */ ? gfn : 1ul << 45;
}

static domid_t any_domid(uint64_t *r) {
  static const domid_t odd[] = {DOMID_SELF, DOMID_XEN, DOMID_INVALID, 7};
  return random_next(r) % 8 ? self : odd[random_next(r) % 4];
}

static void any_copy(uint64_t *r) {
  struct gnttab_copy op = {.len = random_next(r) % 5000, .flags = random_next(r) % 4};
  struct gnttab_copy_ptr *end[] = {&op.source, &op.dest};
  for (unsigned i = 0; i < 2; i++) {
    end[i]->domid = any_domid(r);
    end[i]->offset = random_next(r) % 4500;
    end[i]->u.gmfn =
        op.flags & (1 << i) ? random_next(r) % (REFS + 4) : page[random_next(r) % HOLES];
  }
  grant_op(GNTTABOP_copy, &op, 1);
}

static void any_balloon(uint64_t *r) {
  xen_pfn_t gfn = hole[random_next(r) % HOLES];
  struct xen_memory_reservation arg = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(arg.extent_start, &gfn);
  memory_op(random_next(r) % 2 ? XENMEM_decrease_reservation : XENMEM_populate_physmap, &arg);
}

static void any_entry(uint64_t *r) {
  volatile grant_entry_v1_t *entry = &grant_table()[random_next(r) % REFS];
  entry->frame = any_gfn(r);
  entry->domid = any_domid(r);
  entry->flags = random_next(r) % 4 ? GTF_permit_access : random_next(r);
}

// What was mapped last, by anybody; both vCPUs unmap it, often at the same time.
static volatile struct {
  grant_handle_t handle;
  uint64_t gfn;
} last[HOLES];

static void any_map(unsigned vcpu, uint64_t *r) {
  grant_handle_t handle;
  unsigned slot = random_next(r) % HOLES;
  uint64_t gfn = any_place(r);
  if (grant_map(any_domid(r), random_next(r) % REFS, gfn, random_next(r) % 3 ? 0 : GNTMAP_readonly,
                &handle))
    return;
  mapped[vcpu]++;
  last[slot].handle = handle;
  last[slot].gfn = gfn;
}

static void any_unmap(uint64_t *r) {
  unsigned slot = random_next(r) % HOLES;
  if (random_next(r) % 2)
    grant_unmap(last[slot].handle, last[slot].gfn);
  else
    grant_unmap(random_next(r) % 44, hole[random_next(r) % HOLES]);
}

// The operations that change nothing for anybody, whatever they are asked.
static void any_question(uint64_t *r) {
  static uint64_t frames[8];
  struct gnttab_setup_table setup = {.dom = any_domid(r), .nr_frames = random_next(r) % 8};
  struct gnttab_get_status_frames status = {.dom = any_domid(r), .nr_frames = random_next(r) % 3};
  struct gnttab_query_size size = {.dom = any_domid(r)};
  struct gnttab_get_version version = {.dom = any_domid(r)};
  struct gnttab_set_version set = {.version = random_next(r) % 4};
  struct gnttab_transfer transfer = {
      .mfn = any_gfn(r), .domid = any_domid(r), .ref = random_next(r) % 20};
  struct gnttab_unmap_and_replace replace = {.host_addr = any_gfn(r) * PAGE_SIZE,
                                             .new_addr = any_gfn(r) * PAGE_SIZE,
                                             .handle = random_next(r) % 44};
  struct gnttab_cache_flush flush = {
      .a.ref = random_next(r) % 20, .length = random_next(r), .op = random_next(r)};
  set_xen_guest_handle(setup.frame_list, frames);
  static const unsigned lists_ops[] = {GNTTABOP_setup_table,       GNTTABOP_get_status_frames,
                                       GNTTABOP_query_size,        GNTTABOP_get_version,
                                       GNTTABOP_set_version,       GNTTABOP_transfer,
                                       GNTTABOP_unmap_and_replace, GNTTABOP_cache_flush};
  void *args[] = {&setup, &status, &size, &version, &set, &transfer, &replace, &flush};
  unsigned which = random_next(r) % ARRAY_LEN(lists_ops);
  grant_op(lists_ops[which], random_next(r) % 16 ? args[which] : (void *)(1ul << 46),
           random_next(r) % 3);
}

static void step(unsigned vcpu, uint64_t *r) {
  struct gnttab_swap_grant_ref swap = {.ref_a = random_next(r) % REFS,
                                       .ref_b = random_next(r) % (REFS + 2)};
  switch (random_next(r) % 9) {
  case 8:
    any_question(r);
    break;
  case 0:
    any_entry(r);
    break;
  case 1:
    any_balloon(r);
    break;
  case 2:
    any_copy(r);
    break;
  case 3:
    grant_op(GNTTABOP_swap_grant_ref, &swap, 1);
    break;
  case 4:
  case 5:
    any_unmap(r);
    break;
  default:
    any_map(vcpu, r);
  }
}

static void run(unsigned vcpu) {
  uint64_t r = 12345 + vcpu;
  for (unsigned i = 0; i < ROUNDS; i++)
    step(vcpu, &r);
  __sync_fetch_and_add(&finished, 1);
}

static void second(void) {
  run(1);
  for (;;)
    irq_wait();
}

// Everything that may still be mapped anywhere.
static void clear(void) {
  for (unsigned handle = 0; handle < 44; handle++)
    for (unsigned i = 0; i < HOLES; i++)
      grant_unmap(handle, hole[i]);
}

void test_main(void) {
  grant_handle_t handle;
  unsigned left = 0;
  self = own_domid();
  for (unsigned i = 0; i < HOLES; i++) {
    hole[i] = hole_alloc();
    page[i] = (uintptr_t)page_alloc() / PAGE_SIZE;
  }
  grant_table();
  check_eq("grant_race.start", cpu_start(1, second), 0);
  run(0);
  CHECK("grant_race.finished", WAIT(finished == 2, 60000 * MS));
  printf("mapped %u and %u times\n", mapped[0], mapped[1]);
  CHECK("grant_race.some_worked", mapped[0] > 20 && mapped[1] > 20);
  clear();
  for (unsigned i = 0; i < REFS; i++) {
    grant_allow(i, self, page[0], 0);
    uint64_t gfn = (1ull << 23) + i;
    left += grant_map(self, i, gfn, 0, &handle) || grant_unmap(handle, gfn);
    left += (grant_table()[i].flags & (GTF_reading | GTF_writing)) != 0;
  }
  check_eq("grant_race.works_after", left, 0);
}
