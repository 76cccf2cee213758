/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error numbers of the Xen ABI (libxen-dev 4.17, xen/errno.h): a call returns
 * them negated.
 */
#ifndef ABI_XEN_ERRNO_H
#define ABI_XEN_ERRNO_H

#define XEN_EPERM      1
#define XEN_ENOENT     2
#define XEN_ESRCH      3
#define XEN_EIO        5
#define XEN_ENXIO      6
#define XEN_ENOMEM     12
#define XEN_EFAULT     14
#define XEN_EBUSY      16
#define XEN_EEXIST     17
#define XEN_EINVAL     22
#define XEN_ENOSPC     28
#define XEN_ERANGE     34
#define XEN_ENOSYS     38
#define XEN_ETIME      62
#define XEN_EOPNOTSUPP 95
#define XEN_ENOBUFS    105

#endif
