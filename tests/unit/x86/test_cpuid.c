// SPDX-License-Identifier: Apache-2.0
// What guests see of a machine that has every bit of CPUID set.
#include "guest_world.h"
#include <string.h>

enum { EAX, EBX, ECX, EDX };

static uint32_t leaf(uint32_t number, uint32_t sub, unsigned reg) {
  uint32_t out[4];
  cpuid_guest(cpu0, number, sub, out);
  return out[reg];
}

static void test_hidden(void **state) {
  (void)state;
  static const struct {
    const char *what;
    uint32_t leaf;
    unsigned reg, bit;
  } hidden[] = {
      {"MONITOR", 1, ECX, 3},
      {"VMX", 1, ECX, 5},
      {"SMX", 1, ECX, 6},
      {"PDCM", 1, ECX, 15},
      {"DCA", 1, ECX, 18},
      {"debug store", 1, EDX, 21},
      {"ACPI thermal", 1, EDX, 22},
      {"SGX", 7, EBX, 2},
      {"HLE", 7, EBX, 4},
      {"RTM", 7, EBX, 11},
      {"RDT-M", 7, EBX, 12},
      {"MPX", 7, EBX, 14},
      {"RDT-A", 7, EBX, 15},
      {"PT", 7, EBX, 25},
      {"PKU", 7, ECX, 3},
      {"CET", 7, ECX, 7},
      {"five levels", 7, ECX, 16},
      {"SPEC_CTRL", 7, EDX, 26},
      {"SVM", 0x80000001, ECX, 2},
      {"extended APIC", 0x80000001, ECX, 3},
      {"IBS", 0x80000001, ECX, 10},
      {"SKINIT", 0x80000001, ECX, 12},
      {"LWP", 0x80000001, ECX, 15},
      {"counters", 0x80000001, ECX, 23},
      {"MWAITX", 0x80000001, ECX, 29},
      {"fast FXSAVE", 0x80000001, EDX, 25},
      {"RDPRU", 0x80000008, EBX, 4},
      {"IBPB", 0x80000008, EBX, 12},
  };
  for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++) {
    print_message("%s\n", hidden[i].what);
    assert_int_equal(leaf(hidden[i].leaf, 0, hidden[i].reg) & BIT(hidden[i].bit), 0);
  }
  for (unsigned reg = 0; reg < 4; reg++) {
    assert_int_equal(leaf(5, 0, reg), 0);          // MWAIT
    assert_int_equal(leaf(0xa, 0, reg), 0);        // counters
    assert_int_equal(leaf(0x12, 0, reg), 0);       // SGX
    assert_int_equal(leaf(0x8000000a, 0, reg), 0); // SVM
    assert_int_equal(leaf(0x8000001f, 0, reg), 0); // SEV
    assert_int_equal(leaf(0x20000000, 0, reg), 0);
    assert_int_equal(leaf(7, 1, reg), 0);
  }
}

static void test_shown(void **state) {
  (void)state;
  assert_int_equal(leaf(0, 0, EAX), 0xd);
  assert_int_equal(leaf(0, 0, EBX), world.cpuid[0][EBX]);
  assert_int_equal(leaf(0x80000000, 0, EAX), 0x80000021);
  assert_int_equal(leaf(0x80000003, 0, ECX), UINT32_MAX); // brand string
  assert_true(leaf(1, 0, ECX) & BIT(31));                 // hypervisor
  assert_int_equal(leaf(1, 0, EDX) & 0x0783fbff, 0x0783fbff);
  assert_int_equal(leaf(0x80000001, 0, EDX) & 0x2ff3ffff, 0x2dd3fbff);
  assert_int_equal(leaf(6, 0, EAX), 4);
  assert_int_equal(leaf(0x40000000, 0, EAX), 0x40000005); // the personality's
  assert_int_equal(leaf(0x400000ff, 0, EAX), 0x40000104);
  assert_int_equal(leaf(0x40000100, 0, EAX), 0);
}

// What the machine has not is not shown, but for what we make ourselves.
static void test_poor_machine(void **state) {
  (void)state;
  memset(world.cpuid, 0, sizeof(world.cpuid));
  memset(world.cpuid_extended, 0, sizeof(world.cpuid_extended));
  world.cpuid[0][0] = 1; // no leaf 7 at all
  world.cpuid_extended[0][0] = 0x80000008;
  cpuid_guest_init();
  assert_int_equal(leaf(1, 0, ECX) & ~(BIT(21) | BIT(24)), BIT(31));
  assert_int_equal(leaf(7, 0, EBX), BIT(1));
  assert_int_equal(leaf(0xd, 0, EAX), 0);
  assert_int_equal(xcr0_legal(1), false);
  assert_false(cr4_legal(BIT(18)));
  assert_false(cr4_legal(BIT(20)));
  assert_true(cr4_legal(0x7ff));
  assert_true(cpuid_reserved_efer & BIT(11));
}

// A feature without what it rests on would crash kernels.
static void test_orphans(void **state) {
  (void)state;
  world.cpuid[1][ECX] = ~(uint32_t)BIT(26); // XSAVE
  cpuid_guest_init();
  assert_int_equal(leaf(1, 0, ECX) & (BIT(12) | BIT(28) | BIT(29)), 0);
  assert_int_equal(leaf(7, 0, EBX) & (BIT(5) | BIT(16) | BIT(17) | BIT(31)), 0);
  assert_int_equal(xcr0_legal(1), false);
}

static void test_changes_with_state(void **state) {
  (void)state;
  assert_false(leaf(1, 0, ECX) & BIT(27));
  world.creg[CREG_CR4] = BIT(18);
  assert_true(leaf(1, 0, ECX) & BIT(27));
  assert_true(leaf(1, 0, EDX) & BIT(9));
  assert_int_equal(vlapic_base_write(cpu0, VLAPIC_BASE | BIT(8)), STATUS_OK);
  assert_false(leaf(1, 0, EDX) & BIT(9));
  assert_false(leaf(0x80000001, 0, EDX) & BIT(9));
}

static void test_xsave(void **state) {
  (void)state;
  assert_int_equal(leaf(0xd, 0, EAX), 0xe7);
  assert_int_equal(leaf(0xd, 0, EBX), 576);
  assert_int_equal(leaf(0xd, 0, ECX), 2432);
  cpu0->arch.xcr0 = 7;
  assert_int_equal(leaf(0xd, 0, EBX), 832);
  assert_int_equal(leaf(0xd, 1, EAX), 7); // no XSAVES
  assert_int_equal(leaf(0xd, 1, EBX), 832);
  cpu0->arch.xcr0 = 0xe7;
  assert_int_equal(leaf(0xd, 1, EBX), 576 + 256 + 128 /* 72, aligned */ + 512 + 1024);
  assert_int_equal(leaf(0xd, 2, EBX), 576);
  assert_int_equal(leaf(0xd, 9, EAX), 0); // PKRU
  assert_int_equal(leaf(0xd, 70, EAX), 0);
}

static void test_xcr0(void **state) {
  (void)state;
  static const uint64_t legal[] = {1, 3, 7, 0xe7}, illegal[] = {0, 2, 5, 0x27, 0xe3, 0x207, 9};
  for (unsigned i = 0; i < ARRAY_SIZE(legal); i++)
    assert_true(xcr0_legal(legal[i]));
  for (unsigned i = 0; i < ARRAY_SIZE(illegal); i++)
    assert_false(xcr0_legal(illegal[i]));
}

// All leaves that tell the topology tell the same one.
static void test_topology(void **state) {
  (void)state;
  for (unsigned count = 1; count <= VCPU_COUNT; count++)
    for (unsigned id = 0; id < count; id++) {
      struct vcpu *v = cpu(id);
      uint32_t out[4], bits = 1;
      v->domain->vcpu_count = count;
      while (1u << bits < 2 * count)
        bits++;
      cpuid_guest(v, 1, 0, out);
      assert_int_equal(out[EBX] >> 24, 2 * id);
      assert_int_equal((out[EBX] >> 16) & 0xff, 1u << bits);
      assert_int_equal(!!(out[EDX] & BIT(28)), count > 1);
      cpuid_guest(v, 0xb, 0, out);
      assert_int_equal(out[EAX], 1);
      assert_int_equal(out[EBX], 1);
      assert_int_equal(out[ECX], 0x100);
      assert_int_equal(out[EDX], 2 * id);
      cpuid_guest(v, 0xb, 1, out);
      assert_int_equal(out[EAX], bits);
      assert_int_equal(out[EBX], count);
      assert_int_equal(out[ECX], 0x201);
      cpuid_guest(v, 0xb, 2, out);
      assert_int_equal(out[EBX], 0);
      assert_int_equal(out[ECX], 2);
      cpuid_guest(v, 0x80000008, 0, out);
      assert_int_equal(out[ECX], bits << 12 | (count - 1));
      cpuid_guest(v, 0x8000001e, 0, out);
      assert_int_equal(out[EAX], 2 * id);
      assert_int_equal(out[EBX], id);
      cpuid_guest(v, 0x8000001d, 3, out); // the fake's level 4
      assert_int_equal((out[EAX] >> 14) & 0xfff, (1u << bits) - 1);
      cpuid_guest(v, 0x8000001d, 0, out);
      assert_int_equal((out[EAX] >> 14) & 0xfff, 1);
    }
}

static void test_address_bits(void **state) {
  (void)state;
  assert_int_equal(leaf(0x80000008, 0, EAX), 0x302a); // no more than the arena's slots hold
  assert_int_equal(cpuid_reserved_address, 0x000ffc0000000000);
  cpu_features.phys_bits = 40;
  cpuid_guest_init();
  assert_int_equal(leaf(0x80000008, 0, EAX), 0x3028);
  assert_int_equal(cpuid_reserved_address, 0x000fff0000000000);
}

static void test_control_registers(void **state) {
  (void)state;
  assert_true(cr0_legal(0x80050033));
  assert_false(cr0_legal(BIT(31)));     // paging without protection
  assert_false(cr0_legal(BIT(29) | 1)); // NW without CD
  assert_false(cr0_legal(BIT(32) | 1));
  assert_true(cr4_legal(0x7ff | BIT(11) | BIT(16) | BIT(17) | BIT(18) | BIT(20) | BIT(21)));
  assert_false(cr4_legal(BIT(12))); // five levels
  assert_false(cr4_legal(BIT(13))); // VMX
  assert_false(cr4_legal(BIT(22))); // protection keys
  assert_false(cpuid_reserved_efer & 0xd01);
  assert_true(cpuid_reserved_efer & BIT(12)); // SVM
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, world_setup)
  const struct CMUnitTest tests[] = {
      TEST(test_hidden),
      TEST(test_shown),
      TEST(test_poor_machine),
      TEST(test_orphans),
      TEST(test_changes_with_state),
      TEST(test_xsave),
      TEST(test_xcr0),
      TEST(test_topology),
      TEST(test_address_bits),
      TEST(test_control_registers),
  };
  return cmocka_run_group_tests_name("CPUID", tests, NULL, NULL);
}
