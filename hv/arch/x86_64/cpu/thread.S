/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a CPU's loop to a vCPU's thread and back: two stacks, of which the
 * other one's pointer is kept.
 *
 * void thread_switch(uint64_t *save_sp, uint64_t new_sp)
 */
        .text
        .globl  thread_switch
        .type   thread_switch, @function
thread_switch:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, (%rdi)
        mov     %rsi, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   thread_switch, . - thread_switch
        .section .note.GNU-stack,"",@progbits
