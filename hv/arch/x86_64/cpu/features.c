/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine's processors can do, from CPUID of the boot CPU (AMD APM
 * vol. 3, appendix E; Intel SDM vol. 2, CPUID), and each CPU's set-up from it.
 */
#include <asm/machine.h>
#include <asm/platform.h>
#include <asm/private.h>
#include <asm/vendor.h>
#include <lib/lib.h>
#include "trap.h"

enum { EAX, EBX, ECX, EDX };

struct cpu_features cpu_features __section(".sealed");

/* One register of a leaf, 0 where the leaf is above the highest of its range. */
static __boot uint32_t leaf(uint32_t number, unsigned reg) {
  uint32_t r[4];
  cpuid(number & 0x80000000, 0, r);
  if (number > r[EAX])
    return 0;
  cpuid(number, 0, r);
  return r[reg];
}

static __boot void vendor_init(struct cpu_features *f) {
  uint32_t first = leaf(0, EBX);                       /* of the name's three parts */
  f->amd = first == 0x68747541 || first == 0x6f677948; /* "Auth"enticAMD, "Hygo"nGenuine */
  f->intel = first == 0x756e6547;                      /* "Genu"ineIntel */
}

__boot void cpu_features_init(void) {
  struct cpu_features *f = &cpu_features;
  uint32_t std_c = leaf(1, ECX), seven_b = leaf(7, EBX), ext_d = leaf(0x80000001, EDX);
  vendor_init(f);
  f->pge = leaf(1, EDX) & BIT(13);
  f->x2apic = std_c & BIT(21);
  f->tsc_deadline = std_c & BIT(24);
  f->smep = seven_b & BIT(7);
  f->smap = seven_b & BIT(20);
  f->umip = leaf(7, ECX) & BIT(2);
  f->vmx = std_c & BIT(5);
  f->svm = leaf(0x80000001, ECX) & BIT(2);
  f->nx = ext_d & BIT(20);
  f->page1g = ext_d & BIT(26);
  f->rdtscp = ext_d & BIT(27);
  f->x87_pointers = !f->amd || (leaf(0x80000008, EBX) & BIT(2));
  f->invariant_tsc = leaf(0x80000007, EDX) & BIT(8);
  f->phys_bits = MAX((uint8_t)leaf(0x80000008, EAX), 36);
  f->next_rip = f->svm && (leaf(0x8000000a, EDX) & BIT(3));
  xsave_init(f);
}

static uint64_t cr4_value(const struct cpu_features *f) {
  uint64_t v = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;
  v |= f->pge ? CR4_PGE : 0;
  v |= f->umip ? CR4_UMIP : 0;
  v |= f->smep ? CR4_SMEP : 0;
  v |= f->smap ? CR4_SMAP : 0;
  return v | (f->xsave ? CR4_OSXSAVE : 0);
}

__boot uint64_t x86_map_make(unsigned order, uint8_t **map) {
  mfn_t m = frame_alloc(order, OWNER_HV, FRAME_HV);
  uint64_t size = PAGE_SIZE << order;
  *map = mfn_valid(m) ? mm_map_shared(mfn_to_maddr(m).v, size, true) : NULL;
  if (!*map)
    panic("no memory for the maps of what a guest may do");
  memset(*map, 0xff, size);
  return mfn_to_maddr(m).v;
}

void cpu_init(struct cpu *c) {
  wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
  cr0_write(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
  cr4_write(cr4_value(&cpu_features));
  wrmsr(MSR_PAT, PAT_POWER_ON);
  xcr0_init();
  if (ENABLED(CONFIG_SPECULATION))
    speculation_cpu_init(c);
  trap_cpu_init();
}
