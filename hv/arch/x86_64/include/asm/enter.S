/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For assembly: what the world switches of SVM and VT-x have in common. The
 * registers are those of struct x86_regs, in its order, `at` bytes from where a
 * register points. RAX, RBX, RSP and RDI are each vendor's own matter.
 */
        .macro  gprs_load from, at=0
        mov     \at + 1*8(\from), %rcx
        mov     \at + 2*8(\from), %rdx
        mov     \at + 5*8(\from), %rbp
        mov     \at + 6*8(\from), %rsi
        mov     \at + 8*8(\from), %r8
        mov     \at + 9*8(\from), %r9
        mov     \at + 10*8(\from), %r10
        mov     \at + 11*8(\from), %r11
        mov     \at + 12*8(\from), %r12
        mov     \at + 13*8(\from), %r13
        mov     \at + 14*8(\from), %r14
        mov     \at + 15*8(\from), %r15
        .endm

        .macro  gprs_store to, at=0
        mov     %rcx, \at + 1*8(\to)
        mov     %rdx, \at + 2*8(\to)
        mov     %rbp, \at + 5*8(\to)
        mov     %rsi, \at + 6*8(\to)
        mov     %r8, \at + 8*8(\to)
        mov     %r9, \at + 9*8(\to)
        mov     %r10, \at + 10*8(\to)
        mov     %r11, \at + 11*8(\to)
        mov     %r12, \at + 12*8(\to)
        mov     %r13, \at + 13*8(\to)
        mov     %r14, \at + 14*8(\to)
        mov     %r15, \at + 15*8(\to)
        .endm

        /* No guest value stays in a register that speculation might use. */
        .macro  scratch_clear
        xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %esi, %esi
        xor     %edi, %edi
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        .endm
