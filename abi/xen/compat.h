/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structures that a 32-bit guest lays out otherwise than a 64-bit one:
 * longs and pointers have 4 bytes, and 64-bit members are aligned to 4. Facts
 * from libxen-dev 4.17 (xen/foreign/x86_32.h and the i386 view of the others).
 */
#ifndef ABI_XEN_COMPAT_H
#define ABI_XEN_COMPAT_H

#include <abi/xen/xen.h>

#pragma pack(push, 4)

struct compat_vcpu_info {
  uint8_t evtchn_upcall_pending;
  uint8_t evtchn_upcall_mask;
  uint32_t evtchn_pending_sel;
  uint32_t arch_cr2;
  uint32_t arch_pad[5];
  struct vcpu_time_info time;
};

struct compat_shared_info {
  struct compat_vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
  uint32_t evtchn_pending[32];
  uint32_t evtchn_mask[32];
  uint32_t wc_version;
  uint32_t wc_sec;
  uint32_t wc_nsec;
  uint32_t max_pfn;
  uint32_t pfn_to_mfn_frame_list_list;
  uint32_t nmi_reason;
  uint32_t p2m_cr3;
  uint32_t p2m_vaddr;
  uint32_t p2m_generation;
  uint32_t wc_sec_hi;
};

struct compat_multicall_entry {
  uint32_t op, result;
  uint32_t args[6];
};

struct compat_sched_poll {
  uint32_t ports;
  uint32_t nr_ports;
  uint64_t timeout;
};

struct compat_vcpu_runstate_info {
  int32_t state;
  uint64_t state_entry_time;
  uint64_t time[4];
};

struct compat_memory_reservation {
  uint32_t extent_start;
  uint32_t nr_extents;
  uint32_t extent_order;
  uint32_t mem_flags;
  uint16_t domid;
};

struct compat_add_to_physmap {
  uint16_t domid;
  uint16_t size;
  uint32_t space;
  uint32_t idx;
  uint32_t gpfn;
};

struct compat_add_to_physmap_batch {
  uint16_t domid;
  uint16_t space;
  uint16_t size;
  uint16_t extra;
  uint32_t idxs;
  uint32_t gpfns;
  uint32_t errs;
};

struct compat_remove_from_physmap {
  uint16_t domid;
  uint32_t gpfn;
};

struct compat_memory_map {
  uint32_t nr_entries;
  uint32_t buffer;
};

#pragma pack(pop)

_Static_assert(sizeof(struct compat_vcpu_info) == 64, "compat_vcpu_info");
_Static_assert(offsetof(struct compat_vcpu_info, time) == 32, "compat_vcpu_info");
_Static_assert(offsetof(struct compat_shared_info, evtchn_pending) == 2048, "compat_shared_info");
_Static_assert(offsetof(struct compat_shared_info, evtchn_mask) == 2176, "compat_shared_info");
_Static_assert(offsetof(struct compat_shared_info, wc_version) == 2304, "compat_shared_info");
_Static_assert(offsetof(struct compat_shared_info, wc_sec_hi) == 2340, "compat_shared_info");
_Static_assert(sizeof(struct compat_sched_poll) == 16, "compat_sched_poll");
_Static_assert(sizeof(struct compat_vcpu_runstate_info) == 44, "compat_vcpu_runstate_info");
_Static_assert(sizeof(struct compat_memory_reservation) == 20, "compat_memory_reservation");
_Static_assert(sizeof(struct compat_add_to_physmap) == 16, "compat_add_to_physmap");
_Static_assert(sizeof(struct compat_add_to_physmap_batch) == 20, "compat_add_to_physmap_batch");

#endif
