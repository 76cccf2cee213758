/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Xen guest ABI: numbers and shared structures. Facts from the headers of
 * Debian's libxen-dev 4.17 (xen/xen.h, arch-x86/xen.h), written anew: pointers
 * and longs are the 64-bit guest's, as plain integers. What a 32-bit guest
 * sees stands in compat.h.
 */
#ifndef ABI_XEN_XEN_H
#define ABI_XEN_XEN_H

#include <stddef.h>
#include <stdint.h>

#define __HYPERVISOR_platform_op         7
#define __HYPERVISOR_memory_op           12
#define __HYPERVISOR_multicall           13
#define __HYPERVISOR_set_timer_op        15
#define __HYPERVISOR_xen_version         17
#define __HYPERVISOR_console_io          18
#define __HYPERVISOR_grant_table_op      20
#define __HYPERVISOR_vm_assist           21
#define __HYPERVISOR_iret                23
#define __HYPERVISOR_vcpu_op             24
#define __HYPERVISOR_sched_op            29
#define __HYPERVISOR_event_channel_op    32
#define __HYPERVISOR_hvm_op              34
#define __HYPERVISOR_sysctl              35
#define __HYPERVISOR_domctl              36
#define __HYPERVISOR_argo_op             39
#define __HYPERVISOR_xenpmu_op           40
#define __HYPERVISOR_dm_op               41
#define __HYPERVISOR_hypfs_op            42

#define VIRQ_TIMER                       0
#define VIRQ_DEBUG                       1
#define VIRQ_CONSOLE                     2 /* the serial line that the domain has, or the log */
#define VIRQ_DOM_EXC                     3
#define VIRQ_XENOPROF                    7
#define VIRQ_XENPMU                      13
#define NR_VIRQS                         24

#define CONSOLEIO_write                  0
#define CONSOLEIO_read                   1

#define VMASST_CMD_enable                0
#define VMASST_CMD_disable               1
#define VMASST_TYPE_runstate_update_flag 5

#define DOMID_FIRST_RESERVED             0x7FF0u
#define DOMID_SELF                       0x7FF0u
#define DOMID_XEN                        0x7FF2u
#define DOMID_INVALID                    0x7FF4u

#define XEN_LEGACY_MAX_VCPUS             32

#define XEN_PVCLOCK_TSC_STABLE_BIT       1u

/* 32 bytes in either mode. */
struct vcpu_time_info {
  uint32_t version; /* odd while it changes */
  uint32_t pad0;
  uint64_t tsc_timestamp;
  uint64_t system_time; /* ns since boot, at tsc_timestamp */
  uint32_t tsc_to_system_mul;
  int8_t tsc_shift; /* ns = ((ticks << shift) * mul) >> 32 */
  uint8_t flags;    /* XEN_PVCLOCK_* */
  uint8_t pad1[2];
};

struct vcpu_info {
  uint8_t evtchn_upcall_pending;
  uint8_t evtchn_upcall_mask;
  uint64_t evtchn_pending_sel;
  uint64_t arch_cr2;
  uint64_t arch_pad;
  struct vcpu_time_info time;
};

struct shared_info {
  struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
  uint64_t evtchn_pending[64];
  uint64_t evtchn_mask[64];
  uint32_t wc_version; /* odd while it changes */
  uint32_t wc_sec;     /* wall clock at system time 0, seconds since 1970 */
  uint32_t wc_nsec;
  uint32_t wc_sec_hi;
  uint64_t arch[6]; /* for guests that are not translated */
};

struct multicall_entry {
  uint64_t op, result;
  uint64_t args[6];
};

_Static_assert(sizeof(struct vcpu_time_info) == 32, "vcpu_time_info");
_Static_assert(sizeof(struct vcpu_info) == 64, "vcpu_info");
_Static_assert(offsetof(struct vcpu_info, evtchn_pending_sel) == 8, "vcpu_info");
_Static_assert(offsetof(struct vcpu_info, time) == 32, "vcpu_info");
_Static_assert(offsetof(struct shared_info, evtchn_pending) == 2048, "shared_info");
_Static_assert(offsetof(struct shared_info, evtchn_mask) == 2560, "shared_info");
_Static_assert(offsetof(struct shared_info, wc_version) == 3072, "shared_info");
_Static_assert(sizeof(struct shared_info) == 3136, "shared_info");

#endif
