/* SPDX-License-Identifier: Apache-2.0 */
/* The list of abi_list.def as numbers: by our headers (with our compat structures as the second
 * column), by Debian's for 64 bits, or by Debian's for 32 bits, where the first column counts. */
#include <stddef.h>
#include <stdint.h>

#ifdef OURS
#include <abi/xen/compat.h>
#include <abi/xen/cpuid.h>
#include <abi/xen/errno.h>
#include <abi/xen/event_channel.h>
#include <abi/xen/io/blkif.h>
#include <abi/xen/io/netif.h>
#include <abi/xen/io/xenbus.h>
#include <abi/xen/grant_table.h>
#include <abi/xen/hvm.h>
#include <abi/xen/memory.h>
#include <abi/xen/sched.h>
#include <abi/xen/hvm_vcpu.h>
#include <abi/xen/vcpu.h>
#include <abi/xen/version.h>
#include <abi/xen/xs_wire.h>
#include "compat_arguments.h"
#define TABLE                       abi_ours
/* Structures of memory.h have Xen's prefix, their compat ones have not. */
#define NATIVE_memory_reservation   xen_memory_reservation
#define NATIVE_add_to_physmap       xen_add_to_physmap
#define NATIVE_add_to_physmap_batch xen_add_to_physmap_batch
#define NATIVE_remove_from_physmap  xen_remove_from_physmap
#define NATIVE_memory_map           xen_memory_map
#define NATIVE_mem_acquire_resource xen_mem_acquire_resource
#define xen_wc_sec_hi               wc_sec_hi
#define COMPAT_NAME(s)              compat_##s
#else
#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/hvm/params.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#undef xen_wc_sec_hi
#ifdef __i386__
#define TABLE         abi_debian32
#define xen_wc_sec_hi arch.wc_sec_hi
#else
#define TABLE         abi_debian
#define xen_wc_sec_hi wc_sec_hi
#endif
#define NATIVE_memory_reservation   xen_memory_reservation
#define NATIVE_add_to_physmap       xen_add_to_physmap
#define NATIVE_add_to_physmap_batch xen_add_to_physmap_batch
#define NATIVE_remove_from_physmap  xen_remove_from_physmap
#define NATIVE_memory_map           xen_memory_map
#define NATIVE_mem_acquire_resource xen_mem_acquire_resource
#define COMPAT_NAME(s)              NATIVE_NAME(s)
#endif

#define NATIVE_vcpu_info          vcpu_info
#define NATIVE_shared_info        shared_info
#define NATIVE_multicall_entry    multicall_entry
#define NATIVE_sched_poll         sched_poll
#define NATIVE_gnttab_setup_table gnttab_setup_table
#define NATIVE_gnttab_transfer    gnttab_transfer
#define NATIVE_gnttab_copy        gnttab_copy
#define NATIVE_vcpu_runstate_info vcpu_runstate_info
#define NATIVE_NAME(s)            NATIVE_##s
#define SIZEOF(s)                 sizeof(struct s)
#define OFFSETOF(s, m)            offsetof(struct s, m)

/* Column 0: for 64 bits; column 1: for 32 bits. 0xffffffff: no such number. */
extern const uint32_t TABLE[][2];
__attribute__((section(".abi"))) const uint32_t TABLE[][2] = {
#define VALUE(v)            {(uint32_t)(v), (uint32_t)(v)},
#define OFFSET(s, m)        {OFFSETOF(s, m), 0xffffffff},
#define SIZE(s)             {SIZEOF(s), 0xffffffff},
#define BOTH_SIZE(s)        {SIZEOF(s), SIZEOF(s)},
#define BOTH_OFFSET(s, m)   {OFFSETOF(s, m), OFFSETOF(s, m)},
#define COMPAT_SIZE(s)      {SIZEOF(NATIVE_NAME(s)), SIZEOF(COMPAT_NAME(s))},
#define COMPAT_OFFSET(s, m) {OFFSETOF(NATIVE_NAME(s), m), OFFSETOF(COMPAT_NAME(s), m)},
#include "abi_list.def"
};
