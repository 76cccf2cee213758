// SPDX-License-Identifier: Apache-2.0
// What goes into an entry under VT-x and what comes of one that fails (vmx/exit.c, vmx/state.c):
// the machine's entry is a function here, the VMCS an array.
#include "guest_world.h"
#include "../../../hv/arch/x86_64/vmx/exit.c"
#include "../../../hv/arch/x86_64/vmx/state.c"

#define REFUSED    1u
#define HOST_EFER  0xd01
#define GUEST_MARK 0x6e57

uint64_t vmcs_room[0x8000];
struct vmx_machine vmx_machine;
uint32_t vmx_timer_ticks;
struct host_registers host;
static uint32_t virtual_apic[1024];
static struct vmx vmx;
static uint64_t host_efer, host_pat;
static unsigned entries, turns;
static uint32_t exit_reason; // of the next entry; REFUSED: it goes on behind the instruction

// --- the machine ---------------------------------------------------------------------------

uint64_t rdmsr(uint32_t msr) {
  return msr == MSR_EFER ? host_efer : msr == MSR_PAT ? host_pat : 0;
}

static void machine_wrmsr(uint32_t msr, uint64_t value) {
  if (msr == MSR_EFER)
    host_efer = value;
  else if (msr == MSR_PAT)
    host_pat = value;
}

// As bad as can be: everything that an entry loads is the guest's.
static void entry_spoils_host(void) {
  host = (struct host_registers){.cr0 = GUEST_MARK, .cr4 = GUEST_MARK, .dr7 = GUEST_MARK};
  host_efer = host_pat = GUEST_MARK;
  for (unsigned f = 0x6800; f < 0x6828; f += 2)
    vmcs_room[f] = GUEST_MARK; // the guest's registers
}

bool vmx_enter(uint64_t gpr[16], bool launched) {
  (void)gpr, (void)launched;
  entries++;
  if (exit_reason == REFUSED || (exit_reason & EXIT_ENTRY_FAILED))
    entry_spoils_host();
  vmcs_room[VMCS_EXIT_REASON] = exit_reason;
  return exit_reason == REFUSED;
}

static bool host_is_ours(void) {
  return host.cr0 == 0x80010033 && host.cr4 == 0x3020e0 && host.dr7 == 0x400 &&
         host_efer == HOST_EFER && host_pat == 0x0007040600060406;
}

// --- around it --------------------------------------------------------------------------------

bool vcpu_prepare_entry(struct vcpu *v) {
  (void)v;
  return turns && turns--;
}
void vmx_vpid_refresh(struct vcpu *v) {
  (void)v;
}
void vmx_take(struct vcpu *v) {
  (void)v;
}
void vmx_give(struct vcpu *v) {
  (void)v;
}
const char *vmx_missing(void) {
  return NULL;
}
void vmx_cpu_start(struct cpu *c) {
  (void)c;
}
enum status vmx_vcpu_init(struct vcpu *v) {
  (void)v;
  return STATUS_OK;
}
void vmx_vcpu_reset(struct vcpu *v) {
  (void)v;
}
void vmx_vcpu_load(struct vcpu *v) {
  (void)v;
}
void vmx_vcpu_save(struct vcpu *v) {
  (void)v;
}
void vmx_view_changed(struct domain *d, uint64_t gpa, unsigned level) {
  (void)d, (void)gpa, (void)level;
}
bool vmx_view_fill(struct domain *d, uint64_t gpa) {
  (void)d, (void)gpa;
  return true;
}

static int setup(void **state) {
  static const struct x86_vendor *worlds_own;
  worlds_own = worlds_own ? worlds_own : vendor;
  vendor = worlds_own;
  world_setup(state);
  vendor = &vmx_vendor;
  memset(vmcs_room, 0, sizeof(vmcs_room));
  memset(virtual_apic, 0, sizeof(virtual_apic));
  vmx = (struct vmx){.virtual_apic = virtual_apic, .launched = true};
  cpu0->arch.vendor = &vmx;
  vmx_machine = (struct vmx_machine){.cr0_fixed0 = 0x20,
                                     .cr0_fixed1 = 0x9fffffff,
                                     .cr4_fixed0 = 0x2040,
                                     .cr0_mask = 0x60000020,
                                     .cr4_mask = 0x2040};
  host = (struct host_registers){.cr0 = 0x80010033, .cr4 = 0x3020e0, .dr7 = 0x400};
  host_efer = HOST_EFER;
  host_pat = 0x0007040600060406;
  vmcs_room[VMCS_HOST_CR0] = host.cr0;
  vmcs_room[VMCS_HOST_CR4] = host.cr4;
  vmcs_room[VMCS_HOST_EFER] = host_efer;
  vmcs_room[VMCS_HOST_PAT] = host_pat;
  world.wrmsr = machine_wrmsr;
  vmx_set(cpu0, CREG_CR0, 0x11);
  vmx.table_due = false;
  entries = 0;
  return 0;
}

// --- entries that fail ----------------------------------------------------------------------

static void check_death(uint32_t reason) {
  struct x86_regs before = cpu0->arch.regs;
  exit_reason = reason;
  turns = 1;
  vmx_run(cpu0);
  assert_int_equal(entries, 1);
  assert_int_equal(world.crashes, 1);
  assert_true(host_is_ours());
  assert_memory_equal(&before, &cpu0->arch.regs, sizeof(before));
}

static void test_refused(void **state) {
  (void)state;
  check_death(REFUSED);
}

static void test_failed(void **state) {
  (void)state;
  check_death(EXIT_ENTRY_FAILED | 33); // the guest's state
}

static void test_failed_for_msrs(void **state) {
  (void)state;
  check_death(EXIT_ENTRY_FAILED | 34);
}

static void test_failed_for_machine_check(void **state) {
  (void)state;
  check_death(EXIT_ENTRY_FAILED | 41);
}

// An event that was on its way is not delivered to anybody.
static void test_failed_with_event(void **state) {
  (void)state;
  x86_inject(cpu0, VECTOR_GP, true, 0);
  check_death(EXIT_ENTRY_FAILED | 33);
  assert_int_equal(cpu0->arch.event.type, EVENT_NONE);
}

static void test_success_leaves_host_alone(void **state) {
  (void)state;
  exit_reason = EXIT_INTERRUPT_WINDOW;
  turns = 1;
  host.dr7 = 0x155; // an exit has set it; nobody asks
  vmx_run(cpu0);
  assert_int_equal(host.dr7, 0x155);
  assert_int_equal(world.crashes, 0);
}

// --- events -------------------------------------------------------------------------------------

static uint32_t event_after_gp(uint64_t cr0) {
  vmx_set(cpu0, CREG_CR0, cr0);
  x86_inject(cpu0, VECTOR_GP, true, 0);
  prepare(cpu0, &vmx);
  return (uint32_t)vmcs_room[VMCS_ENTRY_EVENT];
}

// 26.2.1.3: the machine refuses an error code in real mode, and the lack of one elsewhere.
static void test_error_codes(void **state) {
  (void)state;
  assert_int_equal(event_after_gp(0x11), 0x80000b0d);
  cpu0->arch.event.type = EVENT_NONE;
  assert_int_equal(event_after_gp(0x10), 0x8000030d);
}

// --- PAE paging's first level -----------------------------------------------------------------

static void mov_to_cr(unsigned cr, uint64_t value) {
  vmcs_room[VMCS_QUALIFICATION] = cr; // from RAX
  cpu0->arch.regs.gpr[RAX] = value;
  cpu0->arch.event.type = EVENT_NONE;
  exit_cr(cpu0);
}

static bool faulted(void) {
  return cpu0->arch.event.type == EVENT_EXCEPTION && cpu0->arch.event.vector == VECTOR_GP;
}

static void test_first_level(void **state) {
  (void)state;
  vmx_set(cpu0, CREG_CR0, 0x80000011);
  vmx_set(cpu0, CREG_CR4, 0x20);
  vmx_set(cpu0, CREG_CR3, 0x3020);
  ram_write64(0x3020, 0x4001);
  ram_write64(0x3028, 0x8000000000000000ull); // not present: nothing is reserved
  mov_to_cr(4, 0x60);                         // MCE, which is ours
  assert_false(faulted());
  assert_true(vmx.table_due);
  prepare(cpu0, &vmx);
  assert_int_equal(vmcs_room[VMCS_GUEST_PDPTE], 0x4001);
  assert_int_equal(vmcs_room[VMCS_GUEST_PDPTE + 2], 0x8000000000000000ull);
  static const uint64_t reserved[] = {2, 4, 0x20, 0x100, BIT(48), BIT(51), BIT(63)};
  for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++) {
    ram_write64(0x3030, 0x5001 | reserved[i]);
    mov_to_cr(4, 0x20);
    assert_true(faulted());
    mov_to_cr(0, 0xe0000011);
    assert_true(faulted());
    assert_int_equal(vmx_get(cpu0, CREG_CR4), 0x60);
    assert_int_equal(vmx_get(cpu0, CREG_CR0), 0x80000011);
  }
  vmx_set(cpu0, CREG_EFER, EFER_LME | EFER_LMA); // not PAE paging any more
  mov_to_cr(4, 0x20);
  assert_false(faulted());
}

static void test_pcid(void **state) {
  (void)state;
  vmx_set(cpu0, CREG_CR4, 0x20);
  mov_to_cr(4, 0x20020); // outside of long mode
  assert_true(faulted());
  vmx_set(cpu0, CREG_EFER, EFER_LME | EFER_LMA);
  vmx_set(cpu0, CREG_CR3, 0x1001); // a PCID before there are any
  mov_to_cr(4, 0x20020);
  assert_true(faulted());
  vmx_set(cpu0, CREG_CR3, 0x1000);
  mov_to_cr(4, 0x20020);
  assert_false(faulted());
  vmx_set(cpu0, CREG_CR3, 0x1001);
  mov_to_cr(4, 0x20060);
  assert_false(faulted());
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, setup)
  const struct CMUnitTest tests[] = {
      TEST(test_refused),
      TEST(test_failed),
      TEST(test_failed_for_msrs),
      TEST(test_failed_for_machine_check),
      TEST(test_failed_with_event),
      TEST(test_success_leaves_host_alone),
      TEST(test_error_codes),
      TEST(test_first_level),
      TEST(test_pcid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
