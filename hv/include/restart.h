/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restarting domains: a choice of the build (core/restart.c, or restart_none.c).
 */
#ifndef RESTART_H
#define RESTART_H

#include <domain.h>

/* May this domain ever be built again? If not, its payloads need not be kept. */
bool restart_possible(const struct manifest_domain *m);
/* Its system file asks for a restart: may it have one? If not, says why in the log. */
bool restart_wanted(const struct domain_stub *d);

#endif
