/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structures in shared memory that a 32-bit guest lays out otherwise than a
 * 64-bit one: longs and pointers have 4 bytes, and 64-bit members are aligned
 * to 4 (libxen-dev 4.17, xen/foreign/x86_32.h). Arguments of calls follow the
 * same rule; hv/xen/errno.c widens them.
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
  uint32_t arch[6];
  uint32_t wc_sec_hi;
};

struct compat_vcpu_runstate_info {
  int32_t state;
  uint64_t state_entry_time;
  uint64_t time[4];
};

#pragma pack(pop)

_Static_assert(sizeof(struct compat_vcpu_info) == 64, "compat_vcpu_info");
_Static_assert(offsetof(struct compat_vcpu_info, time) == 32, "compat_vcpu_info");
_Static_assert(offsetof(struct compat_shared_info, evtchn_pending) == 2048, "compat_shared_info");
_Static_assert(offsetof(struct compat_shared_info, evtchn_mask) == 2176, "compat_shared_info");
_Static_assert(offsetof(struct compat_shared_info, wc_version) == 2304, "compat_shared_info");
_Static_assert(offsetof(struct compat_shared_info, wc_sec_hi) == 2340, "compat_shared_info");
_Static_assert(sizeof(struct compat_vcpu_runstate_info) == 44, "compat_vcpu_runstate_info");

#endif
