/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a domain comes back after its end. restart_none.c is the twin of a
 * build in which none does.
 */
#include <arch/arch.h>
#include <lib/lib.h>
#include <restart.h>

bool restart_possible(const struct manifest_domain *m) {
  return m->on_shutdown == MANIFEST_ACTION_RESTART || m->on_reboot == MANIFEST_ACTION_RESTART ||
         m->on_crash == MANIFEST_ACTION_RESTART;
}

bool restart_wanted(const struct domain_stub *d) {
  const struct manifest_domain *m = d->config;
  if (!m->max_restarts || d->restarts < m->max_restarts) {
    arch_this_cpu()->resumed = true; /* what enters next is a new guest, on the same thread */
    return true;
  }
  log_printf("domain %s: has restarted %u times, stays stopped\n", m->name, d->restarts);
  return false;
}
