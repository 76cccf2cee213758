// SPDX-License-Identifier: Apache-2.0
// APICv (vmx/apicv.c): what an entry gives to the virtual-APIC page and an exit takes back. The
// machine that delivers in between is these tests.
#include "guest_world.h"
#include "../../../hv/arch/x86_64/vmx/apicv.c"

#define ALLOWED (PROC2_X2APIC | PROC2_APIC_REGISTERS | PROC2_INTERRUPTS)

uint64_t vmcs_room[0x8000];
struct vmx_machine vmx_machine;
uint64_t vmx_msr_bitmap;
static uint32_t virtual_apic[1024];
static struct vmx vmx;
static uint32_t reads[64], writes[64], read_count, write_count;

void vmx_msr_read_allow(uint8_t *map, uint32_t msr) {
  (void)map;
  reads[read_count++] = msr;
}
void vmx_msr_write_allow(uint8_t *map, uint32_t msr) {
  (void)map;
  writes[write_count++] = msr;
}

static int setup(void **state) {
  world_setup(state);
  memset(vmcs_room, 0, sizeof(vmcs_room));
  memset(virtual_apic, 0, sizeof(virtual_apic));
  vmx = (struct vmx){.virtual_apic = virtual_apic, .proc2 = PROC2_EPT};
  vmx_machine = (struct vmx_machine){.proc2 = PROC2_EPT, .apicv = ALLOWED};
  vmx_msr_bitmap = 0x1000;
  vmx_apicv_bitmap = 0x2000;
  cpu0->arch.apic_base = 0xfee00c00;
  return 0;
}

static uint64_t status(void) {
  return vmcs_room[VMCS_GUEST_INTERRUPT_STATUS];
}

static uint32_t *word(unsigned map, unsigned vector) {
  return &virtual_apic[map + 4 * (vector / 32)];
}

static bool page_has(unsigned map, unsigned vector) {
  return *word(map, vector) >> (vector % 32) & 1;
}

static void move(unsigned from, unsigned to, unsigned vector) {
  *word(from, vector) &= ~(1u << (vector % 32));
  if (to)
    *word(to, vector) |= 1u << (vector % 32);
}

// --- when it is on ---------------------------------------------------------------------------

static void check_off(void) {
  vlapic_raise(cpu0, 0x61);
  vmx_apicv_enter(cpu0, &vmx);
  assert_false(cpu0->arch.apic_by_machine);
  assert_true(vlapic_requests(cpu0)); // for prepare_event
  vmx_apicv_exit(cpu0, &vmx);
}

static void test_off(void **state) {
  (void)state;
  vmx_machine.apicv = 0;
  check_off();
  vmx_machine.apicv = ALLOWED;
  cpu0->arch.apic_base = 0xfee00800; // by MMIO
  check_off();
  assert_int_equal(vmcs_room[VMCS_PROC2], 0);
}

static void test_on_and_off(void **state) {
  (void)state;
  vmx_apicv_enter(cpu0, &vmx);
  assert_int_equal(vmcs_room[VMCS_PROC2], PROC2_EPT | ALLOWED);
  assert_int_equal(vmcs_room[VMCS_MSR_BITMAP], 0x2000);
  cpu0->arch.apic_base = 0xfee00000;
  vmx_apicv_enter(cpu0, &vmx);
  assert_int_equal(vmcs_room[VMCS_PROC2], PROC2_EPT);
  assert_int_equal(vmcs_room[VMCS_MSR_BITMAP], 0x1000);
}

// The page has what an earlier time in this mode has left.
static void test_on_again(void **state) {
  (void)state;
  move(0, PAGE_IRR, 0x33);
  move(0, PAGE_ISR, 0x44);
  vmcs_room[VMCS_GUEST_INTERRUPT_STATUS] = 0x4433;
  vmx_apicv_enter(cpu0, &vmx);
  assert_false(page_has(PAGE_IRR, 0x33) || page_has(PAGE_ISR, 0x44));
  assert_int_equal(status(), 0);
}

// --- interrupts ----------------------------------------------------------------------------------

static void test_given(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x31);
  vlapic_raise(cpu0, 0xef);
  cpu0->arch.lapic.isr[1] = BIT(0x51 - 64);
  vmx_apicv_enter(cpu0, &vmx);
  assert_true(page_has(PAGE_IRR, 0x31) && page_has(PAGE_IRR, 0xef) && page_has(PAGE_ISR, 0x51));
  assert_int_equal(status(), 0x51ef);
  assert_false(vlapic_requests(cpu0)); // or prepare_event would deliver them too
}

// The machine takes 0xef into service; the exit finds it there, 0x31 still requested.
static void test_taken_back(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x31);
  vlapic_raise(cpu0, 0xef);
  vmx_apicv_enter(cpu0, &vmx);
  move(PAGE_IRR, PAGE_ISR, 0xef);
  vmcs_room[VMCS_GUEST_INTERRUPT_STATUS] = 0xef31;
  vmx_apicv_exit(cpu0, &vmx);
  assert_true(bit_test(cpu0->arch.lapic.irr, 0x31) && !bit_test(cpu0->arch.lapic.irr, 0xef));
  assert_true(bit_test(cpu0->arch.lapic.isr, 0xef));
  assert_int_equal(vlapic_pending(cpu0), -1); // of a lower class
}

// Both are taken and ended without an exit between.
static void test_ended(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x31);
  cpu0->arch.lapic.isr[1] = BIT(0x51 - 64);
  vmx_apicv_enter(cpu0, &vmx);
  move(PAGE_IRR, 0, 0x31);
  move(PAGE_ISR, 0, 0x51);
  vmcs_room[VMCS_GUEST_INTERRUPT_STATUS] = 0;
  vmx_apicv_exit(cpu0, &vmx);
  assert_false(vlapic_requests(cpu0));
  assert_false(in_service(&cpu0->arch.lapic));
}

static void test_sibling_in_between(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x31);
  vmx_apicv_enter(cpu0, &vmx);
  vlapic_raise(cpu0, 0x77); // a sibling's, while the guest runs
  vmx_apicv_exit(cpu0, &vmx);
  assert_true(bit_test(cpu0->arch.lapic.irr, 0x31) && bit_test(cpu0->arch.lapic.irr, 0x77));
  vmx_apicv_enter(cpu0, &vmx);
  assert_int_equal(status(), 0x77);
}

// One that comes once the page has been filled stays for the next entry: taken now, it would be in
// service for us alone, and its end the machine's to ignore.
static void test_between_page_and_event(void **state) {
  (void)state;
  vmx_apicv_enter(cpu0, &vmx);
  vlapic_raise(cpu0, 0x77);
  assert_false(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.type, EVENT_NONE);
  assert_true(bit_test(cpu0->arch.lapic.irr, 0x77));
  assert_false(bit_test(cpu0->arch.lapic.isr, 0x77));
  vmx_apicv_exit(cpu0, &vmx);
  vmx_apicv_enter(cpu0, &vmx);
  assert_int_equal(status(), 0x77);
}

// An INIT has emptied the APIC: so is the page.
static void test_forgotten(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x31);
  vmx_apicv_enter(cpu0, &vmx);
  vmx_apicv_exit(cpu0, &vmx);
  memset(cpu0->arch.lapic.irr, 0, sizeof(cpu0->arch.lapic.irr));
  vmx_apicv_enter(cpu0, &vmx);
  assert_false(page_has(PAGE_IRR, 0x31));
  assert_int_equal(status(), 0);
}

// An entry and an exit with nothing to do leave the page alone.
static void test_idle(void **state) {
  (void)state;
  vmx_apicv_enter(cpu0, &vmx);
  virtual_apic[PAGE_IRR] = 0xabcd;
  vmx_apicv_exit(cpu0, &vmx);
  vmx_apicv_enter(cpu0, &vmx);
  assert_int_equal(virtual_apic[PAGE_IRR], 0xabcd);
}

static void test_task_priority(void **state) {
  (void)state;
  vmx_apicv_enter(cpu0, &vmx);
  virtual_apic[PAGE_TPR] = 0x47;
  vmx_apicv_exit(cpu0, &vmx);
  assert_int_equal(cpu0->arch.lapic.tpr, 0x47);
}

// --- the bitmap
// -----------------------------------------------------------------------------------

static bool among(const uint32_t *list, unsigned count, uint32_t msr) {
  for (unsigned i = 0; i < count; i++)
    if (list[i] == msr)
      return true;
  return false;
}

static void test_msrs(void **state) {
  (void)state;
  vmx_apicv_msrs(NULL);
  assert_int_equal(write_count, 2);
  assert_true(among(writes, 2, 0x808) && among(writes, 2, 0x80b));
  for (uint32_t msr = 0x800; msr < 0x900; msr++) {
    bool read = msr == 0x808 || msr == 0x80a || (msr >= 0x810 && msr <= 0x827);
    assert_int_equal(among(reads, read_count, msr), read);
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, setup)
  const struct CMUnitTest tests[] = {
      TEST(test_off),
      TEST(test_on_and_off),
      TEST(test_on_again),
      TEST(test_given),
      TEST(test_taken_back),
      TEST(test_ended),
      TEST(test_forgotten),
      TEST(test_idle),
      TEST(test_sibling_in_between),
      TEST(test_between_page_and_event),
      TEST(test_msrs),
      TEST(test_task_priority),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
