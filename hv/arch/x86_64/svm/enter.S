/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch of SVM, and nothing else: registers that VMRUN does not
 * switch, and the order of GIF and IF around it.
 *
 * svm_enter, called by the loop in vcpu.c alone: RAX is the machine address of
 * the VMCB, RBX that of struct vcpu, which comes back. Every other register is
 * lost, so that the loop keeps what it needs and no more.
 *
 * Between CLGI and VMRUN nothing can interrupt, so that with IF set a pending
 * interrupt leaves the guest at its first instruction (APM vol. 2, 15.13.1:
 * with V_INTR_MASKING the host's IF decides). After the exit GIF is clear: TR
 * and GS of the host are back (VMLOAD), and no guest value is in a register,
 * before STGI lets an NMI in.
 */
#include <asm/enter.S>
#include "enter.h"

        .text
        .globl  svm_enter
        .type   svm_enter, @function
svm_enter:
        push    %rbp
        push    %rbx
        clgi
        sti
        vmload  %rax
        gprs_load %rbx, SVM_VCPU_GPR
        mov     SVM_VCPU_GPR + 7*8(%rbx), %rdi
        mov     SVM_VCPU_GPR + 3*8(%rbx), %rbx
        vmrun   %rax
        vmsave  %rax
        pop     %rax
        mov     %rbx, SVM_VCPU_GPR + 3*8(%rax)
        mov     %rax, %rbx
        mov     %rdi, SVM_VCPU_GPR + 7*8(%rbx)
        gprs_store %rbx, SVM_VCPU_GPR
        movabs  SVM_HOST_VMCB, %rax
        vmload  %rax
        pop     %rbp
        scratch_clear
        xor     %r12d, %r12d
        xor     %r13d, %r13d
        xor     %r14d, %r14d
        xor     %r15d, %r15d
        cli
        stgi
        ret
        .size   svm_enter, . - svm_enter
        .section .note.GNU-stack,"",@progbits
