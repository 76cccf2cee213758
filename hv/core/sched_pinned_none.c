/* SPDX-License-Identifier: Apache-2.0 */
/* A build without pinned vCPUs: a system that pins one is refused. */
#include "sched_policy.h"
#include <lib/lib.h>

enum status sched_pinned_init(void) {
  for (unsigned i = 0; i < domain_count; i++)
    for (uint32_t n = 0; n < domains[i].vcpu_count; n++)
      if (domains[i].vcpus[n].pin) {
        log_printf("refused: reason=cpus domain=%s vcpu=%u detail=no-pinned-scheduler\n",
                   domains[i].config->name, n);
        return STATUS_UNSUPPORTED;
      }
  return STATUS_OK;
}

struct vcpu_stub *sched_pinned_pick(struct cpu *c __unused_param) {
  return NULL;
}

void sched_pinned_enqueue(struct vcpu_stub *s __unused_param) {
}
