/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPUID leaves of the hypervisor (libxen-dev 4.17, xen/arch-x86/cpuid.h).
 */
#ifndef ABI_XEN_CPUID_H
#define ABI_XEN_CPUID_H

#define XEN_CPUID_FIRST_LEAF          0x40000000u
#define XEN_CPUID_MAX_NUM_LEAVES      5
#define XEN_CPUID_SIGNATURE_EBX       0x566e6558u /* "XenV" */
#define XEN_CPUID_SIGNATURE_ECX       0x65584d4du /* "MMXe" */
#define XEN_CPUID_SIGNATURE_EDX       0x4d4d566eu /* "nVMM" */

#define XEN_HVM_CPUID_VCPU_ID_PRESENT (1u << 3)
#define XEN_HVM_CPUID_DOMID_PRESENT   (1u << 4)
#define XEN_HVM_CPUID_UPCALL_VECTOR   (1u << 6)

#endif
