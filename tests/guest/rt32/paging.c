// SPDX-License-Identifier: Apache-2.0
// Page tables of a 32-bit guest, in both formats, and the checks that hold in both.
#include "rt32.h"

static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint32_t table[1024] __attribute__((aligned(4096)));
static uint64_t pae_pointers[4] __attribute__((aligned(4096)));
static uint64_t pae_directory[4][512] __attribute__((aligned(4096)));
static uint64_t pae_table[512] __attribute__((aligned(4096)));
static uint8_t pages[4][4096] __attribute__((aligned(4096)));
static int is_pae;

static void build_pae(void) {
  for (unsigned i = 0; i < 4; i++)
    pae_pointers[i] = (uintptr_t)pae_directory[i] | PTE_P;
  for (unsigned i = 0; i < 32; i++)
    pae_directory[0][i] = i << 21 | 0x83;
  pae_directory[PAGED >> 30][(PAGED >> 21) & 511] = (uintptr_t)pae_table | 3;
}

static void build_plain(void) {
  for (unsigned i = 0; i < 16; i++)
    directory[i] = i << 22 | 0x83;
  directory[PAGED >> 22] = (uintptr_t)table | 3;
}

void paging_enable(int pae) {
  is_pae = pae;
  pae ? build_pae() : build_plain();
  uint32_t cr4 = pae ? 0x20 : 0x10, root = pae ? (uintptr_t)pae_pointers : (uintptr_t)directory;
  asm volatile("mov %0, %%cr4; mov %1, %%cr3" : : "r"(cr4), "r"(root) : "memory");
  asm volatile("mov %%cr0, %0; or $0x80010000, %0; mov %0, %%cr0; jmp 1f; 1:"
               : "=r"(cr4)
               :
               : "memory");
}

volatile uint8_t *paging_map(unsigned slot, uint32_t paddr, unsigned flags) {
  volatile uint8_t *address = (volatile uint8_t *)(PAGED + slot * PAGE_SIZE);
  if (is_pae)
    pae_table[slot] = paddr | flags;
  else
    table[slot] = paddr | flags;
  asm volatile("invlpg (%0)" : : "r"(address) : "memory");
  return address;
}

static const char *prefix;

static void check(const char *name, int got, int want) {
  char full[64];
  unsigned at = 0;
  for (const char *p = prefix; *p; p++)
    full[at++] = *p;
  for (const char *p = name; *p && at < sizeof(full) - 1; p++)
    full[at++] = *p;
  full[at] = 0;
  check_eq(full, got, want);
}

static int extra_version(volatile uint8_t *to) {
  return hypercall2(__HYPERVISOR_xen_version, XENVER_extraversion, to);
}

static void copies(void) {
  volatile uint8_t *first = paging_map(0, (uintptr_t)pages[2], PTE_P | PTE_W);
  paging_map(1, (uintptr_t)pages[0], PTE_P | PTE_W);
  paging_map(2, 0, 0);
  // Two pages that follow each other here and not in memory.
  for (unsigned i = 0; i < 16; i++)
    first[PAGE_SIZE - 8 + i] = 0xee;
  check(".copy", extra_version(first + PAGE_SIZE - 8), 0);
  check(".copy.first_page", pages[2][PAGE_SIZE - 8] != 0xee, 1);
  check(".copy.second_page", pages[0][0] != 0xee || pages[0][7] != 0xee, 1);
  check(".crosses_unmapped", extra_version(first + 2 * PAGE_SIZE - 8), -XEN_EFAULT);
  check(".unmapped", extra_version(first + 2 * PAGE_SIZE), -XEN_EFAULT);
  check(".unmapped_table", extra_version((volatile uint8_t *)0x60000000), -XEN_EFAULT);
  check(".top", extra_version((volatile uint8_t *)0xfffffffc), -XEN_EFAULT);
  volatile uint8_t *fixed = paging_map(3, (uintptr_t)pages[1], PTE_P);
  check(".read_only", extra_version(fixed), -XEN_EFAULT);
  volatile uint8_t *nowhere = paging_map(4, 0xfd800000, PTE_P | PTE_W);
  check(".no_frame", extra_version(nowhere), -XEN_EFAULT);
}

static void in_and_out(void) {
  volatile struct evtchn_alloc_unbound *arg = (void *)paging_map(5, (uintptr_t)pages[3], 3);
  arg->dom = DOMID_SELF;
  arg->remote_dom = DOMID_SELF;
  check(".in_and_out", hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, arg), 0);
  check(".in_and_out.port", arg->port > 0, 1);
}

void paging_checks(const char *mode) {
  prefix = mode;
  check(".version", hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0) >= 0x40000, 1);
  copies();
  in_and_out();
}
