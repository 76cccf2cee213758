/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch of VMX, and nothing else: the general registers, which
 * neither entry nor exit switches.
 *
 * bool vmx_enter(uint64_t gpr[16], bool launched)
 *
 * Interrupts are off: one that is pending ends the entry at once (SDM vol. 3,
 * 25.2), and an NMI in between is the host's. An exit, and an entry that fails
 * for the guest's state, come out at vmx_exited; one that fails before goes on
 * behind the instruction (26.1, 26.8), with the guest's registers loaded.
 */
#include <asm/enter.S>

        .text
        .globl  vmx_enter, vmx_exited
        .type   vmx_enter, @function
vmx_enter:
        push    %rbp
        mov     %rsp, %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rdi
        mov     $0x6c14, %eax           /* VMCS_HOST_RSP */
        vmwrite %rsp, %rax
        test    %sil, %sil              /* the moves keep the flags */
        gprs_load %rdi
        mov     0*8(%rdi), %rax
        mov     3*8(%rdi), %rbx
        mov     7*8(%rdi), %rdi
        jnz     1f
        vmlaunch
        jmp     2f
1:      vmresume
2:      pop     %rdi
        mov     $1, %eax
        jmp     3f

vmx_exited:
        push    %rdi
        mov     8(%rsp), %rdi
        mov     %rax, 0*8(%rdi)
        mov     %rbx, 3*8(%rdi)
        gprs_store %rdi
        pop     %rax
        mov     %rax, 7*8(%rdi)
        pop     %rdi
        xor     %eax, %eax
3:      scratch_clear
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   vmx_enter, . - vmx_enter
        .section .note.GNU-stack,"",@progbits
