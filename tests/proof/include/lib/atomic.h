/* SPDX-License-Identifier: Apache-2.0 */
/* What hv/lib/atomic.h means to one CPU: Eva follows one. */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include <lib/types.h>

#define atomic_load(p)     (*(p))
#define atomic_read(p)     (*(p))
#define atomic_store(p, x) ((void)(*(p) = (x)))
#define atomic_write(p, x) ((void)(*(p) = (x)))
#define atomic_fence()     ((void)0)
#define atomic_change(p, op, x)                                                                    \
  ({                                                                                               \
    __typeof__(*(p)) old_ = *(p);                                                                  \
    *(p) = (__typeof__(*(p)))(old_ op(x));                                                         \
    old_;                                                                                          \
  })
#define atomic_sub(p, x) atomic_change(p, -, x)
#define atomic_add(p, x) atomic_change(p, +, x)
#define atomic_cas(p, expected, x)                                                                 \
  (*(p) == *(expected) ? (*(p) = (x), true) : (*(expected) = *(p), false))

#endif
