/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that looks whether memory is clean, fills it, and reboots. */
#include "pvh.inc"

#define FIRST 0x400000
#define BYTES 0x800000

start:
  movl $FIRST, %edi
  movl $(BYTES / 4), %ecx
  xorl %eax, %eax
  cld
  repe scasl
  jne dirty
  print clean, (clean_end-clean)
  movl $FIRST, %edi
  movl $(BYTES / 4), %ecx
  movl $0x5ec2e75, %eax
  rep stosl
  shutdown reboot
dirty:
  print found, (found_end-found)
  shutdown crash

  .data
reboot:
  .long SHUTDOWN_reboot
crash:
  .long SHUTDOWN_crash
clean:
  .ascii "memory is clean\n"
clean_end:
found:
  .ascii "memory holds what was left in it\n"
found_end:
