/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: the one operation that needs no authority over the domain it asks
 * about (Xen 4.21, public/domctl.h; Debian's 4.17 does not have it yet). The
 * layout is the same for 32-bit and 64-bit guests.
 */
#ifndef ABI_XEN_DOMCTL_H
#define ABI_XEN_DOMCTL_H

#include <stddef.h>
#include <stdint.h>

#define XEN_DOMCTL_get_domain_state           89

#define XEN_DOMCTL_GETDOMSTATE_STATE_EXIST    1
#define XEN_DOMCTL_GETDOMSTATE_STATE_SHUTDOWN 2
#define XEN_DOMCTL_GETDOMSTATE_STATE_DYING    4

struct xen_domctl_get_domain_state {
  uint16_t state; /* XEN_DOMCTL_GETDOMSTATE_STATE_* */
  uint16_t caps;
  uint32_t pad1;
  uint64_t unique_id; /* another one in each life */
  uint64_t pad2[6];
};

/* As much of the structure as the operation needs: Xen's goes on to 144 bytes. */
struct xen_domctl {
  uint32_t cmd;
  uint32_t interface_version;
  uint16_t domain; /* in and out; DOMID_INVALID: any that has changed since it was told */
  uint16_t pad[3];
  struct xen_domctl_get_domain_state state;
};

_Static_assert(sizeof(struct xen_domctl) == 80, "xen_domctl");
_Static_assert(offsetof(struct xen_domctl, state) == 16, "xen_domctl");

#endif
