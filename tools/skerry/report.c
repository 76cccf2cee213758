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
