/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that says what domains may do to each other. Who serves (the
 * back of a channel) reaches what its client granted it, and never the other
 * way round; events go both ways. A shared memory range is mapped from the
 * start and gives no right to anything else.
 */
#include <policy.h>

enum { EVENTS_BOTH_WAYS = 1, GRANTS_TO_BACK = 2 };

static unsigned rights(const struct manifest_channel *c) {
  switch (c->kind) {
  case MANIFEST_CHANNEL_EVENTS:
    return EVENTS_BOTH_WAYS;
  case MANIFEST_CHANNEL_DISK:
  case MANIFEST_CHANNEL_NETWORK:
  case MANIFEST_CHANNEL_CONSOLE:
  case MANIFEST_CHANNEL_STORE:
    return EVENTS_BOTH_WAYS | GRANTS_TO_BACK;
  default:
    return 0;
  }
}

static bool channel_allows(const struct manifest_channel *c, uint16_t a, uint16_t b,
                           enum policy_op op) {
  bool serves = a == c->back && b == c->front, uses = a == c->front && b == c->back;
  if (op == POLICY_EVENT)
    return (serves || uses) && rights(c) & EVENTS_BOTH_WAYS;
  return op == POLICY_GRANT && serves && rights(c) & GRANTS_TO_BACK;
}

int policy_channel(const struct domain_stub *a, const struct domain_stub *b, enum policy_op op) {
  uint16_t from = (uint16_t)(a - domains), to = (uint16_t)(b - domains);
  for (uint32_t i = 0; i < system_config->channels.count; i++)
    if (channel_allows(&system_channels()[i], from, to, op))
      return (int)i;
  return -1;
}

bool policy_allows(const struct domain_stub *a, const struct domain_stub *b, enum policy_op op) {
  return a == b || policy_channel(a, b, op) >= 0;
}
