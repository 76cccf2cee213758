/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The twin of restart.c in a build whose domains end once: their payloads are
 * not kept.
 */
#include <lib/lib.h>
#include <restart.h>

bool restart_possible(const struct manifest_domain *m __unused_param) {
  return false;
}

bool restart_wanted(const struct domain_stub *d) {
  log_printf("domain %s: this build restarts no domain, it stays stopped\n", d->config->name);
  return false;
}
