/* SPDX-License-Identifier: Apache-2.0 */
/* The personality's state for tests of core, which look at none of it. */
#ifndef XEN_STATE_H
#define XEN_STATE_H

struct personality_domain {
  int unused;
};
struct grant_table {
  int unused;
};
struct personality_vcpu {
  int unused;
};

#endif
