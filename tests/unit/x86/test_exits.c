// SPDX-License-Identifier: Apache-2.0
// Exits end to end: instruction bytes in guest memory, an exit, the registers
// and events after it; injection; copies to and from guest memory.
#include "guest_world.h"
#include <abi/guest_platform.h>
#include <guest.h>
#include <string.h>

#define INSN(...) world_insn((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint64_t *gpr;
static uint64_t start_rip;

static int setup64(void **state) {
  world_setup(state);
  world_code(64);
  gpr = cpu0->arch.regs.gpr;
  start_rip = cpu0->arch.regs.rip;
  return 0;
}

static void assert_advanced(unsigned n) {
  assert_int_equal(cpu0->arch.regs.rip, start_rip + n);
  assert_int_equal(cpu0->arch.event.type, EVENT_NONE);
}

static void assert_exception(uint8_t vector) {
  assert_int_equal(cpu0->arch.regs.rip, start_rip);
  assert_int_equal(cpu0->arch.event.type, EVENT_EXCEPTION);
  assert_int_equal(cpu0->arch.event.vector, vector);
}

// --- instructions -------------------------------------------------------------------------

static void test_cpuid(void **state) {
  (void)state;
  INSN(0x0f, 0xa2);
  gpr[RAX] = 0xffffffff00000000;
  x86_exit_cpuid(cpu0);
  assert_advanced(2);
  assert_int_equal(gpr[RAX], 0xd);
  assert_int_equal(gpr[RBX], UINT32_MAX);
}

static void test_hypercall_64(void **state) {
  (void)state;
  gpr[RAX] = 17, gpr[RDI] = 1, gpr[RSI] = 2, gpr[RDX] = 3;
  world.hypercall_result = -38ull;
  x86_exit_hypercall(cpu0, start_rip + 3);
  assert_advanced(3);
  assert_int_equal(world.hypercall_nr, 17);
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(world.hypercall_args[i], i + 1);
  assert_false(world.hypercall_compat);
  assert_int_equal(gpr[RAX], -38ull);
}

static void test_hypercall_32(void **state) {
  (void)state;
  world_code(32);
  gpr[RAX] = 17;
  gpr[RBX] = 1, gpr[RCX] = 2, gpr[RDX] = 3;
  world.hypercall_result = -38ull;
  x86_exit_hypercall(cpu0, start_rip + 3);
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(world.hypercall_args[i], i + 1);
  assert_true(world.hypercall_compat);
  assert_int_equal(gpr[RAX], (uint32_t)-38);
}

static void test_hypercall_refused(void **state) {
  (void)state;
  world.cpl = 3;
  gpr[RAX] = 17;
  x86_exit_hypercall(cpu0, start_rip + 3);
  assert_advanced(3);
  assert_int_equal(gpr[RAX], ~0ull);
  assert_int_equal(world.hypercall_nr, 0);
}

static void test_hypercall_from_real_mode(void **state) {
  (void)state;
  world_code(16);
  world.creg[CREG_CR0] = 0x10;
  world.creg[CREG_EFER] = 0;
  gpr[RAX] = 17;
  x86_exit_hypercall(cpu0, start_rip + 3);
  assert_int_equal(gpr[RAX], ~0ull);
  assert_int_equal(world.hypercall_nr, 0);
}

static void test_msr_exits(void **state) {
  (void)state;
  INSN(0x0f, 0x32);
  gpr[RCX] = 0x277;
  gpr[RAX] = gpr[RDX] = ~0ull;
  x86_exit_rdmsr(cpu0);
  assert_advanced(2);
  assert_int_equal(gpr[RAX], 0x00070406);
  assert_int_equal(gpr[RDX], 0x00070406);
  start_rip += 2;
  INSN(0x0f, 0x30);
  gpr[RAX] = 0xffffffff06060606, gpr[RDX] = 0xffffffff06060606;
  x86_exit_wrmsr(cpu0);
  assert_advanced(2);
  assert_int_equal(world.creg[CREG_PAT], 0x0606060606060606);
  start_rip += 2;
  INSN(0x0f, 0x30);
  gpr[RAX] = 2;
  x86_exit_wrmsr(cpu0);
  assert_exception(VECTOR_GP);
}

static void test_hidden_msr(void **state) {
  (void)state;
  INSN(0x0f, 0x32);
  gpr[RCX] = 0x48;
  x86_exit_rdmsr(cpu0);
  assert_exception(VECTOR_GP);
}

static void test_xsetbv(void **state) {
  (void)state;
  INSN(0x0f, 0x01, 0xd1);
  gpr[RAX] = 7;
  x86_exit_xsetbv(cpu0);
  assert_advanced(3);
  assert_int_equal(cpu0->arch.xcr0, 7);
  start_rip += 3;
  gpr[RAX] = 5;
  x86_exit_xsetbv(cpu0);
  assert_exception(VECTOR_GP);
  assert_int_equal(cpu0->arch.xcr0, 7);
}

static void test_hlt(void **state) {
  (void)state;
  INSN(0xf4);
  cpu0->arch.regs.rflags |= BIT(9);
  x86_exit_hlt(cpu0);
  assert_advanced(1);
  assert_true(arch_vcpu_halted(cpu0));
  cpu0->arch.lapic.spurious = 0x1ff;
  vlapic_raise(cpu0, 0x40);
  assert_false(arch_vcpu_halted(cpu0));
  assert_int_equal(cpu0->arch.activity, ACTIVITY_RUN);
}

// Nothing but an NMI ends it: the vCPU goes down.
static void test_hlt_without_interrupts(void **state) {
  (void)state;
  INSN(0xf4);
  x86_exit_hlt(cpu0);
  assert_true(world.halted_for_good);
}

// But a pending NMI does; and what a sibling has done to it meanwhile stays.
static void test_hlt_beside_others(void **state) {
  (void)state;
  INSN(0xf4);
  cpu0->arch.nmi_pending = true;
  x86_exit_hlt(cpu0);
  assert_false(world.halted_for_good);
  assert_int_equal(cpu0->arch.activity, ACTIVITY_HALT);
  assert_false(arch_vcpu_halted(cpu0));
  cpu0->arch.activity = ACTIVITY_OFFLINE;
  cpu0->arch.regs.rip = start_rip;
  x86_exit_hlt(cpu0);
  assert_advanced(1);
  assert_int_equal(cpu0->arch.activity, ACTIVITY_OFFLINE);
}

static void test_xsetbv_of_another_register(void **state) {
  (void)state;
  INSN(0x0f, 0x01, 0xd1);
  gpr[RAX] = 7;
  gpr[RCX] = 1;
  x86_exit_xsetbv(cpu0);
  assert_exception(VECTOR_GP);
  assert_int_equal(cpu0->arch.xcr0, 1);
}

static void test_cr4_write(void **state) {
  (void)state;
  world.creg[CREG_CR4] = BIT(5);
  INSN(0x0f, 0x22, 0xe0); // mov %rax, %cr4
  gpr[RAX] = BIT(5) | BIT(7) | BIT(21);
  x86_exit_cr4_write(cpu0);
  assert_advanced(3);
  assert_int_equal(world.creg[CREG_CR4], BIT(5) | BIT(7) | BIT(21));
  start_rip += 3;
  INSN(0x41, 0x0f, 0x22, 0xe1); // mov %r9, %cr4
  static const uint64_t illegal[] = {BIT(5) | BIT(13), BIT(5) | BIT(40),
                                     0 /* long mode needs PAE */};
  for (unsigned i = 0; i < ARRAY_SIZE(illegal); i++) {
    cpu0->arch.event.type = EVENT_NONE;
    gpr[R9] = illegal[i];
    x86_exit_cr4_write(cpu0);
    assert_exception(VECTOR_GP);
    assert_int_equal(world.creg[CREG_CR4], BIT(5) | BIT(7) | BIT(21));
  }
}

static void test_cr8_write(void **state) {
  (void)state;
  INSN(0x44, 0x0f, 0x22, 0xc1); // mov %rcx, %cr8
  gpr[RCX] = 7;
  x86_exit_cr8_write(cpu0);
  assert_advanced(4);
  assert_int_equal(world.creg[CREG_CR8], 7);
  start_rip += 4;
  INSN(0x44, 0x0f, 0x22, 0xc1);
  gpr[RCX] = 16;
  x86_exit_cr8_write(cpu0);
  assert_exception(VECTOR_GP);
  assert_int_equal(world.creg[CREG_CR8], 7);
}

// --- code that is not there, or is something else by now ----------------------------------------

static void exit_io(struct vcpu *v) {
  x86_exit_io(v, &(struct x86_io){.port = 0x60, .size = 1, .in = true});
}

static void (*const handlers[])(struct vcpu *v) = {
    x86_exit_cpuid,     x86_exit_rdmsr,     x86_exit_wrmsr, x86_exit_hlt, x86_exit_xsetbv,
    x86_exit_cr4_write, x86_exit_cr8_write, x86_exit_nop,   exit_io};

// Each of them with registers that it would take: nothing happens but an exception.
static void assert_refused_by_all(uint8_t vector) {
  for (unsigned i = 0; i < ARRAY_SIZE(handlers); i++) {
    cpu0->arch.event.type = EVENT_NONE;
    gpr[RAX] = 7;
    gpr[RBX] = gpr[RDX] = 0;
    gpr[RCX] = handlers[i] == x86_exit_xsetbv ? 0 : 0x277;
    handlers[i](cpu0);
    assert_exception(vector);
    assert_int_equal(gpr[RAX], 7);
    assert_int_equal(gpr[RBX] | gpr[RDX], 0);
  }
  assert_int_equal(world.hypercall_nr, 0);
  assert_int_equal(cpu0->arch.activity, ACTIVITY_RUN);
  assert_int_equal(cpu0->arch.xcr0, 1);
  assert_int_equal(world.creg[CREG_PAT], 0x0007040600070406);
}

static void test_code_is_gone(void **state) {
  (void)state;
  start_rip = cpu0->arch.regs.rip = 0x400000; // not mapped
  assert_refused_by_all(VECTOR_PF);
  assert_int_equal(world.creg[CREG_CR2], 0x400000);
  start_rip = cpu0->arch.regs.rip = 0x800000000000; // not canonical
  assert_refused_by_all(VECTOR_GP);
  assert_int_equal(cpu0->arch.undecoded, 0);
  start_rip = cpu0->arch.regs.rip = 0x300000; // mapped to where no memory is
  world.type[0x300] = P2M_NONE;
  assert_refused_by_all(VECTOR_GP);
  assert_int_equal(cpu0->arch.undecoded, ARRAY_SIZE(handlers));
}

// A sibling has written over the instruction meanwhile.
static void test_code_has_changed(void **state) {
  (void)state;
  INSN(0x87, 0x08); // xchg, which is no such exit's
  assert_refused_by_all(VECTOR_GP);
}

static void test_code_over_two_pages(void **state) {
  (void)state;
  start_rip = cpu0->arch.regs.rip = 0x2fffff;
  world.ram[0x2fffff] = 0x0f;
  world.ram[0x300000] = 0xa2;
  x86_exit_cpuid(cpu0);
  assert_advanced(2);
  start_rip = cpu0->arch.regs.rip = 0x2fffff;
  world.ram[0x300000] = 0xff; // 0f ff is nothing
  x86_exit_cpuid(cpu0);
  assert_exception(VECTOR_GP);
  cpu0->arch.event.type = EVENT_NONE;
  start_rip = cpu0->arch.regs.rip = 0x3fffff;
  world.ram[0x3fffff] = 0x0f;
  x86_exit_cpuid(cpu0);
  assert_exception(VECTOR_PF);
  assert_int_equal(world.creg[CREG_CR2], 0x400000); // the part that is missing
}

// --- ports ---------------------------------------------------------------------------------

static void out(uint16_t port, uint8_t size, uint32_t value) {
  gpr[RAX] = value;
  x86_exit_io(cpu0, &(struct x86_io){.port = port, .size = size, .next_rip = start_rip + 1});
}

static uint64_t in(uint16_t port, uint8_t size) {
  gpr[RAX] = 0x1122334455667788;
  x86_exit_io(cpu0,
              &(struct x86_io){.port = port, .size = size, .in = true, .next_rip = start_rip + 1});
  return gpr[RAX];
}

static void test_ports(void **state) {
  (void)state;
  assert_int_equal(in(0x60, 1), 0x11223344556677ff);
  assert_int_equal(in(0x60, 2), 0x112233445566ffff);
  assert_int_equal(in(0xcfc, 4), 0xffffffff);
  assert_int_equal(in(GUEST_PORT_SLEEP_STATUS, 1), 0x1122334455667700);
  out(GUEST_PORT_SLEEP_CONTROL, 1, 5 << 2);
  out(GUEST_PORT_SLEEP_CONTROL, 1, 0x20 | 3 << 2);
  out(GUEST_PORT_SLEEP_CONTROL, 2, 0x20 | 5 << 2);
  out(GUEST_PORT_RESET, 1, 0);
  assert_int_equal(world.end, DOMAIN_END_NONE);
  out(GUEST_PORT_SLEEP_CONTROL, 1, 0x20 | 5 << 2);
  assert_int_equal(world.end, DOMAIN_END_POWEROFF);
  out(GUEST_PORT_RESET, 1, 1);
  assert_int_equal(world.end, DOMAIN_END_REBOOT);
}

static void test_string_io_is_refused(void **state) {
  (void)state;
  x86_exit_io(cpu0,
              &(struct x86_io){.port = 0x60, .size = 1, .string = true, .next_rip = start_rip + 1});
  assert_exception(VECTOR_GP);
  assert_int_equal(cpu0->arch.undecoded, 1);
}

// --- nested faults -----------------------------------------------------------------------------

static void fault_at(uint64_t gpa, bool write) {
  x86_exit_npf(cpu0, &(struct x86_npf){.gpa = gpa, .write = write});
}

static void test_nothing_there(void **state) {
  (void)state;
  INSN(0x8b, 0x08); // mov (%rax), %ecx
  fault_at(0xe0000000, false);
  assert_advanced(2);
  assert_int_equal(gpr[RCX], UINT32_MAX);
  start_rip += 2;
  INSN(0x0f, 0xb6, 0x08); // movzbl
  fault_at(0xe0000000, false);
  assert_int_equal(gpr[RCX], 0xff);
  INSN(0x48, 0x0f, 0xbe, 0x08); // movsbq
  fault_at(0xe0000000, false);
  assert_int_equal(gpr[RCX], ~0ull);
  gpr[RAX] = 0;
  INSN(0x8a, 0x20); // mov (%rax), %ah
  fault_at(0xe0000000, false);
  assert_int_equal(gpr[RAX], 0xff00);
  start_rip = cpu0->arch.regs.rip;
  INSN(0x89, 0x08);
  fault_at(0xe0000000, true);
  assert_advanced(2);
}

static void test_forms_that_are_not_decoded(void **state) {
  (void)state;
  INSN(0x87, 0x08); // xchg
  fault_at(0xe0000000, true);
  assert_exception(VECTOR_GP);
  assert_int_equal(cpu0->arch.undecoded, 1);
  INSN(0x8b, 0x08); // a plain move, but it is not what got there
  cpu0->arch.event.type = EVENT_NONE;
  x86_exit_npf(cpu0, &(struct x86_npf){.gpa = 0xe0000000, .fetch = true});
  assert_exception(VECTOR_GP);
  cpu0->arch.event.type = EVENT_NONE;
  x86_exit_npf(cpu0, &(struct x86_npf){.gpa = 0xe0000000, .table = true});
  assert_exception(VECTOR_GP);
  cpu0->arch.event = (struct x86_event){.type = EVENT_INTERRUPT, .vector = 0x40}; // by no move
  fault_at(0xe0000000, true);
  assert_exception(VECTOR_GP);
  cpu0->arch.event.type = EVENT_NONE;
  INSN(0x0f, 0xa2); // known, and no move
  fault_at(0xe0000000, true);
  assert_exception(VECTOR_GP);
  cpu0->arch.event.type = EVENT_NONE;
  start_rip = cpu0->arch.regs.rip = 0x400000; // the page fault of the guest's own comes first
  fault_at(0xe0000000, true);
  assert_exception(VECTOR_PF);
}

static void test_memory_faults(void **state) {
  (void)state;
  INSN(0x89, 0x08);
  fault_at(0x300000, true); // there by now: try again
  assert_advanced(0);
  world.type[0x300] = P2M_LOG_DIRTY;
  fault_at(0x300000, true);
  assert_advanced(0);
  assert_int_equal(world.type[0x300], P2M_RAM);
  world.type[0x300] = P2M_RAM_RO;
  fault_at(0x300000, true); // dropped
  assert_advanced(2);
}

static void test_local_apic_page(void **state) {
  (void)state;
  INSN(0x8b, 0x08);
  fault_at(VLAPIC_BASE + 0x30, false);
  assert_advanced(2);
  assert_int_equal(gpr[RCX], 0x50014);
  INSN(0x8a, 0x08);
  fault_at(VLAPIC_BASE + 0x32, false); // a byte of it
  assert_int_equal(gpr[RCX], 0x50005);
  INSN(0x8b, 0x08);
  fault_at(VLAPIC_BASE + 0x34, false); // between registers
  assert_int_equal(gpr[RCX], 0);
  INSN(0x89, 0x08);
  gpr[RCX] = 0x1ff;
  fault_at(VLAPIC_BASE + 0xf0, true);
  assert_int_equal(cpu0->arch.lapic.spurious, 0x1ff);
  INSN(0xc7, 0x00, 0xf3, 0x01, 0, 0);
  fault_at(VLAPIC_BASE + 0xf0, true);
  assert_int_equal(cpu0->arch.lapic.spurious, 0x1f3);
  INSN(0x89, 0x08);
  fault_at(VLAPIC_BASE + 0xf4, true); // between registers
  assert_int_equal(cpu0->arch.lapic.spurious, 0x1f3);
  INSN(0x8b, 0x08);
  fault_at(VLAPIC_BASE + 0xfc0, false); // no register
  assert_int_equal(gpr[RCX], 0);
  INSN(0x66, 0x89, 0x08); // 16 bits: dropped
  fault_at(VLAPIC_BASE + 0xf0, true);
  assert_int_equal(cpu0->arch.lapic.spurious, 0x1f3);
  INSN(0x8b, 0x08);
  assert_int_equal(vlapic_base_write(cpu0, cpu0->arch.apic_base | BIT(10)), STATUS_OK);
  fault_at(VLAPIC_BASE + 0x30, false); // x2APIC has no page
  assert_int_equal(gpr[RCX], UINT32_MAX);
}

// --- injection -----------------------------------------------------------------------------------

static void test_exceptions_combine(void **state) {
  (void)state;
  enum { BENIGN, CONTRIBUTORY, PAGE };
  static const uint8_t of[] = {VECTOR_UD, VECTOR_GP, VECTOR_PF};
  static const bool doubles[3][3] = {{0, 0, 0}, {0, 1, 0}, {0, 1, 1}};
  for (unsigned a = 0; a < 3; a++)
    for (unsigned b = 0; b < 3; b++) {
      cpu0->arch.event.type = EVENT_NONE;
      x86_inject(cpu0, of[a], false, 0);
      x86_inject(cpu0, of[b], false, 7);
      assert_int_equal(cpu0->arch.event.vector, doubles[a][b] ? VECTOR_DF : of[b]);
      assert_int_equal(cpu0->arch.event.has_error, doubles[a][b]);
    }
  assert_int_equal(world.crashes, 0);
  cpu0->arch.event.type = EVENT_NONE;
  x86_inject(cpu0, VECTOR_DF, true, 0);
  x86_inject(cpu0, VECTOR_UD, false, 0);
  assert_int_equal(world.crashes, 0);
  for (unsigned i = 0; i < 2; i++) {
    cpu0->arch.event.type = EVENT_NONE;
    x86_inject(cpu0, VECTOR_DF, true, 0);
    x86_inject(cpu0, i ? VECTOR_PF : VECTOR_GP, true, 0);
    assert_int_equal(world.crashes, i + 1);
  }
}

// An interrupt whose delivery faulted is not lost.
static void test_overtaken_events(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x40);
  vlapic_accept(cpu0, 0x40);
  cpu0->arch.event = (struct x86_event){.type = EVENT_INTERRUPT, .vector = 0x40};
  x86_inject(cpu0, VECTOR_GP, true, 0);
  assert_int_equal(vlapic_pending(cpu0), 0x40);
  cpu0->arch.event = (struct x86_event){.type = EVENT_NMI, .vector = 2};
  x86_inject(cpu0, VECTOR_GP, true, 0);
  assert_true(cpu0->arch.nmi_pending);
}

static void test_order_of_events(void **state) {
  (void)state;
  cpu0->arch.regs.rflags |= BIT(9);
  vlapic_raise(cpu0, 0x40);
  world.upcall_vector = 0xf3;
  cpu0->arch.nmi_pending = true;
  assert_true(x86_prepare_event(cpu0)); // the NMI goes first, the others wait
  assert_int_equal(cpu0->arch.event.type, EVENT_NMI);
  cpu0->arch.event.type = EVENT_NONE;
  assert_true(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.vector, 0xf3);
  cpu0->arch.event.type = EVENT_NONE;
  world.upcall_vector = 0;
  assert_false(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.vector, 0x40);
  assert_int_equal(vlapic_pending(cpu0), -1);
}

static void test_window(void **state) {
  (void)state;
  vlapic_raise(cpu0, 0x40);
  assert_true(x86_prepare_event(cpu0)); // IF is clear
  assert_int_equal(cpu0->arch.event.type, EVENT_NONE);
  cpu0->arch.regs.rflags |= BIT(9);
  cpu0->arch.interrupt_shadow = 1;
  assert_true(x86_prepare_event(cpu0));
  cpu0->arch.interrupt_shadow = 0;
  world.creg[CREG_CR8] = 5;
  assert_true(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.window_class, 4);
  world.creg[CREG_CR8] = 3;
  assert_false(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.vector, 0x40);
}

static void test_can_take_interrupt(void **state) {
  (void)state;
  assert_false(arch_vcpu_can_take_interrupt(cpu0));
  cpu0->arch.nmi_pending = true;
  assert_true(arch_vcpu_can_take_interrupt(cpu0));
  cpu0->arch.nmi_blocked = true;
  assert_false(arch_vcpu_can_take_interrupt(cpu0));
  world.upcall_vector = 0xf3; // IF is clear
  assert_false(arch_vcpu_can_take_interrupt(cpu0));
  cpu0->arch.regs.rflags |= BIT(9);
  assert_true(arch_vcpu_can_take_interrupt(cpu0));
  world.upcall_vector = 0;
  assert_false(arch_vcpu_can_take_interrupt(cpu0));
  cpu0->arch.regs.rflags = 2;
  cpu0->arch.event.type = EVENT_EXCEPTION;
  assert_true(arch_vcpu_can_take_interrupt(cpu0));
}

// An interrupt that the guest left without is found due again, and asks for no window beside it.
static void test_put_back(void **state) {
  (void)state;
  cpu0->arch.regs.rflags |= BIT(9);
  vlapic_raise(cpu0, 0x40);
  assert_false(x86_prepare_event(cpu0));
  struct x86_event taken = cpu0->arch.event;
  for (unsigned i = 0; i < 2; i++) {
    cpu0->arch.event.type = EVENT_NONE;
    x86_put_back(cpu0, &taken);
    assert_false(x86_prepare_event(cpu0));
    assert_int_equal(cpu0->arch.event.vector, 0x40);
  }
  cpu0->arch.event.type = EVENT_NONE; // the guest has it now
  world.upcall_vector = 0xf3;
  assert_false(x86_prepare_event(cpu0));
  taken = cpu0->arch.event;
  assert_int_equal(taken.vector, 0xf3);
  cpu0->arch.event.type = EVENT_NONE;
  x86_put_back(cpu0, &taken);
  assert_false(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.vector, 0xf3);
  world.upcall_vector = 0; // taken back meanwhile: nothing is left of it
  cpu0->arch.event.type = EVENT_NONE;
  x86_put_back(cpu0, &taken);
  assert_false(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.type, EVENT_NONE);
}

static void test_blocked_nmi(void **state) {
  (void)state;
  cpu0->arch.nmi_pending = cpu0->arch.nmi_blocked = true;
  assert_false(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.type, EVENT_NONE);
  cpu0->arch.nmi_blocked = false;
  assert_false(x86_prepare_event(cpu0));
  assert_int_equal(cpu0->arch.event.type, EVENT_NMI);
}

// --- copies
// -----------------------------------------------------------------------------------------

static void test_copy_linear(void **state) {
  (void)state;
  uint8_t out[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
  for (unsigned i = 0; i < sizeof(out); i++)
    out[i] = (uint8_t)(i * 7);
  assert_int_equal(guest_write(GVA(0x123456), out, sizeof(out)), STATUS_OK);
  assert_int_equal(guest_read(back, GVA(0x123456), sizeof(back)), STATUS_OK);
  assert_memory_equal(out, back, sizeof(out));
  assert_memory_equal(&world.ram[0x123456], out, sizeof(out));
  assert_int_equal(guest_read(back, GVA(0x123456), 0), STATUS_OK);
}

static void test_copy_faults(void **state) {
  (void)state;
  uint8_t bytes[64] = {0};
  assert_int_equal(guest_read(bytes, GVA(0x400000), 8), STATUS_FAULT);       // not mapped
  assert_int_equal(guest_read(bytes, GVA(0x3fffe0), 64), STATUS_FAULT);      // its second half
  assert_int_equal(guest_read(bytes, GVA(0x800000000000), 8), STATUS_FAULT); // not canonical
  world.type[0x300] = P2M_RAM_RO;
  assert_int_equal(guest_write(GVA(0x300000), bytes, 8), STATUS_FAULT);
  assert_int_equal(guest_read(bytes, GVA(0x300000), 8), STATUS_OK);
  world.type[0x300] = P2M_LOG_DIRTY;
  assert_int_equal(guest_write(GVA(0x300000), bytes, 8), STATUS_OK);
  assert_int_equal(world.type[0x300], P2M_RAM);
  world.cpl = 3; // the tables map supervisor pages with the user bit
  assert_int_equal(guest_read(bytes, GVA(0x1000), 8), STATUS_OK);
  ram_write64(0x12000, 0xe3);
  assert_int_equal(guest_read(bytes, GVA(0x1000), 8), STATUS_FAULT);
}

static void test_copy_physical(void **state) {
  (void)state;
  uint64_t value = 42;
  assert_int_equal(guest_write_phys(GPA(0x7ffffc), &value, 4), STATUS_OK);
  assert_int_equal(guest_write_phys(GPA(0x7ffffc), &value, 8), STATUS_FAULT);
  assert_int_equal(guest_write_phys(GPA(1ull << 42), &value, 8), STATUS_FAULT);
  assert_int_equal(guest_write_phys(GPA(~0ull), &value, 1), STATUS_FAULT);
}

// --- events as control blocks have them -----------------------------------------------------

static void check_event(struct x86_event e, uint32_t bits) {
  assert_int_equal(x86_event_pack(&e), bits);
  struct x86_event back = x86_event_unpack(bits, e.error);
  assert_int_equal(back.type, e.type);
  assert_int_equal(back.vector, e.vector);
  assert_int_equal(back.has_error, e.has_error);
  assert_int_equal(back.error, e.error);
}

static void test_event_format(void **state) {
  (void)state;
  check_event((struct x86_event){.type = EVENT_INTERRUPT, .vector = 0x31}, 0x80000031);
  check_event((struct x86_event){.type = EVENT_NMI, .vector = VECTOR_NMI}, 0x80000202);
  check_event((struct x86_event){.type = EVENT_EXCEPTION, .vector = VECTOR_UD}, 0x80000306);
  check_event(
      (struct x86_event){
          .type = EVENT_EXCEPTION, .vector = VECTOR_PF, .has_error = true, .error = 7},
      0x80000b0e);
  const struct x86_event none = {.type = EVENT_NONE, .vector = 0x31, .has_error = true};
  assert_int_equal(x86_event_pack(&none), 0);
  static const uint32_t of_instructions[] = {0x80000303, 0x80000304, 0x80000480, 0x80000501,
                                             0x80000603};
  for (unsigned i = 0; i < ARRAY_SIZE(of_instructions); i++)
    assert_int_equal(x86_event_unpack(of_instructions[i], 0).type, EVENT_NONE);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, setup64)
  const struct CMUnitTest tests[] = {
      TEST(test_cpuid),
      TEST(test_hypercall_64),
      TEST(test_hypercall_32),
      TEST(test_hypercall_refused),
      TEST(test_hypercall_from_real_mode),
      TEST(test_msr_exits),
      TEST(test_hidden_msr),
      TEST(test_xsetbv),
      TEST(test_hlt),
      TEST(test_hlt_without_interrupts),
      TEST(test_hlt_beside_others),
      TEST(test_xsetbv_of_another_register),
      TEST(test_ports),
      TEST(test_cr4_write),
      TEST(test_cr8_write),
      TEST(test_code_is_gone),
      TEST(test_code_has_changed),
      TEST(test_code_over_two_pages),
      TEST(test_string_io_is_refused),
      TEST(test_nothing_there),
      TEST(test_forms_that_are_not_decoded),
      TEST(test_memory_faults),
      TEST(test_local_apic_page),
      TEST(test_exceptions_combine),
      TEST(test_overtaken_events),
      TEST(test_order_of_events),
      TEST(test_window),
      TEST(test_can_take_interrupt),
      TEST(test_put_back),
      TEST(test_blocked_nmi),
      TEST(test_copy_linear),
      TEST(test_copy_faults),
      TEST(test_copy_physical),
      TEST(test_event_format),
  };
  return cmocka_run_group_tests_name("exits", tests, NULL, NULL);
}
