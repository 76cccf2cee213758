// SPDX-License-Identifier: Apache-2.0
// FPU, SSE and (where shown) AVX registers of two vCPUs that share a CPU stay apart,
// and are what they were after the hypervisor has cleared pages with its own use of them.
/* guest: vcpus=2 smp=1 xen-smp=1 xen-args="dom0_max_vcpus=2" */
#include "rt/rt.h"

static volatile unsigned rounds[2], bad[2], pages_changed[2];
static int has_avx;

struct image {
  uint8_t ymm[16][32];
  uint32_t mxcsr;
  uint16_t control;
};

#define EACH(op)                                                                                   \
  op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14)   \
      op(15)
#define LOAD_SSE(n) asm volatile("movups %0, %%xmm" #n : : "m"(image->ymm[n]));
#define SAVE_SSE(n) asm volatile("movups %%xmm" #n ", %0" : "=m"(image->ymm[n]));
#define LOAD_AVX(n) asm volatile("vmovups %0, %%ymm" #n : : "m"(image->ymm[n]));
#define SAVE_AVX(n) asm volatile("vmovups %%ymm" #n ", %0" : "=m"(image->ymm[n]));

static void load(const struct image *image) {
  if (has_avx) {
    EACH(LOAD_AVX)
  } else {
    EACH(LOAD_SSE)
  }
  asm volatile("ldmxcsr %0; fninit; fldcw %1; fldpi" : : "m"(image->mxcsr), "m"(image->control));
}

static void save(struct image *image) {
  if (has_avx) {
    EACH(SAVE_AVX)
  } else {
    EACH(SAVE_SSE)
  }
  asm volatile("stmxcsr %0; fnstcw %1" : "=m"(image->mxcsr), "=m"(image->control));
}

// Gives a page back and takes another for it, which is cleared on the way.
static void change_page(unsigned me) {
  xen_pfn_t gfn = 0x800 + me; // 8 MiB and the page after
  struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(r.extent_start, &gfn);
  pages_changed[me] += memory_op(XENMEM_decrease_reservation, &r) == 1;
  pages_changed[me] += memory_op(XENMEM_populate_physmap, &r) == 1;
}

static void work(void) {
  static struct image want[2], got[2];
  unsigned me = this_cpu()->vcpu;
  if (has_avx) {
    write_cr4(read_cr4() | CR4_OSXSAVE);
    asm volatile("xsetbv" : : "a"(7), "d"(0), "c"(0));
  }
  for (unsigned i = 0; i < 16; i++)
    memset(want[me].ymm[i], me * 0x80 + i + 1, has_avx ? 32 : 16);
  want[me].mxcsr = me ? 0x1f80 : 0x9fc0;
  want[me].control = me ? 0x37f : 0x27f;
  load(&want[me]);
  for (unsigned i = 0; i < 300; i++) {
    if (i % 3)
      sched_op(SCHEDOP_yield, 0);
    else if (i % 2)
      change_page(me);
    else
      delay_ns(MS / 4);
    save(&got[me]);
    bad[me] += memcmp(&want[me], &got[me], sizeof(want[me])) != 0;
    rounds[me]++;
  }
}

static void second_vcpu(void) {
  work();
  for (;;)
    cpu_relax();
}

void test_main(void) {
  has_avx = (cpuid(1, 0).ecx >> 26 & 1) && (cpuid(1, 0).ecx >> 28 & 1);
  printf("AVX %s\n", has_avx ? "shown" : "not shown");
  check_eq("fpu_state.start", cpu_start(1, second_vcpu), 0);
  work();
  CHECK("fpu_state.both_ran", WAIT(rounds[1] == 300, 5000 * MS));
  check_eq("fpu_state.pages", pages_changed[0] + pages_changed[1], 2 * 2 * 50);
  check_eq("fpu_state.first", bad[0], 0);
  check_eq("fpu_state.second", bad[1], 0);
}
