/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypercall page, found as PVH guests find it: the MSR that the hypervisor's CPUID leaves name
 * (xen/arch-x86/cpuid.h).
 */
#include <abi/xen/cpuid.h>
#include <abi/xen/hvm.h>
#include <libos/domain.h>
#include <libos/hypercall.h>
#include <libos/page.h>

#include "internal.h"

#define LEAF_STEP   0x100u
#define LEAF_LAST   0x40010000u
#define LEAF_PAGE   2 /* EBX: the MSR */
#define LEAF_DOMAIN 4 /* EAX: what is there; ECX: the domain's number */

uint8_t hypercall_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
bool hypercalls;
static uint32_t first_leaf;

static bool is_xen(uint32_t leaf) {
  struct cpuid r = cpu_id(leaf);
  return r.b == XEN_CPUID_SIGNATURE_EBX && r.c == XEN_CPUID_SIGNATURE_ECX &&
         r.d == XEN_CPUID_SIGNATURE_EDX;
}

void hypercall_init(void) {
  first_leaf = XEN_CPUID_FIRST_LEAF;
  while (!is_xen(first_leaf))
    if ((first_leaf += LEAF_STEP) > LEAF_LAST)
      panic("no hypervisor with Xen's interface");
  cpu_wrmsr(cpu_id(first_leaf + LEAF_PAGE).b, (uintptr_t)hypercall_page);
  hypercalls = true;
}

int domain_id(void) {
  if (cpu_id(first_leaf).a < first_leaf + LEAF_DOMAIN)
    return -1;
  struct cpuid r = cpu_id(first_leaf + LEAF_DOMAIN);
  return r.a & XEN_HVM_CPUID_DOMID_PRESENT ? (int)r.c : -1;
}

uint64_t hvm_param(uint32_t index) {
  struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index};
  int64_t error = hypercall3(__HYPERVISOR_hvm_op, HVMOP_get_param, (uintptr_t)&p, 0);
  return error ? 0 : p.value;
}
