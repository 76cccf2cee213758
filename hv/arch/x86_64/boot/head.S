/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the loader to C: Multiboot headers, the 32-bit entry, page tables that
 * last until mm_init, long mode. Multiboot Specification 0.6.96, 3.1 and 3.2;
 * Multiboot2 Specification 2.0, 3.1 and 3.3.
 *
 *   virtual                        machine
 *   TEXT_BASE + 0 .. 1 GiB   ->    0 .. 1 GiB    all of our code runs here
 *   0 .. 4 GiB               ->    0 .. 4 GiB    boot only
 */
#include <asm/machine.h>

#define PHYS(symbol) ((symbol) - 0xffffffff80000000)

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x3 /* modules on page boundaries, memory information */
#define MB2_MAGIC 0xe85250d6

/* --- headers: within the first 8 KiB of the file ----------------------------- */

  .section .head, "ax"
  .balign 8
  .long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

#ifdef CONFIG_MULTIBOOT2
  .balign 8
mb2_header:
  .long MB2_MAGIC, 0, mb2_header_end - mb2_header
  .long -(MB2_MAGIC + (mb2_header_end - mb2_header))
  /* Required: command line (1), modules (3), memory map (6). */
  .balign 8
  .short 1, 0
  .long 20, 1, 3, 6
  /* If there are: RSDP of ACPI 1.0 (14) and 2.0 (15). */
  .balign 8
  .short 1, 1
  .long 16, 14, 15
  /* Modules on page boundaries. */
  .balign 8
  .short 6, 0
  .long 8
  .balign 8
  .short 0, 0
  .long 8
mb2_header_end:
#endif

/* --- 32 bits: eax has the loader's magic, ebx its information ------------------ */

  .section .boot.text, "ax"
  .code32
  .globl start
start:
  movl %eax, %edi
  rdtsc
  movl %eax, PHYS(boot_tsc)
  movl %edx, PHYS(boot_tsc) + 4
  cld
  movl %ebx, %esi
  movl $PHYS(boot_stack_top), %esp

  movl $0x80000000, %eax
  cpuid
  cmpl $0x80000001, %eax
  jb no_long_mode
  movl $0x80000001, %eax
  cpuid
  btl $29, %edx
  jnc no_long_mode

  /* 2048 leaves of 2 MiB: present, writable, large. */
  movl $PHYS(boot_pd), %ebx
  movl $0x83, %eax
1:
  movl %eax, (%ebx)
  addl $8, %ebx
  addl $0x200000, %eax
  jnc 1b

  movl $4, %ecx
  movl $PHYS(boot_pd) + 3, %eax
  movl $PHYS(boot_pdpt_low), %ebx
1:
  movl %eax, (%ebx)
  addl $8, %ebx
  addl $0x1000, %eax
  loop 1b

  movl $PHYS(boot_pd) + 3, PHYS(boot_pdpt_high) + 510 * 8
  movl $PHYS(boot_pdpt_low) + 3, PHYS(boot_pml4)
  movl $PHYS(boot_pdpt_high) + 3, PHYS(boot_pml4) + 511 * 8

  movl $PHYS(boot_pml4), %eax
  call long_mode_enable /* relative, so it works here too */
  lgdt PHYS(boot_gdtr)
  ljmp $SELECTOR_CODE, $PHYS(start_64)

no_long_mode:
  movl $PHYS(no_long_mode_text), %esi
1:
  lodsb
  testb %al, %al
  jz 3f
  movb %al, %bl
  movw $0x3f8 + 5, %dx
2:
  inb %dx, %al
  testb $0x20, %al
  jz 2b
  movw $0x3f8, %dx
  movb %bl, %al
  outb %al, %dx
  jmp 1b
3:
  cli
  hlt
  jmp 3b

no_long_mode_text:
  .asciz "skerry: refused: reason=no-long-mode\r\n"

/* Paging on, in compatibility mode yet; eax has the top-level table. Every CPU
 * comes through here. */
  .globl long_mode_enable
long_mode_enable:
  movl %eax, %cr3
  movl $0x20, %eax /* PAE */
  movl %eax, %cr4
  movl $MSR_EFER, %ecx
  rdmsr
  orl $0x100, %eax /* LME */
  wrmsr
  movl $0x80010011, %eax /* PG, WP, ET, PE */
  movl %eax, %cr0
  ret

/* --- 64 bits --------------------------------------------------------------------- */

  .code64
start_64:
  movq $boot_stack_top, %rsp
  movq $1f, %rax
  jmp *%rax
1:
  lgdt boot_gdtr_high
  movl $SELECTOR_DATA, %eax
  movl %eax, %ss
  xorl %eax, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %fs
  movl %eax, %gs
  xorl %ebp, %ebp
  call boot_main
  ud2

  .section .boot.data, "aw"
  .balign 8
  .globl boot_gdt
boot_gdt:
  .quad 0
  .quad 0x00af9b000000ffff /* code: 64 bits, ring 0 */
  .quad 0x00cf93000000ffff /* data */
  .quad 0x00cf9b000000ffff /* code: 32 bits, for the other CPUs' start */
boot_gdtr:
  .short BOOT_GDT_SIZE - 1
  .long PHYS(boot_gdt)
boot_gdtr_high:
  .short BOOT_GDT_SIZE - 1
  .quad boot_gdt
  .balign 8
  .globl boot_tsc
boot_tsc:
  .quad 0

  .balign 4096
  .globl boot_pml4
boot_pml4:
  .fill 4096, 1, 0
boot_pdpt_low:
  .fill 4096, 1, 0
boot_pdpt_high:
  .fill 4096, 1, 0
boot_pd:
  .fill 4 * 4096, 1, 0
  .globl boot_stack, boot_stack_top
boot_stack:
  .fill 4 * 4096, 1, 0
boot_stack_top:

  .section .note.GNU-stack, "", @progbits
