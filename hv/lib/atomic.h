/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic access by the compiler's builtins, with the orders this code uses by
 * name. `full barrier` below means that no load or store passes it either way.
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include <lib/types.h>

#define atomic_load(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store(p, x) __atomic_store_n((p), (x), __ATOMIC_RELEASE)
#define atomic_read(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_write(p, x) __atomic_store_n((p), (x), __ATOMIC_RELAXED)
/* All of these are full barriers. */
#define atomic_swap(p, x)  __atomic_exchange_n((p), (x), __ATOMIC_SEQ_CST)
#define atomic_or(p, x)    __atomic_fetch_or((p), (x), __ATOMIC_SEQ_CST)
#define atomic_and(p, x)   __atomic_fetch_and((p), (x), __ATOMIC_SEQ_CST)
#define atomic_add(p, x)   __atomic_fetch_add((p), (x), __ATOMIC_SEQ_CST)
#define atomic_sub(p, x)   __atomic_fetch_sub((p), (x), __ATOMIC_SEQ_CST)
#define atomic_fence()     __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* If *p == *expected store x and return true, else load *p into *expected. Full barrier. */
#define atomic_cas(p, expected, x)                                                                 \
  __atomic_compare_exchange_n((p), (expected), (x), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

/* Bit operations on arrays of 64-bit words; the first three return the old bit. */
static inline bool bit_test_and_set(uint64_t *map, unsigned n) {
  return (atomic_or(&map[n / 64], BIT(n % 64)) >> (n % 64)) & 1;
}
static inline bool bit_test_and_clear(uint64_t *map, unsigned n) {
  return (atomic_and(&map[n / 64], ~BIT(n % 64)) >> (n % 64)) & 1;
}
static inline bool bit_test(const uint64_t *map, unsigned n) {
  return (atomic_read(&map[n / 64]) >> (n % 64)) & 1;
}

#endif
