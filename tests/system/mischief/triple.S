/* SPDX-License-Identifier: Apache-2.0 */
/* A guest without a descriptor table that takes an exception: a triple fault. */
#include "pvh.inc"

start:
  print hello, (hello_end-hello)
  lidt nothing
  ud2

  .data
nothing:
  .word 0
  .long 0
hello:
  .ascii "about to fault\n"
hello_end:
