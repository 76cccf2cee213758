/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's own instructions that guest-state code needs: access to guest
 * memory in the arena, CPUID, XSETBV. Host tests put a header of the same name
 * before this one; nothing else here depends on root mode.
 *
 * Guest memory G of the linked domain stands at ARENA_GUEST + G. G must be
 * below GUEST_GPA_LIMIT: beyond it other slots begin. An access that faults
 * goes through the fix-up table and reports false.
 */
#ifndef ASM_CPU_OPS_H
#define ASM_CPU_OPS_H

#include <asm/layout.h>
#include <asm/msr.h>
#include <asm/platform.h>

#define GUEST_GPA_BITS  (SLOT_BITS + 3)
#define GUEST_GPA_LIMIT ((uint64_t)GUEST_SLOTS << SLOT_BITS)
_Static_assert(GUEST_GPA_LIMIT == BIT(GUEST_GPA_BITS), "the arena's slots are a power of two");

/* Guest memory is mapped with the user bit: only between these two is it reachable (SMAP). */
static inline void user_open(void) {
  if (cpu_features.smap)
    asm volatile("stac" ::: "memory", "cc");
}
static inline void user_close(void) {
  if (cpu_features.smap)
    asm volatile("clac" ::: "memory", "cc");
}

#define USER_FIXUP(insn, label)                                                                    \
  ".pushsection .fixup, \"a\"\n.balign 8\n.quad " insn ", " label "\n.popsection\n"

static inline void *user_pointer(uint64_t gpa) {
  return (void *)(ARENA_GUEST + gpa);
}

#define USER_LOAD(name, type)                                                                      \
  static inline bool name(uint64_t gpa, type *out) {                                               \
    type value;                                                                                    \
    asm volatile goto("1: mov %1, %0\n" USER_FIXUP("1b", "%l[fault]")                              \
                      : "=r"(value)                                                                \
                      : "m"(*(type *)user_pointer(gpa))                                            \
                      :                                                                            \
                      : fault);                                                                    \
    *out = value;                                                                                  \
    return true;                                                                                   \
  fault:                                                                                           \
    return false;                                                                                  \
  }
USER_LOAD(user_load64, uint64_t)
USER_LOAD(user_load32, uint32_t)

/* Replace `old` by `new`; false: it has changed meanwhile, or may not be written. */
#define USER_CAS(name, type)                                                                       \
  static inline bool name(uint64_t gpa, type old, type new) {                                      \
    asm volatile goto("1: lock cmpxchg %2, %1\njne %l[fault]\n" USER_FIXUP("1b", "%l[fault]")      \
                      : "+a"(old), "+m"(*(type *)user_pointer(gpa))                                \
                      : "r"(new)                                                                   \
                      : "cc", "memory"                                                             \
                      : fault);                                                                    \
    return true;                                                                                   \
  fault:                                                                                           \
    return false;                                                                                  \
  }
USER_CAS(user_cas64, uint64_t)
USER_CAS(user_cas32, uint32_t)

/* Copy n bytes; false: a part may have been copied. */
static inline bool user_copy(void *to, const void *from, size_t n) {
  size_t words = n / 8;
  asm volatile goto("1: rep movsq\nmovl %k3, %%ecx\n2: rep movsb\n" USER_FIXUP("1b", "%l[fault]")
                        USER_FIXUP("2b", "%l[fault]")
                    : "+D"(to), "+S"(from), "+c"(words)
                    : "r"((uint32_t)(n % 8))
                    : "memory"
                    : fault);
  return true;
fault:
  return false;
}

static inline bool user_read(void *to, uint64_t gpa, size_t n) {
  return user_copy(to, user_pointer(gpa), n);
}
static inline bool user_write(uint64_t gpa, const void *from, size_t n) {
  return user_copy(user_pointer(gpa), from, n);
}

#endif
