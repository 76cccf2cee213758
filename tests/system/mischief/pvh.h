/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest of a few instructions needs to be started: the PVH note, which
 * names `start` as its entry (32 bits, no paging). Number of the note and of
 * the hypercalls: Xen's public elfnote.h and xen.h.
 */
#define NOTE_PHYS32_ENTRY 18
#define HYPERVISOR_console_io 18
#define HYPERVISOR_sched_op 29
#define CONSOLEIO_write 0
#define SCHEDOP_shutdown 2
#define SHUTDOWN_reboot 1
#define SHUTDOWN_crash 3

  .code32
  .section .note.pvh, "a", @note
  .balign 4
  .long 4, 4, NOTE_PHYS32_ENTRY
  .asciz "Xen"
  .long start
  .section .note.GNU-stack, "", @progbits

/* Prints a string of the file. */
.macro print text, size
  movl $HYPERVISOR_console_io, %eax
  movl $CONSOLEIO_write, %ebx
  movl $\size, %ecx
  movl $\text, %edx
  vmmcall
.endm

/* Ends the domain with the reason at that address. */
.macro shutdown reason
  movl $HYPERVISOR_sched_op, %eax
  movl $SCHEDOP_shutdown, %ebx
  movl $\reason, %ecx
  vmmcall
  jmp .
.endm

  .text
  .globl start
