// SPDX-License-Identifier: Apache-2.0
// The virtual local APIC: registers in both modes, priorities, timer, and
// interrupts between the vCPUs of a domain.
#include "guest_world.h"
#include <stdlib.h>
#include <string.h>

enum {
  ID = 0x20,
  VERSION = 0x30,
  TPR = 0x80,
  PPR = 0xa0,
  EOI = 0xb0,
  LDR = 0xd0,
  DFR = 0xe0,
  SVR = 0xf0,
  ISR = 0x100,
  IRR = 0x200,
  ESR = 0x280,
  ICR = 0x300,
  ICR2 = 0x310,
  LVT_TIMER = 0x320,
  LVT_LINT0 = 0x350,
  LVT_ERROR = 0x370,
  INITIAL = 0x380,
  CURRENT = 0x390,
  DIVIDE = 0x3e0,
};

static uint32_t reg_read(uint32_t reg) {
  uint32_t value;
  assert_int_equal(vlapic_read(cpu0, reg, &value), STATUS_OK);
  return value;
}
static void reg_write(uint32_t reg, uint32_t value) {
  assert_int_equal(vlapic_write(cpu0, reg, value), STATUS_OK);
}
static uint64_t msr_read(uint32_t msr) {
  uint64_t value;
  assert_int_equal(vlapic_msr_read(cpu0, msr, &value), STATUS_OK);
  return value;
}
static void msr_write(uint32_t msr, uint64_t value) {
  assert_int_equal(vlapic_msr_write(cpu0, msr, value), STATUS_OK);
}

static int setup(void **state) {
  world_setup(state);
  for (unsigned i = 0; i < VCPU_COUNT; i++)
    cpu(i)->arch.lapic.spurious = 0x1ff;
  return 0;
}

static int setup_x2apic(void **state) {
  setup(state);
  for (unsigned i = 0; i < VCPU_COUNT; i++)
    assert_int_equal(vlapic_base_write(cpu(i), cpu(i)->arch.apic_base | BIT(10)), STATUS_OK);
  return 0;
}

static bool requested(struct vcpu *v, unsigned vector) {
  return v->arch.lapic.irr[vector / 64] >> (vector % 64) & 1;
}

// --- registers --------------------------------------------------------------------------

static void test_power_on(void **state) {
  (void)state;
  vlapic_reset(cpu0);
  assert_int_equal(reg_read(ID), 0);
  assert_int_equal(reg_read(VERSION), 0x50014);
  assert_int_equal(reg_read(SVR), 0xff);
  assert_int_equal(reg_read(DFR), UINT32_MAX);
  for (unsigned lvt = LVT_TIMER; lvt <= LVT_ERROR; lvt += 16)
    assert_int_equal(reg_read(lvt), 0x10000);
  assert_int_equal(cpu0->arch.apic_base, VLAPIC_BASE | 0x900);
  assert_int_equal(cpu(1)->arch.apic_base, VLAPIC_BASE | 0x800);
  assert_int_equal(cpu(3)->arch.lapic.id, 6);
}

static void test_reserved_registers(void **state) {
  (void)state;
  uint32_t value;
  assert_int_equal(vlapic_read(cpu0, 0x40, &value), STATUS_NOT_FOUND);
  assert_int_equal(vlapic_write(cpu0, 0x3f0, 0x30), STATUS_NOT_FOUND);
  assert_int_equal(reg_read(ESR), 0);
  reg_write(ESR, 0);
  assert_int_equal(reg_read(ESR), 0x80);
  reg_write(ESR, 0);
  assert_int_equal(reg_read(ESR), 0);
}

// What is written reads back, without the bits that are reserved.
static void test_registers_read_back(void **state) {
  static const struct {
    uint32_t reg, written, read;
  } rows[] = {
      {LDR, 0x12345678, 0x12000000},  {DFR, 0, 0x0fffffff},
      {ICR2, 0x55aaaaaa, 0x55000000}, {DIVIDE, 0xb, 0xb},
      {INITIAL, 1000, 1000},          {TPR, 0x40, 0x40},
      {VERSION, 0xffffffff, 0x50014}, {ID, 0xffffffff, 0},
  };
  (void)state;
  for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    reg_write(rows[i].reg, rows[i].written);
    assert_int_equal(reg_read(rows[i].reg), rows[i].read);
  }
  for (uint32_t reg = ISR; reg < ESR; reg += 16)
    assert_int_equal(reg_read(reg), 0);
}

// A vector below 16 is no interrupt, also where an error would raise one: it only adds its own bit.
static void test_error_without_a_vector(void **state) {
  uint32_t value;
  (void)state;
  reg_write(LVT_ERROR, 5);
  assert_int_equal(vlapic_read(cpu0, 0x40, &value), STATUS_NOT_FOUND);
  reg_write(ESR, 0);
  assert_int_equal(reg_read(ESR), 0xc0); // receive illegal vector; illegal register
  for (unsigned vector = 0; vector < 16; vector++)
    assert_false(requested(cpu0, vector));
}

static void test_error_interrupt(void **state) {
  (void)state;
  uint32_t value;
  reg_write(LVT_ERROR, 0x41);
  assert_int_equal(vlapic_read(cpu0, 0x40, &value), STATUS_NOT_FOUND);
  assert_int_equal(vlapic_pending(cpu0), 0x41);
}

static void test_software_disable_masks(void **state) {
  (void)state;
  reg_write(LVT_LINT0, 0x700);
  assert_int_equal(reg_read(LVT_LINT0), 0x700);
  reg_write(SVR, 0xff);
  assert_int_equal(reg_read(LVT_LINT0), 0x10700);
  reg_write(LVT_LINT0, 0x700);
  assert_int_equal(reg_read(LVT_LINT0), 0x10700);
  reg_write(SVR, 0x1ff);
  assert_int_equal(reg_read(LVT_LINT0), 0x10700);
  reg_write(LVT_LINT0, 0xffffffff);
  assert_int_equal(reg_read(LVT_LINT0), 0x1a7ff);
}

static void test_modes(void **state) {
  (void)state;
  const uint64_t off = VLAPIC_BASE | BIT(8), xapic = off | BIT(11), x2apic = xapic | BIT(10);
  static const struct {
    unsigned from, to;
    bool legal;
  } changes[] = {{0, 0, true}, {0, 1, true}, {0, 2, false}, {1, 0, true}, {1, 1, true},
                 {1, 2, true}, {2, 0, true}, {2, 1, false}, {2, 2, true}};
  const uint64_t value[] = {off, xapic, x2apic};
  for (unsigned i = 0; i < ARRAY_SIZE(changes); i++) {
    cpu0->arch.apic_base = value[changes[i].from];
    enum status s = vlapic_base_write(cpu0, value[changes[i].to]);
    assert_int_equal(s == STATUS_OK, changes[i].legal);
  }
  cpu0->arch.apic_base = xapic;
  assert_int_equal(vlapic_base_write(cpu0, off | BIT(10)), STATUS_INVALID);
  assert_int_equal(vlapic_base_write(cpu0, xapic + 0x1000), STATUS_INVALID);
  assert_int_equal(vlapic_base_write(cpu0, xapic & ~BIT(8)), STATUS_INVALID);
  assert_int_equal(vlapic_base_write(cpu0, off), STATUS_OK);
  vlapic_raise(cpu0, 0x50);
  assert_int_equal(vlapic_pending(cpu0), -1);
}

static void test_x2apic_registers(void **state) {
  (void)state;
  uint64_t value;
  static const uint32_t absent[] = {0x800, 0x809, 0x80b, 0x80c, 0x80e, 0x831, 0x83f};
  for (unsigned i = 0; i < ARRAY_SIZE(absent); i++)
    assert_int_not_equal(vlapic_msr_read(cpu0, absent[i], &value), STATUS_OK);
  static const uint32_t read_only[] = {0x802, 0x803, 0x80a, 0x80d, 0x810, 0x820, 0x839};
  for (unsigned i = 0; i < ARRAY_SIZE(read_only); i++)
    assert_int_not_equal(vlapic_msr_write(cpu0, read_only[i], 0), STATUS_OK);
  static const uint64_t reserved[][2] = {{0x80b, 1},     {0x828, 1},       {0x808, 0x100},
                                         {0x80f, 0x400}, {0x832, 0x80000}, {0x83e, 4},
                                         {0x83f, 0x100}, {0x830, BIT(20)}};
  for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++)
    assert_int_equal(vlapic_msr_write(cpu0, (uint32_t)reserved[i][0], reserved[i][1]),
                     STATUS_INVALID);
  msr_write(0x838, 1000);
  assert_int_equal(msr_read(0x838), 1000);
  assert_int_equal(vlapic_msr_write(cpu0, 0x838, BIT(32)), STATUS_INVALID);
  cpu0->arch.lapic.id = 0x123;
  assert_int_equal(msr_read(0x802), 0x123);
  assert_int_equal(msr_read(0x80d), 0x120008);
}

// --- priorities -----------------------------------------------------------------------------

static void test_priorities(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x41);
  vlapic_raise(cpu0, 0x65);
  assert_int_equal(vlapic_pending(cpu0), 0x65);
  vlapic_accept(cpu0, 0x65);
  assert_int_equal(reg_read(PPR), 0x60);
  assert_int_equal(vlapic_pending(cpu0), -1);
  vlapic_raise(cpu0, 0x6f); // the same class waits
  assert_int_equal(vlapic_pending(cpu0), -1);
  vlapic_raise(cpu0, 0x70);
  assert_int_equal(vlapic_pending(cpu0), 0x70);
  vlapic_accept(cpu0, 0x70);
  assert_int_equal(reg_read(ISR + 0x30), BIT(0x65 - 0x60) | BIT(0x70 - 0x60));
  reg_write(EOI, 0);
  reg_write(EOI, 0);
  assert_int_equal(vlapic_pending(cpu0), 0x6f);
  assert_int_equal(reg_read(IRR + 0x20), BIT(1));
}

static void test_task_priority(void **state) {
  (void)state;
  reg_write(TPR, 0x45);
  assert_int_equal(world.creg[CREG_CR8], 4);
  assert_int_equal(reg_read(TPR), 0x45);
  vlapic_raise(cpu0, 0x4f);
  assert_int_equal(vlapic_pending(cpu0), -1);
  assert_int_equal(vlapic_waiting_class(cpu0), 4);
  world.creg[CREG_CR8] = 3; // without an exit
  assert_int_equal(reg_read(TPR), 0x30);
  assert_int_equal(vlapic_pending(cpu0), 0x4f);
  vlapic_accept(cpu0, 0x4f);
  vlapic_raise(cpu0, 0x44);
  assert_int_equal(vlapic_waiting_class(cpu0), 0); // EOI ends that wait, not CR8
}

static void test_put_back(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x50);
  vlapic_accept(cpu0, 0x50);
  vlapic_put_back(cpu0, 0x50);
  assert_int_equal(vlapic_pending(cpu0), 0x50);
  vlapic_put_back(cpu0, 0x60); // never accepted: the upcall's vector
  assert_int_equal(vlapic_pending(cpu0), 0x50);
}

// Any order of raise, accept and EOI keeps to a model of two sets.
static void test_random_order(void **state) {
  (void)state;
  bool irr[256] = {0}, isr[256] = {0};
  srandom(2);
  for (unsigned step = 0; step < 20000; step++) {
    int top_irr = -1, top_isr = -1;
    for (int i = 0; i < 256; i++) {
      top_irr = irr[i] ? i : top_irr;
      top_isr = isr[i] ? i : top_isr;
    }
    int expected = top_irr >= 0 && top_irr / 16 > (top_isr < 0 ? 0 : top_isr / 16) ? top_irr : -1;
    assert_int_equal(vlapic_pending(cpu0), expected);
    unsigned what = random() % 3;
    if (what == 0) {
      uint8_t vector = (uint8_t)(16 + random() % 240);
      vlapic_raise(cpu0, vector);
      irr[vector] = true;
    } else if (what == 1 && expected >= 0) {
      vlapic_accept(cpu0, (uint8_t)expected);
      irr[expected] = false;
      isr[expected] = true;
    } else if (what == 2) {
      reg_write(EOI, 0);
      if (top_isr >= 0)
        isr[top_isr] = false;
    }
  }
}

// --- timer --------------------------------------------------------------------------------------

static struct timer *timer(void) {
  return &cpu0->stub->apic_timer;
}

static void fire(void) {
  assert_true(timer_pending(timer()));
  world.now = timer()->node.key;
  timer()->cpu = NULL;
  vlapic_timer_fired(cpu0);
}

static void test_one_shot(void **state) {
  (void)state;
  world.now = 1000;
  reg_write(LVT_TIMER, 0x40);
  reg_write(DIVIDE, 0xb); // by 1: 10 ns a tick
  reg_write(INITIAL, 100);
  assert_int_equal(timer()->node.key, 2000);
  world.now = 1495;
  assert_int_equal(reg_read(CURRENT), 51);
  fire();
  assert_int_equal(vlapic_pending(cpu0), 0x40);
  assert_int_equal(reg_read(CURRENT), 0);
  assert_false(timer_pending(timer()));
}

static void test_divide(void **state) {
  (void)state;
  static const unsigned by[][2] = {{0, 2},  {1, 4},  {2, 8},    {3, 16},
                                   {8, 32}, {9, 64}, {10, 128}, {11, 1}};
  for (unsigned i = 0; i < ARRAY_SIZE(by); i++) {
    reg_write(DIVIDE, by[i][0]);
    reg_write(INITIAL, 1000);
    assert_int_equal(timer()->node.key, 10000 * by[i][1]);
  }
  reg_write(DIVIDE, 0xb);
  world.now += 4000;
  reg_write(DIVIDE, 0); // the rest, 600 ticks, at half the rate
  assert_int_equal(reg_read(CURRENT), 600);
  assert_int_equal(timer()->node.key, world.now + 12000);
}

static void test_periodic(void **state) {
  (void)state;
  reg_write(LVT_TIMER, 0x20040);
  reg_write(DIVIDE, 0xb);
  reg_write(INITIAL, 100);
  fire();
  assert_int_equal(timer()->node.key, 2000);
  world.now = 7300; // late: what went by is one interrupt
  timer()->cpu = NULL;
  vlapic_timer_fired(cpu0);
  assert_int_equal(timer()->node.key, 8000);
  assert_int_equal(reg_read(CURRENT), 70);
  reg_write(INITIAL, 0);
  assert_false(timer_pending(timer()));
}

static void test_masked_and_stale(void **state) {
  (void)state;
  reg_write(LVT_TIMER, 0x10040);
  reg_write(INITIAL, 10);
  fire();
  assert_int_equal(vlapic_pending(cpu0), -1);
  reg_write(LVT_TIMER, 0x40);
  reg_write(INITIAL, 10);
  timer()->cpu = NULL; // it fired, but before the mail is read the guest starts it again
  reg_write(INITIAL, 500);
  vlapic_timer_fired(cpu0);
  assert_int_equal(vlapic_pending(cpu0), -1);
}

static void test_deadline(void **state) {
  (void)state;
  world.now = 5000;
  world.creg[CREG_TSC_OFFSET] = 100;
  vlapic_tsc_deadline_write(cpu0, 9000); // not in that mode
  assert_int_equal(cpu0->arch.lapic.tsc_deadline, 0);
  reg_write(LVT_TIMER, 0x40040);
  vlapic_tsc_deadline_write(cpu0, 9000);
  assert_int_equal(timer()->node.key, 8900);
  assert_int_equal(cpu0->arch.lapic.tsc_deadline, 9000);
  reg_write(INITIAL, 100); // means nothing here
  assert_int_equal(timer()->node.key, 8900);
  assert_int_equal(reg_read(CURRENT), 0);
  fire();
  assert_int_equal(vlapic_pending(cpu0), 0x40);
  assert_int_equal(cpu0->arch.lapic.tsc_deadline, 0);
  vlapic_tsc_deadline_write(cpu0, 1); // past
  assert_true(timer()->node.key <= world.now);
  vlapic_tsc_deadline_write(cpu0, UINT64_MAX);
  assert_true(timer()->node.key > world.now + BIT(50));
  assert_true(timer()->node.key <= world.now + BIT(56)); // cut, so that scaling cannot overflow
  reg_write(LVT_TIMER, 0x40);                            // leaving the mode disarms
  assert_false(timer_pending(timer()));
}

// The mode's fourth value is reserved.
static void test_reserved_mode(void **state) {
  (void)state;
  reg_write(LVT_TIMER, 0x60040);
  assert_int_equal(reg_read(LVT_TIMER), 0x20040);
}

// What stands still, or counts to a deadline, takes the new rate when it next starts.
static void test_divide_at_rest(void **state) {
  (void)state;
  reg_write(DIVIDE, 0);
  assert_false(timer_pending(timer()));
  reg_write(LVT_TIMER, 0x40040);
  vlapic_tsc_deadline_write(cpu0, 9000);
  uint64_t key = timer()->node.key;
  reg_write(DIVIDE, 0xb);
  assert_int_equal(timer()->node.key, key);
  vlapic_tsc_deadline_write(cpu0, 0);
  assert_false(timer_pending(timer()));
}

// --- interrupts between vCPUs --------------------------------------------------------------------

// vCPUs that got `vector`, as a mask; clears it again.
static unsigned receivers(unsigned vector) {
  unsigned mask = 0;
  for (unsigned i = 0; i < VCPU_COUNT; i++) {
    if (requested(cpu(i), vector)) {
      mask |= 1u << i;
      if (i)
        assert_true(cpu(i)->stub->mail & BIT(MAIL_INTERRUPT));
    }
    memset(cpu(i)->arch.lapic.irr, 0, sizeof(cpu(i)->arch.lapic.irr));
    cpu(i)->stub->mail = 0;
  }
  return mask;
}

static void send(uint32_t destination, uint32_t command) {
  reg_write(ICR2, destination << 24);
  reg_write(ICR, command);
}

static void test_destinations_xapic(void **state) {
  (void)state;
  send(4, 0x50);
  assert_int_equal(receivers(0x50), 4);
  send(0xff, 0x50);
  assert_int_equal(receivers(0x50), 15);
  send(5, 0x50);
  assert_int_equal(receivers(0x50), 0);
  send(0, 0x40050);
  assert_int_equal(receivers(0x50), 1);
  send(0, 0x80050);
  assert_int_equal(receivers(0x50), 15);
  send(0, 0xc0050);
  assert_int_equal(receivers(0x50), 14);
  assert_int_equal(reg_read(ICR), 0xc0050);
  for (unsigned i = 0; i < VCPU_COUNT; i++)
    cpu(i)->arch.lapic.ldr = 0x1000000u << i;
  send(0x0a, 0x850); // logical, flat
  assert_int_equal(receivers(0x50), 10);
  send(0x0a, 0x950); // lowest priority: one of them
  assert_int_equal(receivers(0x50), 2);
  for (unsigned i = 0; i < VCPU_COUNT; i++) {
    cpu(i)->arch.lapic.dfr = 0x0fffffff;
    cpu(i)->arch.lapic.ldr = (i / 2 << 4 | 1u << i % 2) << 24;
  }
  send(0x13, 0x850); // cluster 1, both
  assert_int_equal(receivers(0x50), 12);
  send(0x01, 0x850);
  assert_int_equal(receivers(0x50), 1);
}

static void test_destinations_x2apic(void **state) {
  (void)state;
  msr_write(0x830, 4ull << 32 | 0x50);
  assert_int_equal(receivers(0x50), 4);
  msr_write(0x830, 0xffull << 32 | 0x50); // no broadcast here
  assert_int_equal(receivers(0x50), 0);
  msr_write(0x830, (uint64_t)UINT32_MAX << 32 | 0x50);
  assert_int_equal(receivers(0x50), 15);
  msr_write(0x830, 0x14ull << 32 | 0x850); // cluster 0: ids 2 and 4
  assert_int_equal(receivers(0x50), 6);
  msr_write(0x830, 0x10014ull << 32 | 0x850);
  assert_int_equal(receivers(0x50), 0);
  msr_write(0x83f, 0x51);
  assert_int_equal(receivers(0x51), 1);
  assert_int_equal(msr_read(0x830), 0x10014ull << 32 | 0x850);
}

static void test_who_does_not_take_it(void **state) {
  (void)state;
  cpu(1)->arch.lapic.spurious = 0xff;
  assert_int_equal(vlapic_base_write(cpu(2), VLAPIC_BASE), STATUS_OK);
  send(0, 0xc0050);
  assert_int_equal(receivers(0x50), 8);
  send(2, 0x400); // an NMI goes to one that is off by software
  assert_int_equal(cpu(1)->arch.lapic.nmi_pending, 1);
  send(4, 0x400);
  assert_int_equal(cpu(2)->arch.lapic.nmi_pending, 0);
  send(0, 0xc0200); // an SMI: no guest has that mode
  assert_int_equal(receivers(0), 0);
  send(2, 0x150); // lowest priority, to one that is off by software
  assert_int_equal(receivers(0x50), 0);
  reg_write(LVT_ERROR, 0x42);
  send(2, 0x0f); // illegal vector
  reg_write(ESR, 0);
  assert_int_equal(reg_read(ESR), 0x20);
  assert_true(requested(cpu0, 0x42));
}

static void test_startup(void **state) {
  (void)state;
  struct vcpu *ap = cpu(1);
  send(2, 0x612); // SIPI before INIT: it waits after power-on as well
  assert_true(vlapic_apply(ap));
  assert_int_equal(ap->arch.activity, ACTIVITY_RUN);
  ap->arch.regs.rip = 0x1234;
  ap->arch.lapic.tpr = 0x20;
  send(2, 0x613); // it runs: ignored
  assert_false(vlapic_apply(ap));
  assert_int_equal(ap->arch.regs.rip, 0x1234);
  send(2, 0x4500);
  send(2, 0x8500); // level de-assert does nothing
  assert_true(ap->stub->mail & BIT(MAIL_INTERRUPT));
  assert_true(vlapic_apply(ap));
  assert_int_equal(ap->arch.activity, ACTIVITY_WAIT_SIPI);
  assert_true(arch_vcpu_halted(ap));
  assert_int_equal(ap->arch.lapic.tpr, 0);
  assert_int_equal(ap->arch.lapic.id, 2);
  send(2, 0x614);
  assert_true(vlapic_apply(ap));
  assert_int_equal(ap->arch.regs.rip, 0);
  assert_false(arch_vcpu_halted(ap));
}

static void test_init_and_sipi_at_once(void **state) {
  (void)state;
  arch_vcpu_set_up(cpu(1), true);
  cpu(1)->arch.regs.rip = 0x777;
  send(2, 0x4500);
  send(2, 0x614);
  assert_false(vlapic_apply(cpu(1))); // ran before, runs after
  assert_int_equal(cpu(1)->arch.regs.rip, 0);
  send(0, 0x4500 | 0x40000); // INIT to oneself does not exist
  assert_int_equal(cpu0->arch.activity, ACTIVITY_RUN);
}

// The segment that SIPI loads, seen on vCPU 0, whose control block is the world's.
static void test_startup_address(void **state) {
  (void)state;
  cpu0->arch.lapic.sipi_vector = 0x9a;
  cpu0->arch.lapic.init_pending = cpu0->arch.lapic.sipi_pending = 1;
  (void)vlapic_apply(cpu0);
  assert_int_equal(world.segment[SEG_CS].selector, 0x9a00);
  assert_int_equal(world.segment[SEG_CS].base, 0x9a000);
  assert_int_equal(world.segment[SEG_CS].attributes, 0x9b);
  assert_int_equal(world.creg[CREG_CR0] & 1, 0);
}

int main(void) {
#define TEST(f)   cmocka_unit_test_setup(f, setup)
#define X2TEST(f) cmocka_unit_test_setup(f, setup_x2apic)
  const struct CMUnitTest tests[] = {
      TEST(test_power_on),
      TEST(test_reserved_registers),
      TEST(test_registers_read_back),
      TEST(test_error_without_a_vector),
      TEST(test_error_interrupt),
      TEST(test_software_disable_masks),
      TEST(test_modes),
      X2TEST(test_x2apic_registers),
      TEST(test_priorities),
      TEST(test_task_priority),
      TEST(test_put_back),
      TEST(test_random_order),
      TEST(test_one_shot),
      TEST(test_divide),
      TEST(test_periodic),
      TEST(test_masked_and_stale),
      TEST(test_deadline),
      TEST(test_reserved_mode),
      TEST(test_divide_at_rest),
      TEST(test_destinations_xapic),
      X2TEST(test_destinations_x2apic),
      TEST(test_who_does_not_take_it),
      TEST(test_startup),
      TEST(test_init_and_sipi_at_once),
      TEST(test_startup_address),
  };
  return cmocka_run_group_tests_name("local APIC", tests, NULL, NULL);
}
