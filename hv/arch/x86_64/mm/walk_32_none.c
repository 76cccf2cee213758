/* SPDX-License-Identifier: Apache-2.0 */
/* A build without 32-bit guests: what such a guest's tables would be asked for faults (#GP). */
#include "walk.h"

enum walk_end walk_32(struct walk *w) {
  return walk_fault_with(w, UINT32_MAX);
}
