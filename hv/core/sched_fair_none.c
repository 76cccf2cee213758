/* SPDX-License-Identifier: Apache-2.0 */
/* A build without shared CPUs: a system with a vCPU that is not pinned is refused. */
#include "sched_policy.h"
#include <lib/lib.h>

struct spinlock sched_fair_lock;

enum status sched_fair_init(void) {
  for (unsigned i = 0; i < domain_count; i++)
    for (uint32_t n = 0; n < domains[i].vcpu_count; n++)
      if (!domains[i].vcpus[n].pin) {
        log_printf("refused: reason=cpus domain=%s vcpu=%u detail=no-fair-scheduler\n",
                   domains[i].config->name, n);
        return STATUS_UNSUPPORTED;
      }
  return STATUS_OK;
}

bool sched_fair_waiting(void) {
  return false;
}

struct vcpu_stub *sched_fair_pick(struct cpu *c __unused_param, uint64_t now __unused_param) {
  return NULL;
}

void sched_fair_enqueue(struct vcpu_stub *s __unused_param, bool woken __unused_param,
                        uint64_t now __unused_param) {
}

void sched_fair_leave(struct cpu *c __unused_param, struct vcpu_stub *s __unused_param,
                      uint64_t now __unused_param) {
}
