/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about an image that both forms of the report ask.
 */
#include "report.h"

const char *report_action(uint8_t action) {
  static const char *const names[] = {"stop", "restart", "power the machine off"};
  return action < 3 ? names[action] : "?";
}

int report_may_restart(const struct manifest_domain *d) {
  return d->on_shutdown == MANIFEST_ACTION_RESTART || d->on_reboot == MANIFEST_ACTION_RESTART ||
         d->on_crash == MANIFEST_ACTION_RESTART;
}

int report_uses(const struct image_view *v, const struct manifest_domain *d, uint32_t payload) {
  for (uint32_t i = 0; i < d->loads; i++)
    if (v->loads[d->first_load + i].payload == payload)
      return 1;
  return 0;
}

int report_is_kept(const struct image_view *v, uint32_t payload) {
  for (uint32_t i = 0; i < v->header->domains.count; i++)
    if (report_may_restart(&v->domains[i]) && report_uses(v, &v->domains[i], payload))
      return 1;
  return 0;
}

uint64_t report_ram(const struct image_view *v, const struct manifest_domain *d) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < d->regions; i++)
    if (v->regions[d->first_region + i].type == MANIFEST_REGION_RAM)
      bytes += v->regions[d->first_region + i].size;
  return bytes;
}

const struct manifest_domain *report_owner(const struct image_view *v, uint32_t cpu,
                                           uint32_t *vcpu) {
  for (uint32_t i = 0; i < v->header->domains.count; i++) {
    const struct manifest_domain *d = &v->domains[i];
    for (*vcpu = 0; *vcpu < d->vcpus; ++*vcpu)
      if (v->vcpus[d->first_vcpu + *vcpu].cpu == cpu)
        return d;
  }
  return NULL;
}

int report_is_shared(const struct image_view *v, const struct manifest_domain *d) {
  return d->vcpus && v->vcpus[d->first_vcpu].cpu == MANIFEST_CPU_ANY;
}

/* Names in an image are checked for their end alone: escape them for HTML labels. */
void report_put_escaped(const char *text, struct buf *out) {
  for (; *text; text++) {
    if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
      buf_printf(out, "&#%d;", *text);
    else
      buf_u8(out, (uint8_t)*text < 0x20 ? '?' : (uint8_t)*text);
  }
}

const char *report_region(const struct manifest_domain *d, const struct manifest_region *r) {
  switch (r->type) {
  case MANIFEST_REGION_RAM:
    return "RAM";
  case MANIFEST_REGION_ACPI:
    return "ACPI tables";
  case MANIFEST_REGION_RESERVED:
    if (r->gpa == d->special_gfn * MANIFEST_PAGE)
      return "rings";
    return r->backed ? "shared, owned" : "shared, borrowed";
  }
  return "?";
}
