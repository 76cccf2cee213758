/* SPDX-License-Identifier: Apache-2.0 */
/* The fake architecture's part of a vCPU and a domain: what tests set and look at. */
#ifndef ASM_VCPU_H
#define ASM_VCPU_H

#include <lib/types.h>

struct arch_vcpu {
  uint64_t mail;      /* collected by arch_vcpu_mail */
  uint64_t raised[4]; /* vectors raised by arch_vcpu_raise */
  gpa_t entry, start_info;
  bool halted, offline;
  unsigned enters, resets;
};

struct arch_domain {
  int unused;
};

#define FAKE_HEAP_PAGES   8192u
#define FAKE_ROOT_ENTRIES 512u

struct arch_domain_stub {
  mfn_t first;          /* struct domain */
  mfn_t *heap;          /* what each heap page maps; MFN_INVALID: nothing */
  uint8_t *heap_tables; /* the host table of 512 heap pages exists */
  mfn_t root;           /* of the nested page table, once an entry of it was written */
  uint64_t
      guest_slots[FAKE_ROOT_ENTRIES]; /* the arena's view of guest memory: copies of root entries */
  uint64_t seen[16]; /* by CPU: generation up to which its translations are dropped */
};

#endif
