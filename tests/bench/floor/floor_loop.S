// SPDX-License-Identifier: Apache-2.0
// The floor's world switch: what VMLOAD and VMSAVE move, and fourteen registers each way. It looks
// at no exit code: all that the guest does is one instruction, over which it is stepped.

#define RIP 0x578 // of the VMCB

// floor_loop(rdi: guest's VMCB, rsi: host's, rdx: count, rcx: length, r8: registers)
.section .text
.global floor_loop
floor_loop:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  push %rdx // 32(%rsp) in the loop: the count
  push %rcx // 24: the length
  push %rsi // 16
  push %rdi // 8
  push %r8  // 0
1:
  mov 16(%rsp), %rax
  vmsave %rax
  mov 8(%rsp), %rax
  vmload %rax
  mov 0(%rsp), %rdi
  mov 0(%rdi), %rbx
  mov 8(%rdi), %rcx
  mov 16(%rdi), %rdx
  mov 24(%rdi), %rsi
  mov 32(%rdi), %rbp
  mov 40(%rdi), %r8
  mov 48(%rdi), %r9
  mov 56(%rdi), %r10
  mov 64(%rdi), %r11
  mov 72(%rdi), %r12
  mov 80(%rdi), %r13
  mov 88(%rdi), %r14
  mov 96(%rdi), %r15
  mov 104(%rdi), %rdi
  vmrun %rax
  vmsave %rax
  push %rdi
  mov 8(%rsp), %rdi
  mov %rbx, 0(%rdi)
  mov %rcx, 8(%rdi)
  mov %rdx, 16(%rdi)
  mov %rsi, 24(%rdi)
  mov %rbp, 32(%rdi)
  mov %r8, 40(%rdi)
  mov %r9, 48(%rdi)
  mov %r10, 56(%rdi)
  mov %r11, 64(%rdi)
  mov %r12, 72(%rdi)
  mov %r13, 80(%rdi)
  mov %r14, 88(%rdi)
  mov %r15, 96(%rdi)
  pop 104(%rdi)
  mov 24(%rsp), %rcx
  add %rcx, RIP(%rax)
  mov 16(%rsp), %rax
  vmload %rax
  decq 32(%rsp)
  jnz 1b
  add $40, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret

.section .note.GNU-stack, "", @progbits
