// SPDX-License-Identifier: Apache-2.0
// The MSR policy: what is listed works as the manuals say, all else faults.
#include "guest_world.h"
#include <string.h>

static uint64_t msr_read(uint32_t msr) {
  uint64_t value;
  assert_true(msr_guest_read(cpu0, msr, &value));
  return value;
}

static void assert_hidden(uint32_t msr) {
  uint64_t value;
  assert_false(msr_guest_read(cpu0, msr, &value));
  assert_false(msr_guest_write(cpu0, msr, 0));
}

static bool listed(uint32_t msr) {
  static const uint32_t ranges[][2] = {
      {0x10, 0x10},
      {0x1b, 0x1b},
      {0x3b, 0x3b},
      {0x8b, 0x8b},
      {0xfe, 0xfe},
      {0x174, 0x176},
      {0x179, 0x17a},
      {0x1d9, 0x1d9},
      {0x200, 0x20f},
      {0x250, 0x250},
      {0x258, 0x259},
      {0x268, 0x26f},
      {0x277, 0x277},
      {0x2ff, 0x2ff},
      {0x6e0, 0x6e0},
      {0x40000000, 0x40000000},
      {0xc0000080, 0xc0000084},
      {0xc0000100, 0xc0000103},
      {0xc0010010, 0xc0010010},
      {0xc0010015, 0xc0010015},
      {0xc001001f, 0xc001001f},
      {0xc0011029, 0xc0011029},
  };
  for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
    if (msr >= ranges[i][0] && msr <= ranges[i][1])
      return true;
  return false;
}

static void check_range(uint32_t first, uint32_t count) {
  for (uint32_t msr = first; msr < first + count; msr++) {
    uint64_t value;
    assert_int_equal(msr_guest_read(cpu0, msr, &value), listed(msr));
  }
}

static void test_everything_else_faults(void **state) {
  (void)state;
  check_range(0, 0x2000);
  check_range(0x40000000, 0x200);
  check_range(0xc0000000, 0x2000);
  check_range(0xc0010000, 0x2000);
  assert_hidden(0xffffffff);
}

static void test_follows_cpuid(void **state) {
  (void)state;
  world.cpuid_extended[1][3] &= ~(uint32_t)BIT(27); // RDTSCP
  world.cpuid[1][3] &= ~(uint32_t)(BIT(12) | BIT(16));
  cpuid_guest_init();
  assert_hidden(0xc0000103);
  assert_hidden(0x2ff);
  assert_hidden(0x200);
  assert_hidden(0x277);
  assert_int_equal(msr_read(0xc0010015), BIT(24));
  cpu_features.amd = false;
  cpu_features.intel = true;
  cpu0->arch.msr_last = NULL; // another machine
  assert_hidden(0xc0010015);
  assert_int_equal(msr_read(0x1a0), 1);
}

static void test_efer(void **state) {
  (void)state;
  assert_true(msr_guest_write(cpu0, 0xc0000080, 0xd00));
  assert_int_equal(msr_read(0xc0000080), 0x900);           // LMA is not written
  assert_false(msr_guest_write(cpu0, 0xc0000080, 0x1900)); // SVME
  world.creg[CREG_CR0] |= BIT(31);
  world.creg[CREG_EFER] |= BIT(10);
  assert_false(msr_guest_write(cpu0, 0xc0000080, 0x800)); // LME while paging
  assert_true(msr_guest_write(cpu0, 0xc0000080, 0x101));
  assert_int_equal(msr_read(0xc0000080), 0x501);
}

static void test_addresses_are_canonical(void **state) {
  (void)state;
  static const uint32_t msrs[] = {0x175,      0x176,      0xc0000082, 0xc0000083,
                                  0xc0000100, 0xc0000101, 0xc0000102};
  for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++) {
    assert_true(msr_guest_write(cpu0, msrs[i], 0xffff800000001234));
    assert_int_equal(msr_read(msrs[i]), 0xffff800000001234);
    assert_false(msr_guest_write(cpu0, msrs[i], 0x0000800000000000));
    assert_int_equal(msr_read(msrs[i]), 0xffff800000001234);
  }
  assert_int_equal(world.segment[SEG_GS].base, 0xffff800000001234);
}

static void test_tsc(void **state) {
  (void)state;
  world.now = 1000;
  assert_true(msr_guest_write(cpu0, 0x10, 5000));
  assert_int_equal(msr_read(0x10), 5000);
  assert_int_equal(msr_read(0x3b), 4000);
  world.now = 1100;
  assert_int_equal(msr_read(0x10), 5100);
  assert_true(msr_guest_write(cpu0, 0x3b, 0));
  assert_int_equal(msr_read(0x10), 1100);
  cpu0->arch.lapic.lvt[0] = 0x40040;
  assert_true(msr_guest_write(cpu0, 0x6e0, 3100));
  assert_int_equal(cpu0->stub->apic_timer.node.key, 3100);
  assert_true(msr_guest_write(cpu0, 0x3b, 1000)); // the deadline comes nearer
  assert_int_equal(cpu0->stub->apic_timer.node.key, 2100);
  assert_true(msr_guest_write(cpu0, 0xc0000103, 77));
  assert_int_equal(world.wrmsr_value, 77);
  assert_int_equal(msr_read(0xc0000103), 77);
  assert_false(msr_guest_write(cpu0, 0xc0000103, BIT(32)));
}

// A rate of the domain's own: what reads and writes say, where a deadline is, what the clock is.
static void test_tsc_rate(void **state) {
  (void)state;
  struct arch_clock c;
  world_config.tsc_khz = 3000000; // three ticks in one of the machine's
  world.now = 1000;
  assert_in_range(msr_read(0x10), 2999, 3000);
  assert_true(msr_guest_write(cpu0, 0x10, 5000));
  assert_in_range(msr_read(0x10), 4999, 5000);
  world.now = 2000;
  assert_in_range(msr_read(0x10), 7999, 8000);
  cpu0->arch.lapic.lvt[0] = 0x40040;
  assert_true(msr_guest_write(cpu0, 0x6e0, 8000 + 300));
  assert_in_range(cpu0->stub->apic_timer.node.key, 2099, 2101);
  arch_vcpu_clock(cpu0, &c);
  assert_int_equal(c.khz, 3000000);
  assert_in_range(c.zero, 1999, 2000); // 5000 less 1000 of the machine's ticks
  world_config.tsc_khz = 100000;       // ten of the machine's for one
  assert_in_range(tsc_to_guest(cpu0->domain, BIT(40)), BIT(40) / 10 - 2, BIT(40) / 10);
  assert_in_range(tsc_from_guest(cpu0->domain, BIT(40)), 10 * (BIT(40) - 1), 10 * BIT(40) + 1);
}

// Guest and root mode say the same time after a year, to 4 ns for each of its days.
static void test_tsc_rates_stay_together(void **state) {
  (void)state;
  static const uint32_t rates[] = {MANIFEST_MIN_TSC_KHZ, 999999, 1000001, 2393999,
                                   MANIFEST_MAX_TSC_KHZ};
  const uint64_t year = 365 * 86400ull * 1000000000; // in ns, and ticks of the machine
  for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
    struct arch_clock c;
    world_config.tsc_khz = rates[i];
    arch_vcpu_clock(cpu0, &c);
    uint64_t ticks = tsc_to_guest(cpu0->domain, year);
    ticks = c.shift < 0 ? ticks >> -c.shift : ticks << c.shift;
    uint64_t ns = (uint64_t)((unsigned __int128)ticks * c.mul >> 32);
    assert_in_range(ns, year - 4 * 365, year + 4 * 365);
  }
}

static void test_pat_and_mtrr(void **state) {
  (void)state;
  assert_true(msr_guest_write(cpu0, 0x277, 0x0706050401000706));
  assert_false(msr_guest_write(cpu0, 0x277, 0x0706050401000702));
  assert_false(msr_guest_write(cpu0, 0x277, 0x0806050401000706));
  assert_int_equal(msr_read(0x277), 0x0706050401000706);
  assert_int_equal(msr_read(0xfe), 0x508);
  assert_false(msr_guest_write(cpu0, 0xfe, 0x508));
  assert_int_equal(msr_read(0x2ff), 0xc06); // on, write-back
  assert_false(msr_guest_write(cpu0, 0x2ff, 0x1006));
  assert_false(msr_guest_write(cpu0, 0x2ff, 0xc07));
  assert_true(msr_guest_write(cpu0, 0x20e, 0xc0000005));
  assert_true(msr_guest_write(cpu0, 0x20f, 0x3ffc0000800));
  assert_int_equal(msr_read(0x20e), 0xc0000005);
  assert_int_equal(cpu0->arch.mtrr.base[7], 0xc0000005);
  assert_false(msr_guest_write(cpu0, 0x20e, 0xc0000002));
  assert_false(msr_guest_write(cpu0, 0x20e, 0xc0000105));
  assert_false(msr_guest_write(cpu0, 0x20f, 0x3ffc0000c00));
  assert_false(msr_guest_write(cpu0, 0x20f, BIT(42)));
  assert_true(msr_guest_write(cpu0, 0x26f, 0x0505050505050505));
  assert_int_equal(cpu0->arch.mtrr.fixed[10], 0x0505050505050505);
  assert_false(msr_guest_write(cpu0, 0x26f, 0x0205050505050505));
}

static void test_single_values(void **state) {
  (void)state;
  assert_true(msr_guest_write(cpu0, 0x1d9, 0));
  assert_false(msr_guest_write(cpu0, 0x1d9, 2)); // no branch stepping
  assert_true(msr_guest_write(cpu0, 0x8b, 12345));
  assert_int_equal(msr_read(0x8b), 0);
  assert_false(msr_guest_write(cpu0, 0x179, 0));
  assert_true(msr_guest_write(cpu0, 0x40000000, 0x5000));
  assert_false(msr_guest_write(cpu0, 0x40000000, 0x6000));
  assert_true(msr_guest_write(cpu0, 0x174, 0x1234567890));
  assert_int_equal(msr_read(0x174), 0x34567890);
  assert_true(msr_guest_write(cpu0, 0xc0000084, BIT(32) | 5));
  assert_int_equal(msr_read(0xc0000084), 5);
}

static void test_x2apic_only_in_its_mode(void **state) {
  (void)state;
  assert_hidden(0x802);
  assert_true(msr_guest_write(cpu0, 0x1b, VLAPIC_BASE | 0xd00));
  assert_int_equal(msr_read(0x802), 0);
  assert_true(msr_guest_write(cpu0, 0x80b, 0));
  assert_false(msr_guest_write(cpu0, 0x1b, VLAPIC_BASE | 0x900)); // back needs a detour
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, world_setup)
  const struct CMUnitTest tests[] = {
      TEST(test_everything_else_faults),  TEST(test_follows_cpuid), TEST(test_efer),
      TEST(test_addresses_are_canonical), TEST(test_tsc),           TEST(test_tsc_rate),
      TEST(test_tsc_rates_stay_together), TEST(test_pat_and_mtrr),  TEST(test_single_values),
      TEST(test_x2apic_only_in_its_mode),
  };
  return cmocka_run_group_tests_name("MSRs", tests, NULL, NULL);
}
