/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states in which the two ends of a paravirtual device find each other, as the decimal number
 * in each end's `state` node (libxen-dev 4.17, xen/io/xenbus.h).
 */
#ifndef ABI_XEN_IO_XENBUS_H
#define ABI_XEN_IO_XENBUS_H

enum xenbus_state {
  XenbusStateUnknown = 0,
  XenbusStateInitialising = 1,
  XenbusStateInitWait = 2,
  XenbusStateInitialised = 3,
  XenbusStateConnected = 4,
  XenbusStateClosing = 5,
  XenbusStateClosed = 6,
};

#endif
