/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch of SVM, and nothing else: registers that VMRUN does not
 * switch, and the order of GIF and IF around it.
 *
 * void svm_enter(uint64_t vmcb, uint64_t gpr[16], uint64_t host_vmcb)
 *
 * Between CLGI and VMRUN nothing can interrupt, so that with IF set a pending
 * interrupt leaves the guest at its first instruction (APM vol. 2, 15.13.1:
 * with V_INTR_MASKING the host's IF decides). After the exit GIF is clear: TR
 * and GS of the host are back (VMLOAD) before STGI lets an NMI in.
 */
        .text
        .globl  svm_enter
        .type   svm_enter, @function
svm_enter:
        push    %rbp
        mov     %rsp, %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rdx
        push    %rsi
        clgi
        sti
        mov     %rdi, %rax
        vmload  %rax
        mov     1*8(%rsi), %rcx
        mov     2*8(%rsi), %rdx
        mov     3*8(%rsi), %rbx
        mov     5*8(%rsi), %rbp
        mov     7*8(%rsi), %rdi
        mov     8*8(%rsi), %r8
        mov     9*8(%rsi), %r9
        mov     10*8(%rsi), %r10
        mov     11*8(%rsi), %r11
        mov     12*8(%rsi), %r12
        mov     13*8(%rsi), %r13
        mov     14*8(%rsi), %r14
        mov     15*8(%rsi), %r15
        mov     6*8(%rsi), %rsi
        vmrun   %rax
        vmsave  %rax
        mov     %rsi, %rax
        pop     %rsi
        mov     %rcx, 1*8(%rsi)
        mov     %rdx, 2*8(%rsi)
        mov     %rbx, 3*8(%rsi)
        mov     %rbp, 5*8(%rsi)
        mov     %rax, 6*8(%rsi)
        mov     %rdi, 7*8(%rsi)
        mov     %r8, 8*8(%rsi)
        mov     %r9, 9*8(%rsi)
        mov     %r10, 10*8(%rsi)
        mov     %r11, 11*8(%rsi)
        mov     %r12, 12*8(%rsi)
        mov     %r13, 13*8(%rsi)
        mov     %r14, 14*8(%rsi)
        mov     %r15, 15*8(%rsi)
        pop     %rax
        vmload  %rax
        cli
        stgi
        /* No guest value stays in a register that speculation might use. */
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
        .size   svm_enter, . - svm_enter
        .section .note.GNU-stack,"",@progbits
