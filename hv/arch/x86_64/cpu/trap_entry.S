/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the IDT points. A stub for each vector that we use makes the frame of
 * cpu/trap.h; the CPU aligns the stack, 22 words keep it aligned for C.
 */
#include <asm/machine.h>

  .text

.macro STUB vector, has_error
  .balign 16
trap_\vector:
  .if \has_error == 0
  pushq $0
  .endif
  pushq $\vector
  .if \vector == 2
  jmp trap_nmi_entry
  .else
  jmp trap_entry
  .endif
.endm

.macro SAVE
  pushq %rax
  pushq %rcx
  pushq %rdx
  pushq %rbx
  pushq %rbp
  pushq %rsi
  pushq %rdi
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  cld
  /* An interrupted copy may have opened guest memory. */
  cmpb $0, trap_clac
  je 1f
  clac
1:
.endm

.macro RESTORE
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rdi
  popq %rsi
  popq %rbp
  popq %rbx
  popq %rdx
  popq %rcx
  popq %rax
.endm

.irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 9, 15, 16, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 31
  STUB \vector, 0
.endr
.irp vector, 8, 10, 11, 12, 13, 14, 17, 21, 29, 30
  STUB \vector, 1
.endr
.irp vector, 0xf0, 0xf1, 0xf2, 0xff
  STUB \vector, 0
.endr

trap_entry:
  SAVE
  movq %rsp, %rdi
  call trap_handle
  RESTORE
  addq $16, %rsp
  iretq

/* The registers may be a guest's, a moment after its exit. C gets none of them, so it
 * cannot leave one deeper on this stack; what is saved here is wiped. */
trap_nmi_entry:
  SAVE
  movq %rsp, %rdi
  .irp r, eax, ecx, edx, ebx, ebp, esi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
  xorl %\r, %\r
  .endr
  call trap_nmi
  RESTORE
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  movq $0, -8 * \n(%rsp)
  .endr
  addq $16, %rsp
  iretq

/* bool trap_safe_read(uint64_t address, uint64_t *value) */
  .globl trap_safe_read
trap_safe_read:
  xorl %eax, %eax
1:
  movq (%rdi), %rdx
  movq %rdx, (%rsi)
  incl %eax
2:
  ret

  .section .fixup, "a"
  .quad 1b, 2b

/* The stubs' addresses, by vector up to 31, then the four interrupts. */
  .section .rodata
  .balign 8
  .globl trap_stubs
trap_stubs:
.irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0xf0, 0xf1, 0xf2, 0xff
  .quad trap_\vector
.endr

  .section .note.GNU-stack, "", @progbits
