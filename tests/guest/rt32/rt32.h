// SPDX-License-Identifier: Apache-2.0
// The runtime of the 32-bit micro-guests: as small as their tests allow, and with the 32-bit
// layouts of the guest ABI that the headers give this compiler.
#ifndef RT32_H
#define RT32_H

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define PAGE_SIZE              4096u
#define CHECK(name, condition) check_eq(name, !!(condition), 1)

extern const struct hvm_start_info *start_info;
extern void (*hypercall_gate)(void);

void test_main(void);
void check_eq(const char *name, int got, int want);
void say(const char *text);

// EAX; EBX, ECX, EDX, ESI, EDI.
int hypercall5(unsigned number, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t a4, uint32_t a5);
int hypercall2(unsigned number, uint32_t a1, const volatile void *a2);
int hypercall3(unsigned number, uint32_t a1, uint32_t a2, const volatile void *a3);

// Two-level paging with 4 MiB pages, or PAE with 2 MiB pages: the first 64 MiB one to one, and
// single pages from PAGED on.
#define PAGED 0x50000000u
#define PTE_P 1u
#define PTE_W 2u
void paging_enable(int pae);
volatile uint8_t *paging_map(unsigned slot, uint32_t paddr, unsigned flags);
// What is to be checked in each of these modes; names begin with `mode`.
void paging_checks(const char *mode);

#endif
