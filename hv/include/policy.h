/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May domain `a` do this to domain `b`? Every path between domains asks here
 * and nothing else decides. Nothing is declared yet, so a domain may act on
 * itself alone.
 */
#ifndef POLICY_H
#define POLICY_H

#include <domain.h>

enum policy_op { POLICY_EVENT, POLICY_GRANT, POLICY_MEMORY, POLICY_MANAGE };

bool policy_allows(const struct domain_stub *a, const struct domain_stub *b, enum policy_op op);

#endif
