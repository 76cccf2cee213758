/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that says what domains may do to each other. */
#include <policy.h>

bool policy_allows(const struct domain_stub *a, const struct domain_stub *b,
                   enum policy_op op __unused_param) {
  return a == b;
}
