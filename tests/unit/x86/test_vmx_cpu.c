// SPDX-License-Identifier: Apache-2.0
// What a processor's capability MSRs allow is what is used of VT-x (vmx/cpu.c), and each thing that
// is needed and missing is a refusal.
#include "guest_world.h"
#include <stdio.h>
#include <string.h>
#undef CONFIG_APICV
#define CONFIG_APICV 1
#include "../../../hv/arch/x86_64/vmx/cpu.c"

#define ALL_MAY 0xffffffff00000000ull

static struct {
  uint32_t msr;
  uint64_t value;
} msrs[] = {
    {MSR_FEATURE_CONTROL, FEATURE_LOCKED | FEATURE_VMX},
    {MSR_VMX_BASIC, BASIC_TRUE_CONTROLS | 0x80000011},
    {MSR_VMX_TRUE, ALL_MAY | 0x16},
    {MSR_VMX_TRUE + 1, ALL_MAY | 0x4006172},
    {MSR_VMX_TRUE + 2, ALL_MAY | 0x36dfb},
    {MSR_VMX_TRUE + 3, ALL_MAY | 0x11fb},
    {MSR_VMX_PROC2, ALL_MAY},
    {MSR_VMX_EPT_VPID, ~0ull},
    {MSR_VMX_CR0_FIXED0, 0x80000021},
    {MSR_VMX_CR0_FIXED1, 0xffffffff},
    {MSR_VMX_CR4_FIXED0, 0x2000},
};
static uint64_t all_there[ARRAY_SIZE(msrs)];

struct host_registers host;
uint64_t vmcs_room[0x8000], vmx_apicv_bitmap;

uint64_t rdmsr(uint32_t msr) {
  for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
    if (msrs[i].msr == msr)
      return msrs[i].value;
  return 0;
}

static uint64_t *capability(uint32_t msr) {
  for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
    if (msrs[i].msr == msr)
      return &msrs[i].value;
  fail();
  return NULL;
}

// --- what else cpu.c names, and these tests do not come to --------------------------------------

uint64_t x86_map_make(unsigned order, uint8_t **map) {
  (void)order;
  *map = NULL;
  return 0;
}
void vmx_apicv_msrs(uint8_t *map) {
  (void)map;
}
static const char *option; // "name=value" of the one that is given
bool option_is(const char *name, const char *value) {
  char text[64];
  snprintf(text, sizeof(text), "%s=%s", name, value);
  return option && !strcmp(option, text);
}
static bool harmful; // large pages, on this processor
void spec_facts_find(struct spec_facts *f) {
  f->intel = true;
}
bool errata_large_pages(const struct spec_facts *f) {
  return f->intel && harmful;
}
bool asid_renew(struct vcpu *v, uint32_t limit) {
  (void)v, (void)limit;
  return false;
}

static int setup(void **state) {
  static bool again;
  world_setup(state);
  for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++) {
    all_there[i] = again ? all_there[i] : msrs[i].value;
    msrs[i].value = all_there[i];
  }
  again = true;
  cpu_features.vmx = cpu_features.rdtscp = cpu_features.xsaves = cpu_features.page1g = true;
  return 0;
}

static void check_refusal(const char *word) {
  const char *said = vmx_missing();
  assert_non_null(said);
  if (strncmp(said, word, strlen(word)) || said[strlen(word)] != ':')
    fail_msg("%s, not %s", said, word);
}

static void test_all_there(void **state) {
  (void)state;
  assert_null(vmx_missing());
  assert_int_equal(vmx_machine.revision, 0x11);
  assert_int_equal(vmx_machine.pin, 0x16 | PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMI);
  assert_int_equal(vmx_machine.proc & 0x4006172, 0x4006172); // what must be 1
  assert_int_equal(vmx_machine.proc & (PROC_CR3_LOAD | PROC_CR3_STORE | PROC_CHANGES), 0);
  assert_int_equal(vmx_machine.entry & ENTRY_LONG_MODE, 0);
  assert_int_equal(vmx_machine.proc2, PROC2_EPT | PROC2_VPID | PROC2_WBINVD | PROC2_UNRESTRICTED |
                                          PROC2_RDTSCP | PROC2_INVPCID | PROC2_XSAVES);
  assert_true(cpu_features.xsaves && cpu_features.page1g && arch_tsc_scales);
  assert_int_equal(vmx_machine.cr0_fixed0, 0x20); // PE and PG are the guest's
  assert_int_equal(vmx_machine.cr4_fixed0, 0x2040);
}

// No large pages where a guest could stop the machine by them, unless that is asked for.
static void test_large_pages(void **state) {
  (void)state;
  assert_null(vmx_missing());
  assert_false(cpu_features.small_leaves);
  harmful = true;
  assert_null(vmx_missing());
  assert_true(cpu_features.small_leaves);
  cpu_features.small_leaves = false;
  option = "large-pages=yes";
  assert_null(vmx_missing());
  assert_false(cpu_features.small_leaves);
  option = NULL;
  harmful = false;
}

static void test_absent_and_disabled(void **state) {
  (void)state;
  cpu_features.vmx = false;
  check_refusal("no-vmx");
  cpu_features.vmx = true;
  *capability(MSR_FEATURE_CONTROL) = FEATURE_LOCKED;
  check_refusal("vmx-disabled");
  *capability(MSR_FEATURE_CONTROL) = FEATURE_LOCKED | BIT(1); // inside SMX alone
  check_refusal("vmx-disabled");
  *capability(MSR_FEATURE_CONTROL) = 0; // ours to set
  assert_null(vmx_missing());
}

static void check_needed(uint32_t msr, uint32_t bits) {
  uint64_t *c = capability(msr), all = *c;
  for (unsigned i = 0; i < 32; i++) {
    *c = all & ~BIT(32 + i);
    if (bits & BIT(i))
      check_refusal("vmx-incomplete");
    else
      assert_null(vmx_missing());
  }
  *c = all;
}

static void test_each_control(void **state) {
  (void)state;
  check_needed(MSR_VMX_TRUE, PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMI);
  check_needed(MSR_VMX_TRUE + 1, PROC_CHANGES | PROC_TSC_OFFSET | PROC_HLT | PROC_MWAIT |
                                     PROC_RDPMC | PROC_TPR_SHADOW | PROC_ALL_IO | PROC_MSR_BITMAP |
                                     PROC_MONITOR | PROC_SECONDARY);
  check_needed(MSR_VMX_PROC2, PROC2_EPT | PROC2_VPID | PROC2_WBINVD | PROC2_UNRESTRICTED |
                                  PROC2_RDTSCP | PROC2_INVPCID);
  check_needed(MSR_VMX_TRUE + 2, EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT | EXIT_LOAD_PAT |
                                     EXIT_SAVE_EFER | EXIT_LOAD_EFER);
  check_needed(MSR_VMX_TRUE + 3,
               ENTRY_CHANGES | ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER);
  *capability(MSR_VMX_BASIC) &= ~BASIC_TRUE_CONTROLS;
  check_refusal("vmx-incomplete");
}

static void test_each_form_of_tables(void **state) {
  (void)state;
  for (unsigned i = 0; i < 64; i++) {
    *capability(MSR_VMX_EPT_VPID) = ~BIT(i);
    cpu_features.page1g = true;
    if (EPT_VPID_NEEDED & BIT(i))
      check_refusal("no-ept");
    else
      assert_null(vmx_missing());
    assert_int_equal(cpu_features.page1g, BIT(i) != EPT_1G);
  }
}

// What only some have is used where it is there, and not shown to guests elsewhere.
static void test_optional(void **state) {
  (void)state;
  *capability(MSR_VMX_PROC2) = (uint64_t)(PROC2_EPT | PROC2_VPID | PROC2_WBINVD |
                                          PROC2_UNRESTRICTED | PROC2_RDTSCP | PROC2_INVPCID)
                               << 32;
  assert_null(vmx_missing());
  assert_int_equal(vmx_machine.proc2 & PROC2_XSAVES, 0);
  assert_false(cpu_features.xsaves || arch_tsc_scales);
  *capability(MSR_VMX_PROC2) = ALL_MAY;
  assert_null(vmx_missing()); // not asked for when the processor, or the build, has none
  assert_int_equal(vmx_machine.proc2 & PROC2_XSAVES, 0);
  cpu_features.rdtscp = false;
  world.cpuid[7][1] = 0;
  *capability(MSR_VMX_PROC2) &= ~((uint64_t)(PROC2_RDTSCP | PROC2_INVPCID) << 32);
  assert_null(vmx_missing());
}

// Kept apart from what every VMCS has, and wanted whole.
static void test_apicv(void **state) {
  (void)state;
  const uint32_t parts[] = {PROC2_X2APIC, PROC2_APIC_REGISTERS, PROC2_INTERRUPTS};
  assert_null(vmx_missing());
  assert_int_equal(vmx_machine.apicv, APICV_CONTROLS);
  assert_int_equal(vmx_machine.proc2 & APICV_CONTROLS, 0);
  for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
    *capability(MSR_VMX_PROC2) = ALL_MAY & ~((uint64_t)parts[i] << 32);
    assert_null(vmx_missing());
    assert_int_equal(vmx_machine.apicv, 0);
  }
}

// An MSR's two bits, and no others.
static void test_bitmap(void **state) {
  (void)state;
  static const struct {
    uint32_t msr, byte, bit;
  } at[] = {{0x10, 2, 0}, {0x808, 0x101, 0}, {0x827, 0x104, 7}, {0xc0000102, 0x420, 2}};
  uint8_t map[4096], want[4096];
  for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
    memset(map, 0xff, sizeof(map));
    memset(want, 0xff, sizeof(want));
    want[at[i].byte] = (uint8_t)~BIT(at[i].bit);
    vmx_msr_read_allow(map, at[i].msr);
    assert_memory_equal(map, want, sizeof(map));
    want[0x800 + at[i].byte] = (uint8_t)~BIT(at[i].bit);
    vmx_msr_write_allow(map, at[i].msr);
    assert_memory_equal(map, want, sizeof(map));
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, setup)
  const struct CMUnitTest tests[] = {
      TEST(test_all_there),    TEST(test_absent_and_disabled),
      TEST(test_each_control), TEST(test_each_form_of_tables),
      TEST(test_optional),     TEST(test_apicv),
      TEST(test_bitmap),       TEST(test_large_pages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
