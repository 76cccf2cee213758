// SPDX-License-Identifier: Apache-2.0
// Memory that a channel shares: the borrower sees what the owner writes, writes where it may, and
// finds the same after it has started again; the owner cannot give the range back.
/* guest: system=lend.yaml timeout=120 xen=no (it has one domain) */
#include "rt/rt.h"

#define WRITABLE 0xf0000000ul
#define READABLE 0xf0200000ul
#define LAST     (READABLE + (3ul << 20) - PAGE_SIZE)
#define MAGIC    0x1e4d1e4d
#define A_MINUTE (60000 * MS)

static volatile uint64_t *open(unsigned slot, uint64_t address) {
  return vm_map(slot, address, PTE_P | PTE_W);
}

static int64_t give_back(uint64_t address) {
  xen_pfn_t gfn = address / PAGE_SIZE;
  struct xen_memory_reservation arg = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(arg.extent_start, &gfn);
  return memory_op(XENMEM_decrease_reservation, &arg);
}

// word[0]: the owner is ready; [1]: lives of the borrower; [2]: what it wrote.
static void owner(volatile uint64_t *word, volatile uint64_t *last) {
  last[3] = 0x77;
  word[0] = MAGIC;
  CHECK("lend.owner.two_lives", WAIT(word[1] == 2, A_MINUTE));
  check_eq("lend.owner.sees", word[2], 0x5a5a);
  check_eq("lend.owner.untouched", last[3], 0x77);
  check_eq("lend.owner.give_back", give_back(WRITABLE), 0);
}

static void borrower(volatile uint64_t *word, volatile uint64_t *last) {
  CHECK("lend.borrower.ready", WAIT(word[0] == MAGIC, A_MINUTE));
  check_eq("lend.borrower.sees", last[3], 0x77);
  TRY("movq $1, (%0)", TRY_NO_OUTPUT, "r"(&last[3]));
  check_eq("lend.borrower.read_only", last[3], 0x77);
  check_eq("lend.borrower.give_back", give_back(WRITABLE), 0);
  check_eq("lend.borrower.behind", open(2, LAST + PAGE_SIZE)[0], -1);
  word[2] = 0x5a5a;
  word[1]++;
  if (word[1] == 1)
    shutdown(SHUTDOWN_reboot);
}

void test_main(void) {
  volatile uint64_t *word = open(0, WRITABLE), *last = open(1, LAST);
  if (role("owner"))
    owner(word, last);
  else
    borrower(word, last);
}
