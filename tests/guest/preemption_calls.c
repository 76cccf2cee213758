// SPDX-License-Identifier: Apache-2.0
// A long list of hypercalls is interrupted when its vCPU's turn is over: a sibling on the same CPU
// waits no longer than for a guest that computes.
/* guest: vcpus=2 smp=1 icount=1 xen=no (its time is not counted in instructions there) */
#include "rt/rt.h"

#define PAGES   512
#define ENTRIES (PAGES * PAGE_SIZE / sizeof(struct multicall_entry))

static volatile int stop, rounds;
static char text[1024];

// One page of calls, over and over.
static struct multicall_entry *make_list(void) {
  struct multicall_entry *page = page_alloc(), *list = NULL;
  for (unsigned i = PAGES; i-- > 0;)
    list = vm_map(i, (uintptr_t)page, PTE_P | PTE_W);
  for (unsigned i = 0; i < PAGE_SIZE / sizeof(*page); i++)
    page[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                       .args = {XENVER_commandline, (uintptr_t)text}};
  return list;
}

static struct multicall_entry *list;

static void second_vcpu(void) {
  for (; !stop; rounds++)
    if (hypercall3(__HYPERVISOR_multicall, (uintptr_t)list, ENTRIES, 0))
      rounds = -100;
  for (;;)
    asm volatile("cli; hlt");
}

void test_main(void) {
  uint64_t longest = 0, last;
  list = make_list();
  check_eq("preemption_calls.start", cpu_start(1, second_vcpu), 0);
  last = time_ns();
  /* A slow hypervisor, one with counters in it, takes longer than that for one list. */
  for (uint64_t begin = last, now;
       last < begin + 500 * MS || (!rounds && last < begin + 20000 * MS); last = now) {
    now = time_ns();
    longest = now - last > longest ? now - last : longest;
  }
  stop = 1;
  printf("%d lists, longest wait %lu us\n", rounds, longest / 1000);
  CHECK("preemption_calls.list_ran", rounds > 0);
  CHECK("preemption_calls.waited", longest > 5 * MS);
  CHECK("preemption_calls.not_for_the_list", longest < 25 * MS);
}
