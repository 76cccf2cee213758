/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a system image gives to whom, for people.
 */
#ifndef SKERRY_REPORT_H
#define SKERRY_REPORT_H

#include "image.h"

/* Figures of one build of the hypervisor, as `make figures` prints them; a
 * negative value: not known. In KiB. */
struct report_figures {
  double machine_kib, pcpu_kib, domain_kib, vcpu_kib;
};

#define REPORT_NO_FIGURES ((struct report_figures){-1, -1, -1, -1})

/* Reads `name<TAB>value<TAB>unit` lines; unknown names are skipped. */
struct report_figures report_read_figures(const char *text);

void report_text(const struct image_view *v, const struct report_figures *figures, struct buf *out);
void report_dot(const struct image_view *v, struct buf *out); /* a Graphviz file */

/* The part of each that is about channels. */
void report_channels_text(const struct image_view *v, struct buf *out);
void report_channels_dot(const struct image_view *v, struct buf *out);

/* The domain that has a UART, or NULL. */
const struct manifest_domain *report_uart_owner(const struct image_view *v);
/* Who serves a domain's console; NULL: the hypervisor, if it has one. */
const struct manifest_domain *report_console_server(const struct image_view *v,
                                                    const struct manifest_domain *d);

/* What the two share. */
void report_put_escaped(const char *text, struct buf *out); /* for HTML labels of Graphviz */
const char *report_action(uint8_t action);
int report_may_restart(const struct manifest_domain *d);
int report_uses(const struct image_view *v, const struct manifest_domain *d, uint32_t payload);
int report_is_kept(const struct image_view *v, uint32_t payload);
const char *report_region(const struct manifest_domain *d, const struct manifest_region *r);
uint64_t report_ram(const struct image_view *v, const struct manifest_domain *d); /* bytes */

/* The domain whose vCPU owns this CPU, and which; NULL: it is shared. */
const struct manifest_domain *report_owner(const struct image_view *v, uint32_t cpu,
                                           uint32_t *vcpu);
/* A domain's vCPUs run on any CPU that has no owner. */
int report_is_shared(const struct image_view *v, const struct manifest_domain *d);

#endif
