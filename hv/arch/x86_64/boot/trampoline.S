/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the other CPUs start: 16 bits, in a page below 1 MiB that smp.c has
 * copied this to; then the way of head.S, into the CPU's own tables and stack.
 */
#include <asm/machine.h>

#define PHYS(symbol) ((symbol) - 0xffffffff80000000)

  .section .boot.data, "aw"
  .code16
  .globl trampoline, trampoline_end
trampoline:
  cli
  cld
  movw %cs, %ax
  movw %ax, %ds
  lgdtl trampoline_gdtr - trampoline
  movl $0x11, %eax /* ET, PE */
  movl %eax, %cr0
  ljmpl $SELECTOR_CODE32, $PHYS(ap_32)
trampoline_gdtr:
  .short BOOT_GDT_SIZE - 1
  .long PHYS(boot_gdt)
trampoline_end:

  .section .boot.text, "ax"
  .code32
ap_32:
  movl $SELECTOR_DATA, %eax
  movl %eax, %ds
  movl %eax, %ss
  movl $PHYS(ap_stack_top), %esp
  movl $PHYS(boot_pml4), %eax
  call long_mode_enable
  ljmp $SELECTOR_CODE, $PHYS(ap_64)

  .code64
ap_64:
  movq $1f, %rax
  jmp *%rax
1:
  /* The CPU's own tables forbid execution by page. */
  movl $MSR_EFER, %ecx
  rdmsr
  orl $EFER_NXE_BIT, %eax
  wrmsr
  /* Whoever comes too late finds the ticket taken back. */
  xorl %eax, %eax
  xchgq %rax, ap_top_table
  testq %rax, %rax
  jz 2f
  movq %rax, %cr3
  movq smp_stack_top, %rsp
  xorl %ebp, %ebp
  xorl %eax, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %fs
  movl %eax, %gs
  call smp_ap_main
2:
  cli
  hlt
  jmp 2b

/* void stack_switch(void *top, void (*fn)(void)): never returns */
  .text
  .globl stack_switch
stack_switch:
  movq %rdi, %rsp
  xorl %ebp, %ebp
  call *%rsi
  ud2

  .section .boot.data, "aw"
  .balign 16
  .fill 64, 1, 0
ap_stack_top:

  .section .note.GNU-stack, "", @progbits
