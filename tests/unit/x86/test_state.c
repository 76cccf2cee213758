// SPDX-License-Identifier: Apache-2.0
// The state table: every record reads back what was set, reset and INIT give
// the manual's values, illegal values are refused; and how vCPUs begin.
#include "guest_world.h"
#include <string.h>

static const struct state_record *record(const char *name) {
  for (unsigned i = 0; i < state_count; i++)
    if (!strcmp(state_table[i].name, name))
      return &state_table[i];
  fail_msg("no record %s", name);
  return NULL;
}

static uint64_t value_of(const char *name) {
  const struct state_record *r = record(name);
  return r->get(cpu0, r->arg);
}

static bool set(const char *name, uint64_t value) {
  const struct state_record *r = record(name);
  return r->set(cpu0, r->arg, value);
}

static void test_names_and_ids_are_unique(void **state) {
  (void)state;
  for (unsigned i = 0; i < state_count; i++)
    for (unsigned j = 0; j < i; j++) {
      assert_string_not_equal(state_table[i].name, state_table[j].name);
      assert_int_not_equal(state_table[i].id, state_table[j].id);
    }
}

// All records are set before any is read, so two that share a place are found.
static void test_every_record_is_its_own(void **state) {
  (void)state;
  uint64_t wanted[256];
  for (unsigned i = 0; i < state_count; i++) {
    const struct state_record *r = &state_table[i];
    wanted[i] = r->reset;
    static const uint64_t candidates[] = {0x1234567890ab, 0x2345600, 0x345, 5, 3, 1};
    for (unsigned c = 0; c < ARRAY_SIZE(candidates); c++)
      if (r->set(cpu0, r->arg, candidates[c] + i) && r->get(cpu0, r->arg) == candidates[c] + i) {
        wanted[i] = candidates[c] + i;
        break;
      }
    if (wanted[i] == r->reset)
      assert_true(r->set(cpu0, r->arg, r->reset));
  }
  for (unsigned i = 0; i < state_count; i++) {
    const struct state_record *r = &state_table[i];
    assert_int_equal(r->get(cpu0, r->arg), wanted[i]);
  }
}

static void disturb(void) {
  for (unsigned i = 0; i < state_count; i++) {
    const struct state_record *r = &state_table[i];
    (void)r->set(cpu0, r->arg, r->get(cpu0, r->arg) ? 0 : 1);
  }
}

static void test_reset(void **state) {
  (void)state;
  disturb();
  arch_vcpu_reset(cpu0);
  for (unsigned i = 0; i < state_count; i++)
    assert_int_equal(state_table[i].get(cpu0, state_table[i].arg), state_table[i].reset);
  assert_int_equal(value_of("cr0"), 0x10);
  assert_int_equal(value_of("rip"), 0xfff0);
  assert_int_equal(value_of("cs.base"), 0xffff0000);
  assert_int_equal(value_of("dr6"), 0xffff0ff0);
  assert_int_equal(cpu0->arch.activity, ACTIVITY_WAIT_SIPI);
}

static void test_init(void **state) {
  (void)state;
  assert_true(set("pat", 0x0606060606060606));
  assert_true(set("lstar", 0x1234));
  assert_true(set("xcr0", 7));
  assert_true(set("mtrr.base3", 0x1000));
  assert_true(set("tsc_offset", 55));
  assert_true(set("cr3", 0x5000));
  assert_true(set("dr7", 0x455));
  assert_true(set("apic.spurious", 0x1ff));
  assert_true(set("efer", 0x901));
  cpu0->arch.apic_base |= BIT(10);
  state_init(cpu0);
  assert_int_equal(value_of("pat"), 0x0606060606060606);
  assert_int_equal(value_of("lstar"), 0x1234);
  assert_int_equal(value_of("xcr0"), 7);
  assert_int_equal(value_of("mtrr.base3"), 0x1000);
  assert_int_equal(value_of("tsc_offset"), 55);
  assert_int_equal(value_of("cr3"), 0);
  assert_int_equal(value_of("dr7"), 0x400);
  assert_int_equal(value_of("apic.spurious"), 0xff);
  assert_int_equal(value_of("efer"), 0);
  assert_true(cpu0->arch.apic_base & BIT(10)); // the mode stays
}

static void test_illegal_values(void **state) {
  (void)state;
  static const struct {
    const char *name;
    uint64_t value;
  } illegal[] = {
      {"rflags", BIT(3)},
      {"rflags", BIT(40)},
      {"cr0", BIT(31)},
      {"cr4", BIT(13)},
      {"cr8", 16},
      {"efer", BIT(12)},
      {"pat", 2},
      {"dr7", BIT(32)},
      {"xcr0", 2},
      {"activity", 9},
      {"cs", 0x10000},
      {"cs.attributes", 0x1000},
      {"event", 9ull << 32},
      {"nmi_pending", 2},
      {"tr.limit", BIT(32)},
  };
  for (unsigned i = 0; i < ARRAY_SIZE(illegal); i++) {
    print_message("%s %lx\n", illegal[i].name, illegal[i].value);
    assert_false(set(illegal[i].name, illegal[i].value));
  }
}

static void test_boot_protocol(void **state) {
  (void)state;
  assert_int_equal(cpu0->arch.regs.rip, 0x100000);
  assert_int_equal(cpu0->arch.regs.gpr[RBX], 0x2000);
  assert_int_equal(cpu0->arch.regs.rflags, 2);
  assert_int_equal(world.creg[CREG_CR0], 0x11);
  assert_int_equal(world.creg[CREG_CR4], 0);
  assert_int_equal(world.creg[CREG_EFER], 0);
  assert_int_equal(world.segment[SEG_CS].attributes, 0xc9b);
  assert_int_equal(world.segment[SEG_SS].attributes, 0xc93);
  assert_int_equal(world.segment[SEG_DS].limit, UINT32_MAX);
  assert_int_equal(world.segment[SEG_TR].attributes, 0x8b);
  assert_int_equal(world.segment[SEG_TR].limit, 0x67);
  assert_true(arch_vcpu_is_32bit(cpu0));
  assert_true(!arch_vcpu_offline(cpu0));
  assert_false(!arch_vcpu_offline(cpu(1)));
}

static const struct arch_context long_mode = {
    .mode64 = true,
    .cr0 = 0x80050033,
    .cr3 = 0x4000,
    .cr4 = 0x20,
    .efer = 0xd01,
    .ip = 0xffffffff81000000,
    .flags = 2,
    .gpr = {1, 2, 3, 4, 5, 6, 7, 8},
};

static void test_context(void **state) {
  (void)state;
  struct arch_context c = long_mode;
  cpu0->arch.activity = ACTIVITY_RUN;
  assert_int_equal(arch_vcpu_set_context(cpu0, &c), STATUS_EXISTS); // a SIPI was faster
  cpu0->arch.activity = ACTIVITY_WAIT_SIPI;
  assert_int_equal(arch_vcpu_set_context(cpu0, &c), STATUS_OK);
  cpu0->arch.lapic.sipi_pending = 1;
  assert_false(vlapic_apply(cpu0)); // too late
  assert_false(!arch_vcpu_offline(cpu0));
  assert_true(arch_vcpu_offline(cpu0));
  assert_int_equal(cpu0->arch.regs.rip, 0x100000); // its own thread's to write
  arch_vcpu_set_up(cpu0, true);
  assert_true(!arch_vcpu_offline(cpu0));
  assert_false(arch_vcpu_halted(cpu0));
  assert_int_equal(cpu0->arch.activity, ACTIVITY_RUN);
  assert_int_equal(cpu0->arch.regs.gpr[RDI], 8);
  assert_int_equal(cpu0->arch.regs.rip, 0xffffffff81000000);
  assert_false(arch_vcpu_is_32bit(cpu0));
  c = (struct arch_context){.cr0 = 0x11,
                            .ip = 0x1000,
                            .segment = {{0, 0xffffffff, 0xc9b},
                                        {0, 0xffffffff, 0xc93},
                                        {0x10, 0xffffffff, 0xc93},
                                        {0, 0xffffffff, 0xc93},
                                        {0, 0x67, 0x8b}}};
  cpu0->arch.activity = ACTIVITY_WAIT_SIPI;
  assert_int_equal(arch_vcpu_set_context(cpu0, &c), STATUS_OK);
  arch_vcpu_set_up(cpu0, true);
  assert_false(arch_vcpu_halted(cpu0));
  assert_true(arch_vcpu_is_32bit(cpu0));
  assert_int_equal(world.segment[SEG_SS].base, 0x10);
}

// Taken down before its thread has seen that it is up; up again it goes on once, where it was.
static void test_context_and_down(void **state) {
  (void)state;
  cpu0->arch.activity = ACTIVITY_WAIT_SIPI;
  assert_int_equal(arch_vcpu_set_context(cpu0, &long_mode), STATUS_OK);
  arch_vcpu_set_up(cpu0, true);
  arch_vcpu_set_up(cpu0, false);
  assert_true(arch_vcpu_halted(cpu0));
  assert_int_equal(cpu0->arch.regs.rip, 0x100000);
  arch_vcpu_set_up(cpu0, true);
  assert_false(arch_vcpu_halted(cpu0));
  assert_int_equal(cpu0->arch.regs.rip, long_mode.ip);
  cpu0->arch.regs.rip++;
  arch_vcpu_set_up(cpu0, false);
  arch_vcpu_set_up(cpu0, true);
  assert_false(arch_vcpu_halted(cpu0));
  assert_int_equal(cpu0->arch.regs.rip, long_mode.ip + 1);
}

// One that a former life was given is nothing to the next.
static void test_context_and_reset(void **state) {
  (void)state;
  cpu0->arch.activity = ACTIVITY_WAIT_SIPI;
  assert_int_equal(arch_vcpu_set_context(cpu0, &long_mode), STATUS_OK);
  arch_vcpu_reset(cpu0);
  arch_vcpu_set_up(cpu0, true);
  assert_false(arch_vcpu_halted(cpu0));
  assert_int_equal(cpu0->arch.regs.rip, 0xfff0);
}

static void test_illegal_contexts(void **state) {
  (void)state;
  struct arch_context bad[11];
  for (unsigned i = 0; i < 11; i++)
    bad[i] = long_mode;
  bad[0].cr0 = 0;      // real mode
  bad[1].cr4 = 0;      // long mode without PAE
  bad[2].efer = 0x901; // active, and says that it is not
  bad[3].cr3 = BIT(45);
  bad[4].flags = BIT(40);
  bad[5].efer |= BIT(12);
  bad[6].cr4 |= BIT(13);
  bad[7].cr0 = 0x11;     // 64 bits without paging
  bad[8].mode64 = false; // no segments
  bad[9].mode64 = false;
  for (unsigned s = 0; s < 5; s++)
    bad[9].segment[s].attributes = 0xa9b; // code with L
  bad[10].cr3 |= BIT(52);                 // a bit for software, of an entry alone
  cpu0->arch.regs.rip = 77;
  for (unsigned i = 0; i < 11; i++) {
    assert_int_equal(arch_vcpu_set_context(cpu0, &bad[i]), STATUS_INVALID);
    assert_int_equal(cpu0->arch.regs.rip, 77);
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, world_setup)
  const struct CMUnitTest tests[] = {
      TEST(test_names_and_ids_are_unique),
      TEST(test_every_record_is_its_own),
      TEST(test_reset),
      TEST(test_init),
      TEST(test_illegal_values),
      TEST(test_boot_protocol),
      TEST(test_context),
      TEST(test_context_and_down),
      TEST(test_context_and_reset),
      TEST(test_illegal_contexts),
  };
  return cmocka_run_group_tests_name("vCPU state", tests, NULL, NULL);
}
