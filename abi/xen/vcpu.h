/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vcpu_op (libxen-dev 4.17, xen/vcpu.h, xen/hvm/hvm_vcpu.h).
 */
#ifndef ABI_XEN_VCPU_H
#define ABI_XEN_VCPU_H

#include <stddef.h>
#include <stdint.h>

#define VCPUOP_initialise                     0
#define VCPUOP_up                             1
#define VCPUOP_down                           2
#define VCPUOP_is_up                          3
#define VCPUOP_get_runstate_info              4
#define VCPUOP_register_runstate_memory_area  5
#define VCPUOP_set_periodic_timer             6
#define VCPUOP_stop_periodic_timer            7
#define VCPUOP_set_singleshot_timer           8
#define VCPUOP_stop_singleshot_timer          9
#define VCPUOP_register_vcpu_info             10
#define VCPUOP_send_nmi                       11
#define VCPUOP_get_physid                     12
#define VCPUOP_register_vcpu_time_memory_area 13

#define XEN_RUNSTATE_UPDATE                   (1ull << 63)
struct vcpu_runstate_info {
  int32_t state;
  uint64_t state_entry_time; /* ns; XEN_RUNSTATE_UPDATE while it changes */
  uint64_t time[4];
};

#define VCPU_SSHOTTMR_future 1u
struct vcpu_set_singleshot_timer {
  uint64_t timeout_abs_ns;
  uint32_t flags;
};

struct vcpu_register_vcpu_info {
  uint64_t mfn; /* a guest frame number */
  uint32_t offset;
  uint32_t rsvd;
};

_Static_assert(sizeof(struct vcpu_runstate_info) == 48, "vcpu_runstate_info");
_Static_assert(sizeof(struct vcpu_set_singleshot_timer) == 16, "vcpu_set_singleshot_timer");

#endif
