/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in pages. malloc() of the C library stands on this; a service asks here itself for what it
 * shares by grants, which are whole pages.
 *
 *            0 +----------------------+
 *              | never mapped         |  so that a NULL pointer is a page fault
 *      0x10000 +----------------------+
 *              | text                 |  read and execute
 *              | constants            |  read
 *              | data, bss            |  read and write
 *              +----------------------+
 *              | a page not mapped    |  the stack's guard
 *              | stack                |  read and write
 *              +----------------------+
 *              | pages                |  read and write
 *   end of RAM +----------------------+
 *              ...
 *   page_window+----------------------+
 *              | shared_info, grants  |  read and write; above 4 GiB, no RAM of ours
 *              +----------------------+
 *
 * Virtual addresses are guest-physical ones throughout. Nothing is ever writable and executable.
 */
#ifndef LIBOS_PAGE_H
#define LIBOS_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u

/* `count` pages side by side, zeroed; NULL if there is no such room. The caller owns them. */
void *page_alloc(size_t count);

/* Takes back `count` pages at `pages`, which came from page_alloc; a part of what was allocated
 * together may be given back. They must not be granted to anybody any more. Panics on pages that
 * are not allocated. */
void page_free(void *pages, size_t count);

/* Pages that are free now. */
size_t page_free_count(void);

/* Makes `count` pages that are no RAM accessible, at their own address: a shared range of a
 * `memory` channel, for example. The address must be below page_window's; nothing checks what is
 * there. */
void page_map(uint64_t address, size_t count);

/* The guest frame number of an address: what rings, grants and parameters are told. */
static inline uint64_t page_gfn(const void *address) {
  return (uintptr_t)address / PAGE_SIZE;
}

/* `count` page addresses side by side that hold no RAM, for pages of others that the hypervisor
 * puts there (grants, the shared info page). NULL when the window (256 MiB) is used up. They are
 * mapped, so touching one before something is there is a fault. */
void *page_window_alloc(size_t count);
void page_window_free(void *pages, size_t count);

#endif
