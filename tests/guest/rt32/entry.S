// SPDX-License-Identifier: Apache-2.0
// Start of a 32-bit micro-guest: the PVH note, flat segments, a stack. No paging.

// XEN_ELFNOTE_PHYS32_ENTRY (xen/elfnote.h)
.section .note.xen, "a", @note
  .balign 4
  .long 4, 4, 18
  .asciz "Xen"
  .long entry32

.section .text.entry, "ax", @progbits
.code32
.global entry32
entry32:
  cld
  lgdt gdt_pointer
  ljmp $0x08, $1f
1:
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %fs
  mov %eax, %gs
  mov %eax, %ss
  mov $stack_top, %esp
  push %ebx
  call rt32_main
1:
  hlt
  jmp 1b

// long hypercall5(number, a1, a2, a3, a4, a5)
.global hypercall5
hypercall5:
  push %ebx
  push %esi
  push %edi
  mov 16(%esp), %eax
  mov 20(%esp), %ebx
  mov 24(%esp), %ecx
  mov 28(%esp), %edx
  mov 32(%esp), %esi
  mov 36(%esp), %edi
  call *hypercall_gate
  pop %edi
  pop %esi
  pop %ebx
  ret

.global gate_vmmcall, gate_vmcall
gate_vmmcall:
  vmmcall
  ret
gate_vmcall:
  vmcall
  ret

.data
.balign 8
gdt:
  .quad 0
  .quad 0x00cf9b000000ffff
  .quad 0x00cf93000000ffff
gdt_end:
gdt_pointer:
  .word gdt_end - gdt - 1
  .long gdt

.bss
.balign 16
  .skip 16384
stack_top:

.section .note.GNU-stack, "", @progbits
