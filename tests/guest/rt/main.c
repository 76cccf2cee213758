// SPDX-License-Identifier: Apache-2.0
// First C code of a micro-guest, its results and its end.
#include "rt.h"

const struct hvm_start_info *start_info;
struct shared_info *shared_info;
void (*hypercall_gate)(void);
int on_bare_machine, console_is_port;
void gate_vmmcall(void), gate_vmcall(void);

static int passed, failed;
static uint8_t shared_info_page[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t pages[256][PAGE_SIZE] __attribute__((aligned(4096)));
static unsigned pages_used;
static uint64_t vm_pdpt[512] __attribute__((aligned(4096)));
static uint64_t vm_pd[512] __attribute__((aligned(4096)));
static uint64_t vm_pt[512] __attribute__((aligned(4096)));
extern uint64_t boot_pml4[512];

void check_true(const char *name, int ok, const char *reason) {
  if (ok)
    printf("PASS %s\n", name);
  else
    printf("FAIL %s: %s\n", name, reason);
  __atomic_add_fetch(ok ? &passed : &failed, 1, __ATOMIC_SEQ_CST);
}

void check_eq(const char *name, int64_t got, int64_t want) {
  char reason[96];
  snprintf(reason, sizeof(reason), "got %ld (0x%lx), want %ld (0x%lx)", got, got, want, want);
  check_true(name, got == want, reason);
}

void check_fault(const char *name, int got, int want) {
  char reason[64];
  snprintf(reason, sizeof(reason), "got vector %d, want %d", got, want);
  check_true(name, got == want, reason);
}

int role(const char *name) {
  const char *line = (const char *)start_info->cmdline_paddr;
  size_t length = strlen(name);
  return line && !memcmp(line, name, length) && (!line[length] || line[length] == ' ');
}

int has_word(const char *word) {
  const char *at = (const char *)start_info->cmdline_paddr;
  for (; at && *at; at++)
    if (*at == ' ' && !memcmp(at + 1, word, strlen(word)))
      return 1;
  return 0;
}

void shutdown(unsigned reason) {
  struct sched_shutdown arg = {.reason = reason};
  if (on_bare_machine)
    out16(0x604, 0x2000); // ICH9's PM1a control as SeaBIOS places it: S5
  else
    sched_op(SCHEDOP_shutdown, &arg);
  for (;;)
    asm volatile("cli; hlt");
}

void test_done(void) {
  printf("DONE %d %d\n", passed, failed);
  shutdown(SHUTDOWN_poweroff);
}

void *page_alloc(void) {
  unsigned index = __atomic_fetch_add(&pages_used, 1, __ATOMIC_SEQ_CST);
  if (index >= ARRAY_LEN(pages)) {
    printf("FAIL page_alloc: out of pages\n");
    shutdown(SHUTDOWN_crash);
  }
  return pages[index];
}

void *vm_map(unsigned slot, uint64_t paddr, uint64_t flags) {
  uint8_t *address = (uint8_t *)VM_BASE + slot * PAGE_SIZE;
  boot_pml4[1] = (uintptr_t)vm_pdpt | PTE_P | PTE_W | PTE_U;
  vm_pdpt[0] = (uintptr_t)vm_pd | PTE_P | PTE_W | PTE_U;
  vm_pd[0] = (uintptr_t)vm_pt | PTE_P | PTE_W | PTE_U;
  vm_pt[slot] = paddr | flags;
  invlpg(address);
  return address;
}

static void map_shared_info(void) {
  if (!physmap_add(XENMAPSPACE_shared_info, 0, (uintptr_t)shared_info_page >> 12))
    shared_info = (struct shared_info *)shared_info_page;
}

void rt_main(const struct hvm_start_info *info) __attribute__((noreturn));
void rt_main(const struct hvm_start_info *info) {
  start_info = info;
  hypercall_gate = is_intel() ? gate_vmcall : gate_vmmcall;
  cpu_init(&cpus[0], 0);
  on_bare_machine = !xen_cpuid_base();
  console_is_port = has_word("console=port"); // now: a test may write over the command line
  if (!on_bare_machine)
    map_shared_info();
  test_main();
  test_done();
}
