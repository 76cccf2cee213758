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
        mov     0*8(%rdi), %rax
        mov     1*8(%rdi), %rcx
        mov     2*8(%rdi), %rdx
        mov     3*8(%rdi), %rbx
        mov     5*8(%rdi), %rbp
        mov     6*8(%rdi), %rsi
        mov     8*8(%rdi), %r8
        mov     9*8(%rdi), %r9
        mov     10*8(%rdi), %r10
        mov     11*8(%rdi), %r11
        mov     12*8(%rdi), %r12
        mov     13*8(%rdi), %r13
        mov     14*8(%rdi), %r14
        mov     15*8(%rdi), %r15
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
        mov     %rcx, 1*8(%rdi)
        mov     %rdx, 2*8(%rdi)
        mov     %rbx, 3*8(%rdi)
        mov     %rbp, 5*8(%rdi)
        mov     %rsi, 6*8(%rdi)
        mov     %r8, 8*8(%rdi)
        mov     %r9, 9*8(%rdi)
        mov     %r10, 10*8(%rdi)
        mov     %r11, 11*8(%rdi)
        mov     %r12, 12*8(%rdi)
        mov     %r13, 13*8(%rdi)
        mov     %r14, 14*8(%rdi)
        mov     %r15, 15*8(%rdi)
        pop     %rax
        mov     %rax, 7*8(%rdi)
        pop     %rdi
        xor     %eax, %eax
        /* No guest value stays in a register that speculation might use. */
3:      xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %esi, %esi
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
        .size   vmx_enter, . - vmx_enter
        .section .note.GNU-stack,"",@progbits
