/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root mode's address space, the same numbers on every CPU. Each part is one
 * or more slots (512 GiB) of the CPU's own top-level table.
 *
 *   slot  511  SHARED_TEXT   code, constants, boot data; -2 GiB
 *         510  SHARED        frame records, stubs, device registers (uncached)
 *         509  PRIVATE       this CPU's: windows, stacks, TSS, idle stack
 *         508  ARENA         the linked domain's heap and stacks
 *   256..263  ARENA_GUEST    the linked domain's guest memory, 512 GiB a slot
 *           0  identity map, boot only
 *
 * SHARED, PRIVATE and ARENA are regions (mm/region.c): their level-3 table's
 * last entry points to itself, so that a region's own tables appear in its
 * last GiB and mapping a page needs no window:
 *
 *   entry of page va:  region + 511 GiB + ((va - region) >> 12) * 8
 */
#ifndef ASM_LAYOUT_H
#define ASM_LAYOUT_H

#define SLOT_BITS          39
#define SLOT_VA(n)         (0xffff000000000000ul + ((unsigned long)(n) << SLOT_BITS))

#define TEXT_BASE          0xffffffff80000000ul
#define SLOT_TEXT          511
#define SLOT_SHARED        510
#define SLOT_PRIVATE       509
#define SLOT_ARENA         508
#define SLOT_GUEST         256
#define GUEST_SLOTS        8

#define SHARED_BASE        SLOT_VA(SLOT_SHARED)
#define PRIVATE_BASE       SLOT_VA(SLOT_PRIVATE)
#define ARENA_BASE         SLOT_VA(SLOT_ARENA)
#define ARENA_GUEST        SLOT_VA(SLOT_GUEST)

/* SHARED: the frame table first, then a bump area for stubs and device registers. */
#define FRAME_TABLE_BASE   SHARED_BASE
#define SHARED_HEAP_BASE   (SHARED_BASE + (256ul << 30))

/* PRIVATE: page by page; unmapped guards between stacks. struct cpu_private is first. */
#define PRIVATE_CPU        PRIVATE_BASE              /* struct cpu_private, 1 page */
#define PRIVATE_TSS        (PRIVATE_BASE + 0x1000)   /* GDT and TSS, 1 page */
#define PRIVATE_NMI_STACK  (PRIVATE_BASE + 0x3000)   /* 1 page; guard below */
#define PRIVATE_MC_STACK   (PRIVATE_BASE + 0x5000)   /* 1 page */
#define PRIVATE_DF_STACK   (PRIVATE_BASE + 0x7000)   /* 1 page */
#define PRIVATE_IDLE_STACK (PRIVATE_BASE + 0x9000)   /* 2 pages */
#define PRIVATE_VENDOR     (PRIVATE_BASE + 0xc000)   /* SVM: host VMCB, save area; VMX: VMXON's */
#define PRIVATE_TOP_TABLE  (PRIVATE_BASE + 0xf000)   /* this CPU's level-4 table */
#define PRIVATE_WINDOWS    (PRIVATE_BASE + 0x100000) /* ARCH_WINDOWS pages */
#define PRIVATE_BIG_WINDOW (PRIVATE_BASE + 0x200000) /* one 2 MiB window, for scrubbing */

#endif
