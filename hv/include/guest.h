/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access to the memory of the linked domain's guest. The linear forms walk the
 * current vCPU's page tables with the rights of its current privilege level
 * (all paging modes, WP, SMEP, SMAP, NX, reserved bits); a transfer that faults
 * part of the way reports FAULT and may have copied what came before.
 */
#ifndef GUEST_H
#define GUEST_H

#include <lib/status.h>
#include <lib/types.h>

enum status guest_read(void *dst, gva_t src, size_t n) __must_check;
enum status guest_write(gva_t dst, const void *src, size_t n) __must_check;
/* The same as an implicit supervisor access, at whatever privilege the vCPU stands: for areas that
 * a guest's kernel has registered. */
enum status guest_write_implicit(gva_t dst, const void *src, size_t n) __must_check;
/* By guest-physical address; FAULT where no RAM is or, of a write, read-only RAM. */
enum status guest_read_phys(void *dst, gpa_t src, size_t n) __must_check;
enum status guest_write_phys(gpa_t dst, const void *src, size_t n) __must_check;

#endif
