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
#include <asm/enter.S>

        .text
        .globl  svm_enter
        .type   svm_enter, @function
svm_enter:
        enter_begin
        push    %rdx
        push    %rsi
        clgi
        sti
        mov     %rdi, %rax
        vmload  %rax
        gprs_load %rsi
        mov     7*8(%rsi), %rdi
        mov     6*8(%rsi), %rsi
        vmrun   %rax
        vmsave  %rax
        mov     %rsi, %rax
        pop     %rsi
        mov     %rax, 6*8(%rsi)
        mov     %rdi, 7*8(%rsi)
        gprs_store %rsi
        pop     %rax
        vmload  %rax
        cli
        stgi
        enter_end
        .size   svm_enter, . - svm_enter
        .section .note.GNU-stack,"",@progbits
