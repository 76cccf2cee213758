/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants (xen/grant_table.h, version 1): letting another domain map or copy pages of ours, and
 * using what another domain lets us. The table is set up by the first call.
 */
#ifndef LIBOS_GRANT_H
#define LIBOS_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/xen/grant_table.h>

/* --- Ours to others ------------------------------------------------------------------------ */

/* Lets domain `domid` map and copy the page that `page` (page-aligned, from page_alloc) starts.
 * Returns the grant reference (8 or more), or -XEN_ENOSPC when the table is full, -XEN_ENOSYS where
 * there is none. */
int64_t grant_allow(uint16_t domid, const void *page, bool read_only);

/* Takes it back. -XEN_EBUSY while the other domain has it mapped: then the grant stands, and the
 * page must not be freed. */
int grant_end(uint32_t ref);

/* --- Others' to us ------------------------------------------------------------------------- */

/* Maps `count` grants of domain `domid` side by side. All or none: on an error nothing stays
 * mapped. `refs` may lie in memory that others write: each is read once. Returns the address, or
 * NULL with the first GNTST_* in `status` (which may be NULL). */
void *grant_map(uint16_t domid, const uint32_t *refs, size_t count, bool read_only,
                int16_t *status);

/* Unmaps what grant_map returned, in one call. 0, or the first GNTST_*. */
int grant_unmap(void *address, size_t count);

/* Copies between granted pages (or our own) in one hypercall; each op's `status` is set. 0 if all
 * are GNTST_okay, else the first that is not. */
int grant_copy(struct gnttab_copy *ops, size_t count);

#endif
