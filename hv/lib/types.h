/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types that everything in root mode uses. An address or a frame number is a
 * one-member struct, in every build, so that the compiler tells a machine
 * frame from a guest frame.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* Machine frame number: physical address / 4096. Frames are below 2^32 - 1 (16 TiB). */
typedef struct {
  uint64_t v;
} mfn_t;
/* Guest frame number: guest-physical address / 4096. */
typedef struct {
  uint64_t v;
} gfn_t;
/* Machine-physical address, bytes. */
typedef struct {
  uint64_t v;
} maddr_t;
/* Guest-physical address, bytes. */
typedef struct {
  uint64_t v;
} gpa_t;
/* Guest-linear address, bytes, as a guest passes it in a hypercall. */
typedef struct {
  uint64_t v;
} gva_t;

#define MFN(x)      ((mfn_t){(x)})
#define GFN(x)      ((gfn_t){(x)})
#define MADDR(x)    ((maddr_t){(x)})
#define GPA(x)      ((gpa_t){(x)})
#define GVA(x)      ((gva_t){(x)})
#define MFN_INVALID MFN(~0ull)

static inline bool mfn_valid(mfn_t m) {
  return m.v != ~0ull;
}
static inline maddr_t mfn_to_maddr(mfn_t m) {
  return MADDR(m.v << PAGE_SHIFT);
}
static inline mfn_t maddr_to_mfn(maddr_t a) {
  return MFN(a.v >> PAGE_SHIFT);
}
static inline gfn_t gpa_to_gfn(gpa_t a) {
  return GFN(a.v >> PAGE_SHIFT);
}

#define ARRAY_SIZE(a)             (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)            (((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)          ((x) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a)          (((x) & ((a)-1)) == 0)
#define DIV_ROUND_UP(x, y)        (((x) + (y)-1) / (y))
#define MIN(a, b)                 ((a) < (b) ? (a) : (b))
#define MAX(a, b)                 ((a) > (b) ? (a) : (b))
#define BIT(n)                    (1ull << (n))
#define container_of(p, t, m)     ((t *)((char *)(p)-offsetof(t, m)))

#define __unused_param            __attribute__((unused))
#define __noreturn                __attribute__((noreturn))
#define __packed                  __attribute__((packed))
#define __aligned(n)              __attribute__((aligned(n)))
#define __section(s)              __attribute__((section(s)))
#define __must_check              __attribute__((warn_unused_result))

/* What is not built is never called: `ENABLED(option) ? call : -XEN_ENOSYS`, and the compiler drops
 * the call. ENABLED is 1 for an option that is defined as 1. */
#define ENABLED_1                 0,
#define ENABLED_SECOND(a, b, ...) b
#define ENABLED_EXPAND(x)         ENABLED_SECOND(x 1, 0, 0)
#define ENABLED_PASTE(value)      ENABLED_EXPAND(ENABLED_##value)
#define ENABLED(option)           ENABLED_PASTE(option)

#define likely(x)                 __builtin_expect(!!(x), 1)
#define unlikely(x)               __builtin_expect(!!(x), 0)

/* Code and data that only boot uses; their frames are freed before the first guest runs. */
#define __boot                    __section(".boot.text")
#define __boot_data               __section(".boot.data")

#endif
