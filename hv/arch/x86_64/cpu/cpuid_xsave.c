/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guests see of XSAVE: leaf 13, and which values XCR0 may have (AMD APM vol. 3,
 * appendix E). xsave_none.c is the twin of a build without.
 */
#include <asm/cpu_ops.h>
#include <asm/vendor.h>
#include <lib/lib.h>

enum { EAX, EBX, ECX, EDX };

#define LEAVES 10 /* components 0 to 9 */

/* Written once, at boot. */
static uint32_t leaves[LEAVES][4] __section(".sealed");
static uint64_t allowed __section(".sealed");

__boot void cpuid_xsave_init(void) {
  memset(leaves, 0, sizeof(leaves));
  allowed = 0;
  if (!(cpuid_policy(1, ECX) & BIT(26)))
    return;
  uint64_t wanted = 3;
  wanted |= cpuid_policy(1, ECX) & BIT(28) ? BIT(2) : 0;
  wanted |= cpuid_policy(7, EBX) & BIT(16) ? 0xe0 : 0;
  allowed = wanted & cpu_features.xcr0;
  for (unsigned i = 1; i < LEAVES; i++) {
    uint32_t r[4];
    cpuid(0xd, i, r);
    if (i == 1) {
      leaves[1][EAX] =
          r[EAX] & (cpu_features.xsaves ? 15 : 7); /* XSAVEOPT XSAVEC XGETBV(1) XSAVES */
    } else if (allowed & BIT(i)) {
      leaves[i][EAX] = r[EAX];
      leaves[i][EBX] = r[EBX];
      leaves[i][ECX] = r[ECX] & BIT(1); /* aligned when compacted; user state */
    }
  }
}

/* SDM vol. 1, 13.3: x87 always, AVX needs SSE, AVX-512 is three bits and needs AVX. */
bool xcr0_legal(uint64_t value) {
  if ((value & ~allowed) || !(value & 1))
    return false;
  if ((value & 4) && !(value & 2))
    return false;
  return !(value & 0xe0) || ((value & 0xe0) == 0xe0 && (value & 4));
}

static uint32_t standard_size(uint64_t xcr0) {
  uint32_t size = 576; /* legacy area and header */
  for (unsigned i = 2; i < LEAVES; i++)
    if (xcr0 & BIT(i))
      size = MAX(size, leaves[i][EBX] + leaves[i][EAX]);
  return size;
}

static uint32_t compacted_size(uint64_t xcr0) {
  uint32_t size = 576;
  for (unsigned i = 2; i < LEAVES; i++)
    if (xcr0 & BIT(i)) {
      if (leaves[i][ECX] & BIT(1))
        size = ALIGN_UP(size, 64u);
      size += leaves[i][EAX];
    }
  return size;
}

void cpuid_xsave_leaf(struct vcpu *v, uint32_t sub, uint32_t out[4]) {
  if (sub >= LEAVES || !allowed)
    return;
  memcpy(out, leaves[sub], sizeof(leaves[sub]));
  if (sub == 0) {
    out[EAX] = (uint32_t)allowed;
    out[EBX] = standard_size(fpu_get_xcr0(v));
    out[ECX] = standard_size(allowed);
    out[EDX] = (uint32_t)(allowed >> 32);
  } else if (sub == 1) {
    out[EBX] = compacted_size(fpu_get_xcr0(v));
  }
}
