/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May domain `a` do this to domain `b`? Every path between domains asks here
 * and nothing else decides. A domain may act on itself; on another one only as
 * a channel of the system file says (core/policy.c has the table).
 * policy_none.c is the twin of a build without channels.
 */
#ifndef POLICY_H
#define POLICY_H

#include <domain.h>

enum policy_op {
  POLICY_EVENT,  /* bind event ports to each other */
  POLICY_GRANT,  /* a maps, or copies from and to, what b granted it */
  POLICY_MANAGE, /* everything that authority over b would take: nobody has it */
};

bool policy_allows(const struct domain_stub *a, const struct domain_stub *b, enum policy_op op);

/* The first channel that lets a do this to b, as its index; -1: none does. */
int policy_channel(const struct domain_stub *a, const struct domain_stub *b, enum policy_op op);

#endif
