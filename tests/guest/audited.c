// SPDX-License-Identifier: Apache-2.0
// What tests/audit watches: every register and all memory of each domain say whose they are, while
// it does all that crosses domains: grants, events, shared memory, memory given back, restarts.
// Under the auditor it does not end.
/* guest: system=audited.yaml timeout=120 xen=no (it has one domain) */
#include "rt/rt.h"

#define FRONT     1
#define BACK      2
#define PAGES     8
#define FIRST_REF 16
#define RANGE     0xf0000000ul
#define BALLOON   0x800000ul // in memory that nothing else uses
#define CANARY(k) (0x5ca1ab1e0000ul + ((uint64_t)self << 8) + (k))
#define ROUNDS    200
#define A_MINUTE  (60000 * MS)

static domid_t self;
static int endless;
static uint64_t random_state;
static volatile uint64_t rounds_done[2];

static unsigned random(unsigned below) {
  random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
  return (random_state >> 33) % below;
}

// --- Exits with the pattern in every register that the exit does not need.

// result = marked(gate, rax, rdi, rsi, rdx, pattern)
int64_t marked(void (*gate)(void), uint64_t rax, uint64_t rdi, uint64_t rsi, uint64_t rdx,
               uint64_t pattern);
void gate_cpuid(void), gate_msr(void), gate_port(void);
asm(".text\n"
    "marked:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi\n"
    "  mov %rsi, %rax; mov %rdx, %rdi; mov %rcx, %rsi; mov %r8, %rdx; mov %r9, %rbx\n"
    "  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "  lea 0x10+\\n(%rbx), %rcx; movq %rcx, %xmm\\n; punpcklqdq %xmm\\n, %xmm\\n\n"
    "  .endr\n"
    "  .irp n, 0, 1, 2, 3, 4, 5, 6, 7\n"
    "  movq %rbx, %mm\\n\n"
    "  .endr\n"
    "  lea 1(%rbx), %rcx; lea 2(%rbx), %rbp\n"
    "  .irp n, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "  lea \\n(%rbx), %r\\n\n"
    "  .endr\n"
    "  mov %rcx, %dr0; mov %rbp, %dr1; mov %r9, %dr2; mov %r10, %dr3\n"
    "  call *(%rsp)\n"
    "  pop %rdi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n"
    "gate_cpuid: cpuid; ret\n"
    "gate_msr: mov $0x1b, %ecx; rdmsr; ret\n"
    "gate_port: mov $0x5555, %edx; in %dx, %eax; ret\n");

static int64_t call(unsigned number, uint64_t command, void *arg, uint64_t third) {
  return marked(hypercall_gate, number, command, (uintptr_t)arg, third, CANARY(0));
}

static void pause_a_little(void) {
  struct sched_poll poll = {.timeout = time_ns() + 20000 + random(50000)};
  call(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll, 0);
}

static void exits(void) {
  switch (random(6)) {
  case 0:
    marked(gate_cpuid, 0, 0, 0, 0, CANARY(0));
    break;
  case 1:
    marked(gate_msr, 0, 0, 0, 0, CANARY(0));
    break;
  case 2:
    marked(gate_port, 0, 0, 0, 0, CANARY(0));
    break;
  case 3:
    call(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
    break;
  case 4:
    pause_a_little();
    break;
  default:
    call(__HYPERVISOR_xen_version, XENVER_version, 0, 0);
  }
}

// --- Memory.

static void fill(uint64_t from, uint64_t to) {
  for (uint64_t *word = (uint64_t *)from; word < (uint64_t *)to; word++)
    *word = CANARY((uintptr_t)word >> 3 & 7);
}

static void fill_all(void) {
  const struct hvm_memmap_table_entry *map = (const void *)start_info->memmap_paddr;
  uint64_t own = ((uintptr_t)guest_end + PAGE_SIZE - 1) & -PAGE_SIZE;
  for (unsigned i = 0; i < start_info->memmap_entries; i++) {
    uint64_t end = map[i].addr + map[i].size;
    if (map[i].type == XEN_HVM_MEMMAP_TYPE_RAM && end > own && end <= 0x2000000)
      fill(own > map[i].addr ? own : map[i].addr, end);
  }
}

static uint64_t any_bit(const uint64_t *words, unsigned count) {
  uint64_t any = 0;
  while (count--)
    any |= *words++;
  return any;
}

// A few pages with the pattern in them are given back; what comes in their place must be zero.
static void balloon(void) {
  xen_pfn_t gfn[4];
  unsigned first = random(256);
  struct xen_memory_reservation arg = {.nr_extents = 4, .domid = DOMID_SELF};
  for (unsigned i = 0; i < 4; i++)
    gfn[i] = BALLOON / PAGE_SIZE + first + i;
  set_xen_guest_handle(arg.extent_start, gfn);
  call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &arg, 0);
  exits();
  if (call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &arg, 0) != 4)
    check_true("audited.populate", 0, "a page is not there");
  if (any_bit((void *)(BALLOON + first * PAGE_SIZE), 4 * 512))
    check_true("audited.scrubbed", 0, "a page had something in it");
  fill(BALLOON + first * PAGE_SIZE, BALLOON + (first + 4) * PAGE_SIZE);
}

// --- The front grants pages, changes which, and starts again at times.

static int in_use(unsigned ref) {
  volatile grant_entry_v1_t *entry = &grant_table()[ref];
  uint16_t old = entry->flags & ~(GTF_reading | GTF_writing);
  return !__sync_bool_compare_and_swap(&entry->flags, old, 0);
}

static void front(unsigned round) {
  static uint64_t *page[2 * PAGES];
  unsigned ref = random(PAGES), which = random(2) * PAGES + ref;
  if (!page[which])
    page[which] = page_alloc();
  if (round % 4 == 0 && !in_use(FIRST_REF + ref))
    grant_allow(FIRST_REF + ref, BACK, (uintptr_t)page[which] / PAGE_SIZE,
                ref % 4 == 3 ? GTF_readonly : 0);
  volatile uint64_t *range = vm_map(3, RANGE, PTE_P | PTE_W);
  range[random(512)] = round;
}

// --- The back maps them, reads and writes, copies, and lets go after some exits.

static void back(unsigned round) {
  static uint64_t hole, buffer[512] __attribute__((aligned(PAGE_SIZE)));
  unsigned ref = random(PAGES), readonly = ref % 4 == 3 ? GNTMAP_readonly : 0;
  grant_handle_t handle;
  if (!hole)
    hole = hole_alloc();
  if (grant_map(FRONT, FIRST_REF + ref, hole, readonly, &handle) == GNTST_okay) {
    volatile uint64_t *page = (void *)(hole * PAGE_SIZE);
    if (!readonly)
      page[1] = round;
    for (unsigned i = random(4); i; i--)
      exits();
    grant_unmap(handle, hole);
  }
  struct gnttab_copy copy = {.source = {.u.ref = FIRST_REF + ref, .domid = FRONT},
                             .dest = {.u.gmfn = (uintptr_t)buffer / PAGE_SIZE, .domid = DOMID_SELF},
                             .len = 64,
                             .flags = GNTCOPY_source_gref};
  call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &copy, 1);
}

static void turn(unsigned round) {
  if (self == FRONT)
    front(round);
  if (self == BACK)
    back(round);
  if (self != BACK && round % 8 == 0)
    evtchn_send(2); // whoever it leads to
  if (round % 16 == 3)
    balloon();
  exits();
}

static void second(void) {
  for (;;) {
    exits();
    rounds_done[1]++;
  }
}

void test_main(void) {
  self = own_domid();
  endless = role("endless");
  random_state = self * 77 + rdtsc();
  fill_all();
  if (self == FRONT)
    check_eq("audited.second", cpu_start(1, second), 0);
  for (unsigned round = 0; endless || round < ROUNDS; round++) {
    turn(round);
    rounds_done[0]++;
    if (endless && self != BACK && round == 300u + 100 * self)
      shutdown(SHUTDOWN_reboot);
  }
  CHECK("audited.worked", rounds_done[0] == ROUNDS);
}
