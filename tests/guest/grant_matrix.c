// SPDX-License-Identifier: Apache-2.0
// Three domains, every ordered pair, every operation on grants: each grants a page to each, and
// what then works is what the channels say. Rows: who asks; columns: whose grant.
/* guest: system=grant_matrix.yaml timeout=120 xen=no (it has one domain) */
#include "rt/rt.h"

#define DOMAINS  3
#define A_MINUTE (60000 * MS)

static const int expected[DOMAINS + 1][DOMAINS + 1] = {
    [1] = {0, GNTST_okay, GNTST_permission_denied, GNTST_permission_denied},
    [2] = {0, GNTST_okay, GNTST_okay, GNTST_permission_denied},
    [3] = {0, GNTST_permission_denied, GNTST_permission_denied, GNTST_okay},
};

static domid_t self;

static int map(domid_t other) {
  uint64_t gfn = hole_alloc();
  grant_handle_t handle;
  int status = grant_map(other, 8 + self, gfn, 0, &handle);
  if (status == GNTST_okay)
    check_eq("grant_matrix.unmap", grant_unmap(handle, gfn), GNTST_okay);
  return status;
}

// Eight bytes from the granted page (`in`), or to its second word.
static int copy(domid_t other, int in) {
  static uint64_t page[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));
  struct gnttab_copy op = {.len = 8};
  struct gnttab_copy_ptr grant = {.u.ref = 8 + self, .domid = other, .offset = in ? 0 : 8};
  struct gnttab_copy_ptr own = {.u.gmfn = (uintptr_t)page / PAGE_SIZE, .domid = DOMID_SELF};
  op.source = in ? grant : own;
  op.dest = in ? own : grant;
  op.flags = in ? GNTCOPY_source_gref : GNTCOPY_dest_gref;
  page[0] = 0x1000 + self;
  int64_t error = grant_op(GNTTABOP_copy, &op, 1);
  return error ? (int)error : op.status;
}

static int table_of(domid_t other) {
  struct gnttab_query_size op = {.dom = other};
  int64_t error = grant_op(GNTTABOP_query_size, &op, 1);
  return error ? (int)error : op.status;
}

static void cell(const char *what, domid_t other, int got, int want) {
  char name[64];
  snprintf(name, sizeof(name), "grant_matrix.%s.%u_of_%u", what, self, other);
  check_eq(name, got, want);
}

// The granter may not be there yet; nor need it be, where it is refused.
static int first_map(domid_t other) {
  uint64_t end = time_ns() + A_MINUTE;
  int status;
  do
    status = map(other);
  while ((status == GNTST_bad_domain || status == GNTST_general_error) && time_ns() < end);
  return status;
}

static void row(void) {
  for (domid_t other = 1; other <= DOMAINS; other++) {
    int want = expected[self][other];
    cell("map", other, first_map(other), want);
    cell("copy_from", other, copy(other, 1), want);
    cell("table", other, table_of(other), other == self ? GNTST_okay : GNTST_permission_denied);
  }
  cell("map", DOMAINS + 1, map(DOMAINS + 1), GNTST_bad_domain);
  for (domid_t other = 1; other <= DOMAINS; other++)
    cell("copy_to", other, copy(other, 0), expected[self][other]);
}

void test_main(void) {
  volatile uint64_t *page[DOMAINS + 1];
  self = own_domid();
  for (domid_t other = 1; other <= DOMAINS; other++) {
    page[other] = page_alloc();
    grant_allow(8 + other, other, (uintptr_t)page[other] / PAGE_SIZE, 0);
  }
  row();
  if (self == 1)
    CHECK("grant_matrix.served", WAIT(page[2][1] == 0x1002, A_MINUTE));
  CHECK("grant_matrix.untouched", self == 1 || !page[self == 2 ? 3 : 2][1]);
}
