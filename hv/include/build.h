/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain builder's contract: what the life of a domain (core/domain.c)
 * asks of hv/builder/domain.c.
 */
#ifndef BUILD_H
#define BUILD_H

#include <domain.h>

/* Boot CPU, all CPUs known, boot_phys still there: check the image, make all domains, let them
 * go. INVALID after a line `refused: reason=WORD ...`; then nothing was started. */
enum status builder_boot(uint64_t maddr, uint64_t size);

/* On vCPU 0's thread, in the domain's arena, with an empty guest memory map: give it memory, copy
 * its payloads, set vCPU 0 to its start state. NO_MEMORY. May be switched out between pages. */
enum status build_domain(struct domain *d);
/* Take all guest memory out of the map and free it. May be switched out. */
void build_release(struct domain *d);
/* This domain will not be built again: its claim on the payloads ends. */
void build_forget(struct domain *d);

/* The domain is about to run. */
void figures_domain_started(struct domain_stub *d);

#endif
