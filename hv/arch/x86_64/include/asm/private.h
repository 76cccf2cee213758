/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first page of a CPU's private part, at PRIVATE_CPU on every CPU and
 * mapped on no other.
 */
#ifndef ASM_PRIVATE_H
#define ASM_PRIVATE_H

#include <asm/layout.h>
#include <lib/types.h>

struct cpu;
struct vcpu;

struct cpu_private {
  struct cpu *cpu;
  struct vcpu *vcpu;   /* whose thread runs; arena address; NULL on the idle stack */
  uint64_t loop_sp;    /* stack pointer of cpu_loop while a thread runs */
  uint64_t *top_table; /* this CPU's level-4 table (PRIVATE_TOP_TABLE) */
  uint64_t top_table_maddr;
  unsigned windows_open;
  uint32_t next_asid;       /* 1 .. asid_limit - 1 */
  uint64_t asid_generation; /* 0 is no generation */
  uint64_t xcr0;            /* what this CPU's XCR0 holds */
  uint64_t vendor_maddr[2]; /* machine addresses of PRIVATE_VENDOR's pages */
};

#define this_private ((struct cpu_private *)PRIVATE_CPU)

#endif
