/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that keeps its CPU for itself: interrupts off, and round and round. */
#include "pvh.inc"

start:
  cli
1:
  jmp 1b
