/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For assembly: what the world switches of SVM and VT-x have in common. The
 * registers are those of struct x86_regs, in its order; RAX, RSP, RSI and RDI
 * are each vendor's own matter.
 */
        .macro  enter_begin
        push    %rbp
        mov     %rsp, %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        .endm

        .macro  gprs_load from
        mov     1*8(\from), %rcx
        mov     2*8(\from), %rdx
        mov     3*8(\from), %rbx
        mov     5*8(\from), %rbp
        mov     8*8(\from), %r8
        mov     9*8(\from), %r9
        mov     10*8(\from), %r10
        mov     11*8(\from), %r11
        mov     12*8(\from), %r12
        mov     13*8(\from), %r13
        mov     14*8(\from), %r14
        mov     15*8(\from), %r15
        .endm

        .macro  gprs_store to
        mov     %rcx, 1*8(\to)
        mov     %rdx, 2*8(\to)
        mov     %rbx, 3*8(\to)
        mov     %rbp, 5*8(\to)
        mov     %r8, 8*8(\to)
        mov     %r9, 9*8(\to)
        mov     %r10, 10*8(\to)
        mov     %r11, 11*8(\to)
        mov     %r12, 12*8(\to)
        mov     %r13, 13*8(\to)
        mov     %r14, 14*8(\to)
        mov     %r15, 15*8(\to)
        .endm

        /* No guest value stays in a register that speculation might use. RAX is the result. */
        .macro  enter_end
        xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %edi, %edi
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .endm
