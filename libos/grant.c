/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants (libos/grant.h). Free entries of our table are chained through their frame field, which
 * nobody looks at while the flags are 0.
 */
#include <abi/xen/errno.h>
#include <abi/xen/memory.h>
#include <libos/grant.h>
#include <libos/hypercall.h>
#include <libos/page.h>

#include "internal.h"

#define FIRST_REF       8u /* those below are the toolstack's (xen/grant_table.h) */
#define ENTRIES_A_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define BATCH           64u
#define HANDLES_A_PAGE  (PAGE_SIZE / sizeof(uint32_t))
#define NO_REF          0u

static struct grant_entry_v1 *table; /* in the window; NULL: not asked for yet */
static uint32_t frames, frames_max;
static uint32_t free_ref = NO_REF;
static uint32_t *handles[WINDOW_SIZE / PAGE_SIZE / HANDLES_A_PAGE]; /* of the window's pages */

static int64_t grant_op(unsigned op, void *arg, size_t count) {
  return hypercall3(__HYPERVISOR_grant_table_op, op, (uintptr_t)arg, count);
}

/* --- Ours to others ------------------------------------------------------------------------ */

static void ref_free(uint32_t ref) {
  table[ref].frame = free_ref;
  free_ref = ref;
}

/* One frame more: the hypervisor puts it into the window. */
static int frame_add(void) {
  if (frames == frames_max)
    return -XEN_ENOSPC;
  struct xen_add_to_physmap place = {.domid = DOMID_SELF,
                                     .space = XENMAPSPACE_grant_table,
                                     .idx = frames,
                                     .gpfn = page_gfn(table) + frames};
  int64_t error = hypercall3(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&place, 0);
  if (error)
    return (int)error;
  uint32_t first = MAX(frames * ENTRIES_A_FRAME, FIRST_REF);
  for (uint32_t ref = ++frames * ENTRIES_A_FRAME; ref-- > first;)
    ref_free(ref);
  return 0;
}

static int table_open(void) {
  struct gnttab_query_size size = {.dom = DOMID_SELF};
  if (table)
    return 0;
  if (grant_op(GNTTABOP_query_size, &size, 1) || size.status || !size.max_nr_frames)
    return -XEN_ENOSYS;
  table = page_window_alloc(size.max_nr_frames);
  if (!table)
    return -XEN_ENOMEM;
  frames_max = size.max_nr_frames;
  return 0;
}

int64_t grant_allow(uint16_t domid, const void *page, bool read_only) {
  int error = table_open();
  if (!error && free_ref == NO_REF)
    error = frame_add();
  if (error)
    return error;
  uint32_t ref = free_ref;
  free_ref = table[ref].frame;
  table[ref].domid = domid;
  table[ref].frame = (uint32_t)page_gfn(page);
  /* The other end may use the entry as soon as its flags stand. */
  __atomic_store_n(&table[ref].flags, GTF_permit_access | (read_only ? GTF_readonly : 0),
                   __ATOMIC_RELEASE);
  return ref;
}

int grant_end(uint32_t ref) {
  uint16_t flags = __atomic_load_n(&table[ref].flags, __ATOMIC_ACQUIRE);
  do {
    if (flags & (GTF_reading | GTF_writing))
      return -XEN_EBUSY;
  } while (!__atomic_compare_exchange_n(&table[ref].flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST));
  ref_free(ref);
  return 0;
}

/* --- Others' to us ------------------------------------------------------------------------- */

/* Where the handle of a page of the window is kept, plus one: 0 is not mapped. NULL: no memory. */
static uint32_t *handle_of(uint64_t address) {
  size_t index = (address - mmu_window()) / PAGE_SIZE;
  uint32_t **page = &handles[index / HANDLES_A_PAGE];
  if (!*page)
    *page = page_alloc(1);
  return *page ? &(*page)[index % HANDLES_A_PAGE] : NULL;
}

static bool handles_ready(uint64_t address, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!handle_of(address + i * PAGE_SIZE))
      return false;
  return true;
}

/* Up to a batch. GNTST_okay, or the first other status; what could be mapped is. */
static int16_t map_some(uint16_t domid, const uint32_t *refs, size_t count, uint64_t address,
                        bool read_only) {
  static struct gnttab_map_grant_ref op[BATCH];
  for (size_t i = 0; i < count; i++)
    op[i] = (struct gnttab_map_grant_ref){
        .host_addr = address + i * PAGE_SIZE,
        .flags = GNTMAP_host_map | (read_only ? GNTMAP_readonly : 0),
        .ref = __atomic_load_n(&refs[i], __ATOMIC_RELAXED),
        .dom = domid,
        .status = GNTST_general_error,
    };
  grant_op(GNTTABOP_map_grant_ref, op, count);
  int16_t status = GNTST_okay;
  for (size_t i = count; i-- > 0;)
    if (op[i].status == GNTST_okay)
      *handle_of(op[i].host_addr) = op[i].handle + 1;
    else
      status = op[i].status;
  return status;
}

/* Up to a batch, of which pages may not be mapped. GNTST_okay, or a status of those that are not.
 */
static int16_t unmap_some(uint64_t address, size_t count) {
  static struct gnttab_unmap_grant_ref op[BATCH];
  size_t n = 0;
  for (uint64_t at = address; at < address + count * PAGE_SIZE; at += PAGE_SIZE)
    if (*handle_of(at))
      op[n++] = (struct gnttab_unmap_grant_ref){
          .host_addr = at, .handle = *handle_of(at) - 1, .status = GNTST_general_error};
  if (n)
    grant_op(GNTTABOP_unmap_grant_ref, op, n);
  int16_t status = GNTST_okay;
  while (n-- > 0)
    if (op[n].status == GNTST_okay)
      *handle_of(op[n].host_addr) = 0;
    else
      status = op[n].status;
  return status;
}

int grant_unmap(void *address, size_t count) {
  int16_t status = GNTST_okay;
  for (size_t i = 0; i < count; i += BATCH) {
    int16_t one = unmap_some((uintptr_t)address + i * PAGE_SIZE, MIN(count - i, BATCH));
    status = status == GNTST_okay ? one : status;
  }
  if (status == GNTST_okay)
    page_window_free(address, count);
  return status; /* an address that is still mapped is used no more */
}

void *grant_map(uint16_t domid, const uint32_t *refs, size_t count, bool read_only,
                int16_t *status) {
  int16_t ignored, *result = status ? status : &ignored;
  uint64_t address = (uintptr_t)page_window_alloc(count);
  *result = GNTST_no_space;
  if (!address)
    return NULL;
  *result = handles_ready(address, count) ? GNTST_okay : GNTST_no_space;
  for (size_t i = 0; i < count && *result == GNTST_okay; i += BATCH)
    *result = map_some(domid, refs + i, MIN(count - i, BATCH), address + i * PAGE_SIZE, read_only);
  if (*result == GNTST_okay)
    return (void *)address;
  if (handles_ready(address, count))
    grant_unmap((void *)address, count);
  else
    page_window_free((void *)address, count);
  return NULL;
}

int grant_copy(struct gnttab_copy *ops, size_t count) {
  for (size_t i = 0; i < count; i++)
    ops[i].status = GNTST_general_error; /* where the call itself is refused */
  grant_op(GNTTABOP_copy, ops, count);
  for (size_t i = 0; i < count; i++)
    if (ops[i].status != GNTST_okay)
      return ops[i].status;
  return 0;
}
