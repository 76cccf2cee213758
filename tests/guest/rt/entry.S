// SPDX-License-Identifier: Apache-2.0
// Start of a 64-bit micro-guest: the PVH note, the way from 32-bit flat mode to long mode with the
// first 4 GiB mapped one to one, and the trap stubs. Not a test: everything else is in C.

#define PAGE_FLAGS 0x007 // present, writable, user
#define LEAF_FLAGS 0x087 // the same, 2 MiB

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
  mov %ebx, %esi
  mov $boot_pml4, %edi
  lea boot_pdpt + PAGE_FLAGS, %eax
  mov %eax, (%edi)
  // Four page directories, 1 GiB each.
  mov $boot_pdpt, %edi
  lea boot_pd + PAGE_FLAGS, %eax
  mov $4, %ecx
1:
  mov %eax, (%edi)
  add $4096, %eax
  add $8, %edi
  loop 1b
  mov $boot_pd, %edi
  mov $LEAF_FLAGS, %eax
  mov $2048, %ecx
1:
  mov %eax, (%edi)
  add $0x200000, %eax
  add $8, %edi
  loop 1b
  mov $0x620, %eax // PAE, OSFXSR, OSXMMEXCPT
  mov %eax, %cr4
  mov $boot_pml4, %eax
  mov %eax, %cr3
  mov $0xc0000080, %ecx
  rdmsr
  or $0x901, %eax // SCE, LME, NXE
  wrmsr
  mov $0x80000033, %eax // PG, NE, ET, MP, PE; WP is for the tests that want it
  or $0x10000, %eax
  mov %eax, %cr0
  lgdt boot_gdt_pointer
  ljmp $0x08, $entry64

.code64
entry64:
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov $boot_stack_top, %rsp
  mov %esi, %edi
  call rt_main
1:
  hlt
  jmp 1b

// A vCPU that VCPUOP_initialise starts: its struct cpu is in RDI, its stack in RSP.
.global ap_entry64
ap_entry64:
  lgdt boot_gdt_pointer
  pushq $0x08
  pushq $1f
  lretq
1:
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  call cpu_ap_main
1:
  cli
  hlt
  jmp 1b

// An application processor after INIT and SIPI: real mode, CS:IP = vector << 12. The code is copied
// below 1 MiB; its struct cpu and stack stand in sipi_cpu and sipi_stack.
.code16
.global sipi_start, sipi_end
sipi_start:
  cli
  xor %eax, %eax
  mov %ax, %ds
  mov %cs, %ax
  mov %ax, %ds
  lgdtl sipi_gdt_pointer - sipi_start
  mov %cr0, %eax
  or $1, %eax
  mov %eax, %cr0
  ljmpl $0x18, $sipi_protected
sipi_gdt_pointer:
  .word boot_gdt_end - boot_gdt - 1
  .long boot_gdt
sipi_end:

.code32
sipi_protected:
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov $0x620, %eax
  mov %eax, %cr4
  mov $boot_pml4, %eax
  mov %eax, %cr3
  mov $0xc0000080, %ecx
  rdmsr
  or $0x901, %eax
  wrmsr
  mov $0x80010033, %eax
  mov %eax, %cr0
  ljmp $0x08, $1f
.code64
1:
  mov sipi_stack, %rsp
  mov sipi_cpu, %rdi
  jmp ap_entry64

// Trap stubs, 16 bytes each, for all 256 vectors.
.global trap_stubs
.balign 16
trap_stubs:
.set vector, 0
.rept 256
  .balign 16
  .if !((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || \
        (vector == 29) || (vector == 30))
  pushq $0
  .endif
  pushq $vector
  jmp trap_common
  .set vector, vector + 1
.endr

trap_common:
  cld
  push %rax
  push %rbx
  push %rcx
  push %rdx
  push %rsi
  push %rdi
  push %rbp
  push %r8
  push %r9
  push %r10
  push %r11
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, %rdi
  call trap_handle
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rbp
  pop %rdi
  pop %rsi
  pop %rdx
  pop %rcx
  pop %rbx
  pop %rax
  add $16, %rsp
  iretq

// Two ways into the hypervisor; rt_main picks one for hypercall_gate.
.global gate_vmmcall, gate_vmcall
gate_vmmcall:
  vmmcall
  ret
gate_vmcall:
  vmcall
  ret

.data
.balign 8
.global boot_gdt, boot_gdt_end, boot_gdt_pointer
boot_gdt:
  .quad 0
  .quad 0x00af9b000000ffff // 08: 64-bit code
  .quad 0x00cf93000000ffff // 10: data
  .quad 0x00cf9b000000ffff // 18: 32-bit code
  .quad 0x00affb000000ffff // 20: 64-bit user code
  .quad 0x00cff3000000ffff // 28: user data
  .fill 32, 8, 0           // 30: a TSS of 16 bytes for each of 16 CPUs
boot_gdt_end:
boot_gdt_pointer:
  .word boot_gdt_end - boot_gdt - 1
  .quad boot_gdt

.bss
.balign 4096
.global boot_pml4
boot_pml4:
  .skip 4096
boot_pdpt:
  .skip 4096
.global boot_pd
boot_pd:
  .skip 4 * 4096
boot_stack:
  .skip 32768
boot_stack_top:

.section .note.GNU-stack, "", @progbits
