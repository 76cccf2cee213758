/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the PVH entry (xen/arch-x86/hvm/start_info.h: 32 bits, flat, no paging, EBX has the start info)
 * to C in long mode, with the first 4 GiB mapped one to one until mmu.c has made the final tables;
 * and the few instructions that C cannot say: traps, sleep, system calls.
 */

#define CODE64 0x08
#define DATA   0x10

#define TABLE  0x003 /* present, writable */
#define LEAF   0x083 /* the same, 2 MiB */

.section .note.xen, "a", @note
  .balign 4
  .long 4, 4, 18 /* XEN_ELFNOTE_PHYS32_ENTRY, xen/elfnote.h */
  .asciz "Xen"
  .long start32

.section .text.start, "ax", @progbits
.code32
.global start32
start32:
  cld
  mov %ebx, %ebp
  mov $boot_tables, %edi /* the fourth level, the third, four page directories */
  lea 4096 + TABLE(%edi), %eax
  mov %eax, (%edi)
  add $4096, %edi
  mov $4, %ecx
  lea 4096 + TABLE(%edi), %eax
1:
  mov %eax, (%edi)
  add $4096, %eax
  add $8, %edi
  loop 1b
  mov $boot_tables + 2 * 4096, %edi
  mov $LEAF, %eax
  mov $2048, %ecx
1:
  mov %eax, (%edi)
  add $0x200000, %eax
  add $8, %edi
  loop 1b
  mov $0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT */
  mov %eax, %cr4
  mov $boot_tables, %eax
  mov %eax, %cr3
  mov $0xc0000080, %ecx
  rdmsr
  or $0x901, %eax /* SCE, LME, NXE */
  wrmsr
  mov $0x80010033, %eax /* PG, WP, NE, ET, MP, PE */
  mov %eax, %cr0
  lgdt gdt_pointer
  ljmp $CODE64, $start64

.code64
start64:
  mov $DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  xor %eax, %eax
  mov %eax, %fs
  mov %eax, %gs
  fninit
  mov $stack_top, %rsp
  mov %ebp, %edi
  xor %ebp, %ebp
  call libos_start
  ud2

.text
/* Sleeps until an event comes. An event between the caller's look and here is a pending
 * interrupt, which is taken behind STI's shadow: HLT then returns at once. */
.global cpu_sleep
cpu_sleep:
  sti
  hlt
  cli
  ret

/* The hypervisor's upcall, in cpu_sleep alone: waking up is all that it is for. */
.global trap_upcall
trap_upcall:
  push %rax
  mov vcpu_info, %rax
  movb $0, (%rax) /* evtchn_upcall_pending: or it would come again at once */
  pop %rax
  iretq

/* Exceptions: none of them is survived, so nothing is restored. */
.global trap_stubs
.balign 16
trap_stubs:
.set vector, 0
.rept 32
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
  push %rcx
  push %rdx
  push %rbx
  push %rbp
  push %rsi
  push %rdi
  push %r8
  push %r9
  push %r10
  push %r11
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, %rdi
  and $-16, %rsp
  call trap_panic
  ud2

/* SYSCALL of the C library, from ring 0 to ring 0: RCX holds RIP, the stack is the caller's,
 * whose red zone must live. All but RAX, RCX and R11 is kept; SSE registers because
 * nothing that is called from here uses them. */
.global syscall_entry
syscall_entry:
  lea -128(%rsp), %rsp
  push %rbp
  mov %rsp, %rbp
  push %rcx
  push %r11
  push %rdi
  push %rsi
  push %rdx
  push %r8
  push %r9
  push %r10
  and $-16, %rsp
  push %r10
  push %rdx
  push %rsi
  push %rdi
  mov %rsp, %rsi /* uint64_t arguments[4] */
  mov %rax, %rdi
  call syscall_handle
  lea -64(%rbp), %rsp
  pop %r10
  pop %r9
  pop %r8
  pop %rdx
  pop %rsi
  pop %rdi
  pop %r11
  pop %rcx
  pop %rbp
  lea 128(%rsp), %rsp
  jmp *%rcx

.data
.balign 8
.global gdt
gdt:
  .quad 0
  .quad 0x00af9b000000ffff /* 08: 64-bit code */
  .quad 0x00cf93000000ffff /* 10: data */
  .quad 0, 0               /* 18: TSS, by trap.c */
gdt_end:
.global gdt_pointer
gdt_pointer:
  .word gdt_end - gdt - 1
  .quad gdt

.section .note.GNU-stack, "", @progbits
