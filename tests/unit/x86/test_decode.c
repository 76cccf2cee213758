// SPDX-License-Identifier: Apache-2.0
// The decoder against a table of encodings, each cut short at every byte, and
// the fetch of instructions through the guest's own page tables.
#include "guest_world.h"
#include <string.h>

#define BYTES(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
enum { M16 = 1, M32 = 2, M64 = 4, ALL = 7 };

static const struct encoding {
  const char *text;
  uint8_t bytes[15];
  uint8_t length;
  unsigned modes;
  enum insn_op op;
  struct insn expect; // of moves
} encodings[] = {
    {"cpuid", BYTES(0x0f, 0xa2), ALL, INSN_CPUID, {0}},
    {"rdmsr", BYTES(0x0f, 0x32), ALL, INSN_RDMSR, {0}},
    {"wrmsr", BYTES(0x0f, 0x30), ALL, INSN_WRMSR, {0}},
    {"rdtsc", BYTES(0x0f, 0x31), ALL, INSN_RDTSC, {0}},
    {"rdtscp", BYTES(0x0f, 0x01, 0xf9), ALL, INSN_RDTSCP, {0}},
    {"rdpmc", BYTES(0x0f, 0x33), ALL, INSN_RDPMC, {0}},
    {"xsetbv", BYTES(0x0f, 0x01, 0xd1), ALL, INSN_XSETBV, {0}},
    {"invd", BYTES(0x0f, 0x08), ALL, INSN_INVD, {0}},
    {"wbinvd", BYTES(0x0f, 0x09), ALL, INSN_WBINVD, {0}},
    {"hlt", BYTES(0xf4), ALL, INSN_HLT, {0}},
    {"pause", BYTES(0xf3, 0x90), ALL, INSN_PAUSE, {0}},
    {"in $0x70, %al", BYTES(0xe4, 0x70), ALL, INSN_IN_OUT, {0}},
    {"out %ax, %dx", BYTES(0x66, 0xef), ALL, INSN_IN_OUT, {0}},
    {"rep outsb", BYTES(0xf3, 0x6e), ALL, INSN_IN_OUT, {0}},
    {"mov %eax, %cr4",
     BYTES(0x0f, 0x22, 0xe0),
     M16 | M32,
     INSN_MOV_CR,
     {.reg = RAX, .reg_size = 4}},
    {"mov %r9, %cr8", BYTES(0x45, 0x0f, 0x22, 0xc1), M64, INSN_MOV_CR, {.reg = R9, .reg_size = 8}},
    {"rex cpuid", BYTES(0x48, 0x0f, 0xa2), M64, INSN_CPUID, {0}},
    {"many prefixes, cpuid",
     BYTES(0x2e, 0x66, 0x67, 0xf2, 0xf3, 0x65, 0x40, 0x0f, 0xa2),
     M64,
     INSN_CPUID,
     {0}},
    {"fs cpuid", BYTES(0x64, 0x0f, 0xa2), M16 | M32, INSN_CPUID, {0}},

    {"mov %al, (%rax)",
     BYTES(0x88, 0x00),
     M32 | M64,
     INSN_STORE,
     {.size = 1, .reg = RAX, .reg_size = 1}},
    {"mov %ah, (%rax)",
     BYTES(0x88, 0x20),
     M32 | M64,
     INSN_STORE,
     {.size = 1, .reg = RAX, .reg_size = 1, .high_byte = true}},
    {"mov %spl, (%rax)",
     BYTES(0x40, 0x88, 0x20),
     M64,
     INSN_STORE,
     {.size = 1, .reg = RSP, .reg_size = 1}},
    {"mov %ecx, (%rax)",
     BYTES(0x89, 0x08),
     M32 | M64,
     INSN_STORE,
     {.size = 4, .reg = RCX, .reg_size = 4}},
    {"mov %cx, (%rax)",
     BYTES(0x66, 0x89, 0x08),
     M32 | M64,
     INSN_STORE,
     {.size = 2, .reg = RCX, .reg_size = 2}},
    {"mov %cx, (%bx,%si)",
     BYTES(0x89, 0x08),
     M16,
     INSN_STORE,
     {.size = 2, .reg = RCX, .reg_size = 2}},
    {"mov %ecx, 0x1234 (16 bits)",
     BYTES(0x66, 0x89, 0x0e, 0x34, 0x12),
     M16,
     INSN_STORE,
     {.size = 4, .reg = RCX, .reg_size = 4}},
    {"mov %cx, 0x12(%bp)",
     BYTES(0x89, 0x4e, 0x12),
     M16,
     INSN_STORE,
     {.size = 2, .reg = RCX, .reg_size = 2}},
    {"mov %cx, 0x1234(%bp)",
     BYTES(0x89, 0x8e, 0x34, 0x12),
     M16,
     INSN_STORE,
     {.size = 2, .reg = RCX, .reg_size = 2}},
    {"mov %r9, (%r8)",
     BYTES(0x4d, 0x89, 0x08),
     M64,
     INSN_STORE,
     {.size = 8, .reg = R9, .reg_size = 8}},
    {"mov 0x20(%rax), %edx",
     BYTES(0x8b, 0x50, 0x20),
     M32 | M64,
     INSN_LOAD,
     {.size = 4, .reg = RDX, .reg_size = 4}},
    {"mov 0x1000(%rax), %edx",
     BYTES(0x8b, 0x90, 0, 0x10, 0, 0),
     M32 | M64,
     INSN_LOAD,
     {.size = 4, .reg = RDX, .reg_size = 4}},
    {"mov 0x8(%rax,%rcx,4), %edx",
     BYTES(0x8b, 0x54, 0x88, 0x08),
     M32 | M64,
     INSN_LOAD,
     {.size = 4, .reg = RDX, .reg_size = 4}},
    {"mov 0x20000(,%rcx,4), %edx",
     BYTES(0x8b, 0x14, 0x8d, 0, 0, 2, 0),
     M32 | M64,
     INSN_LOAD,
     {.size = 4, .reg = RDX, .reg_size = 4}},
    {"mov 0x20(%rip), %edx",
     BYTES(0x8b, 0x15, 0x20, 0, 0, 0),
     M32 | M64,
     INSN_LOAD,
     {.size = 4, .reg = RDX, .reg_size = 4}},
    {"mov (%ebx), %dl (a32)",
     BYTES(0x67, 0x8a, 0x13),
     M64 | M16,
     INSN_LOAD,
     {.size = 1, .reg = RDX, .reg_size = 1}},
    {"mov %bx-form, %dx (a16)",
     BYTES(0x67, 0x8b, 0x57, 0x10),
     M32,
     INSN_LOAD,
     {.size = 4, .reg = RDX, .reg_size = 4}},
    {"movb $0x7f, (%rax)",
     BYTES(0xc6, 0x00, 0x7f),
     M32 | M64,
     INSN_STORE,
     {.size = 1, .reg = 0xff, .immediate = 0x7f}},
    {"movl $imm, 0x10(%rax)",
     BYTES(0xc7, 0x40, 0x10, 1, 2, 3, 0x84),
     M32 | M64,
     INSN_STORE,
     {.size = 4, .reg = 0xff, .immediate = 0x84030201}},
    {"movw $imm, (%rax)",
     BYTES(0x66, 0xc7, 0x00, 1, 2),
     M32 | M64,
     INSN_STORE,
     {.size = 2, .reg = 0xff, .immediate = 0x201}},
    {"movq $-1, (%rax)",
     BYTES(0x48, 0xc7, 0x00, 0xff, 0xff, 0xff, 0xff),
     M64,
     INSN_STORE,
     {.size = 8, .reg = 0xff, .immediate = ~0ull}},
    {"movabs addr, %eax",
     BYTES(0xa1, 1, 2, 3, 4, 5, 6, 7, 8),
     M64,
     INSN_LOAD,
     {.size = 4, .reg = RAX, .reg_size = 4}},
    {"mov addr, %eax",
     BYTES(0xa1, 1, 2, 3, 4),
     M32,
     INSN_LOAD,
     {.size = 4, .reg = RAX, .reg_size = 4}},
    {"mov addr, %al", BYTES(0xa0, 1, 2), M16, INSN_LOAD, {.size = 1, .reg = RAX, .reg_size = 1}},
    {"mov %eax, addr",
     BYTES(0xa3, 1, 2, 3, 4),
     M32,
     INSN_STORE,
     {.size = 4, .reg = RAX, .reg_size = 4}},
    {"movzbl (%rax), %ecx",
     BYTES(0x0f, 0xb6, 0x08),
     M32 | M64,
     INSN_LOAD,
     {.size = 1, .reg = RCX, .reg_size = 4}},
    {"movzwl (%rax), %ecx",
     BYTES(0x0f, 0xb7, 0x08),
     M32 | M64,
     INSN_LOAD,
     {.size = 2, .reg = RCX, .reg_size = 4}},
    {"movsbq (%rax), %r9",
     BYTES(0x4c, 0x0f, 0xbe, 0x08),
     M64,
     INSN_LOAD,
     {.size = 1, .reg = R9, .reg_size = 8, .sign_extend = true}},
    {"movswl (%rax), %ecx",
     BYTES(0x0f, 0xbf, 0x08),
     M32 | M64,
     INSN_LOAD,
     {.size = 2, .reg = RCX, .reg_size = 4, .sign_extend = true}},
    {"movslq (%rax), %rcx",
     BYTES(0x48, 0x63, 0x08),
     M64,
     INSN_LOAD,
     {.size = 4, .reg = RCX, .reg_size = 8, .sign_extend = true}},
    {"movslw (%rax), %cx: reads a word",
     BYTES(0x66, 0x63, 0x08),
     M64,
     INSN_LOAD,
     {.size = 2, .reg = RCX, .reg_size = 2, .sign_extend = true}},
};

static const struct encoding unknown[] = {
    {"nop", BYTES(0x90), ALL, INSN_OTHER, {0}},
    {"mov %eax, %ecx", BYTES(0x89, 0xc1), ALL, INSN_OTHER, {0}},
    {"xchg %eax, (%rcx)", BYTES(0x87, 0x01), ALL, INSN_OTHER, {0}},
    {"add %eax, (%rcx)", BYTES(0x01, 0x01), ALL, INSN_OTHER, {0}},
    {"c7 /1", BYTES(0xc7, 0x08, 0, 0, 0, 0), ALL, INSN_OTHER, {0}},
    {"arpl", BYTES(0x63, 0x08), M16 | M32, INSN_OTHER, {0}},
    {"vmrun", BYTES(0x0f, 0x01, 0xd8), ALL, INSN_OTHER, {0}},
    {"rex without an instruction of its own", BYTES(0x48, 0x66, 0x90), M64, INSN_OTHER, {0}},
};

static void check_mode(const struct encoding *e, unsigned bits) {
  struct insn i;
  uint8_t bytes[15];
  memset(bytes, 0xcc, sizeof(bytes));
  memcpy(bytes, e->bytes, e->length);
  assert_true(insn_decode(bytes, sizeof(bytes), bits, &i));
  assert_int_equal(i.op, e->op);
  assert_int_equal(i.length, e->length);
  assert_int_equal(i.size, e->expect.size);
  assert_int_equal(i.reg, e->expect.reg);
  if (i.reg != 0xff)
    assert_int_equal(i.reg_size, e->expect.reg_size);
  assert_int_equal(i.high_byte, e->expect.high_byte);
  assert_int_equal(i.sign_extend, e->expect.sign_extend);
  assert_int_equal(i.immediate, e->expect.immediate);
  for (unsigned n = 0; n < e->length; n++) {
    uint8_t *cut = test_malloc(n); // so that a read beyond it is seen
    memcpy(cut, bytes, n);
    assert_false(insn_decode(cut, n, bits, &i));
    assert_true(i.length > n);
    test_free(cut);
  }
}

static void test_encodings(void **state) {
  (void)state;
  for (unsigned i = 0; i < ARRAY_SIZE(encodings); i++)
    for (unsigned m = 0; m < 3; m++)
      if (encodings[i].modes & (1u << m)) {
        print_message("%s, %u bits\n", encodings[i].text, 16u << m);
        check_mode(&encodings[i], 16u << m);
      }
}

static void test_unknown(void **state) {
  (void)state;
  for (unsigned i = 0; i < ARRAY_SIZE(unknown); i++)
    for (unsigned m = 0; m < 3; m++)
      if (unknown[i].modes & (1u << m)) {
        struct insn insn;
        assert_false(insn_decode(unknown[i].bytes, unknown[i].length, 16u << m, &insn));
        assert_int_equal(insn.op, INSN_OTHER);
      }
}

// 15 bytes are the most that an instruction has.
static void test_too_long(void **state) {
  (void)state;
  uint8_t bytes[15];
  struct insn i;
  memset(bytes, 0x66, sizeof(bytes));
  bytes[13] = 0x0f;
  bytes[14] = 0xa2;
  assert_true(insn_decode(bytes, 15, 64, &i));
  assert_int_equal(i.length, 15);
  bytes[13] = 0x66;
  bytes[14] = 0x0f;
  assert_false(insn_decode(bytes, 15, 64, &i));
}

// --- fetch --------------------------------------------------------------------------

static void test_skip_in_every_mode(void **state) {
  (void)state;
  static const uint8_t cpuid_plain[] = {0x0f, 0xa2}, cpuid_prefixed[] = {0x66, 0x0f, 0xa2};
  for (unsigned bits = 16; bits <= 64; bits *= 2) {
    world_setup(NULL);
    world_code(bits);
    uint64_t rip = cpu0->arch.regs.rip;
    world_insn(cpuid_plain, 2);
    assert_true(x86_skip(cpu0, INSN_CPUID));
    assert_int_equal(cpu0->arch.regs.rip, rip + 2);
    world_insn(cpuid_prefixed, 3);
    assert_true(x86_skip(cpu0, INSN_CPUID));
    assert_int_equal(cpu0->arch.regs.rip, rip + 5);
  }
}

static void test_reported_length_needs_no_fetch(void **state) {
  (void)state;
  world.type[cpu0->arch.regs.rip / PAGE_SIZE] = P2M_NONE;
  cpu0->arch.next_rip = cpu0->arch.regs.rip + 3;
  assert_true(x86_skip(cpu0, INSN_CPUID));
  assert_int_equal(cpu0->arch.regs.rip, cpu0->arch.next_rip);
}

static void test_over_a_page_end(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0x0f, 0x01, 0xd1};
  for (unsigned before = 1; before < 5; before++) {
    world_setup(NULL);
    world_code(64);
    cpu0->arch.regs.rip = 0x200000 - before;
    world_insn(bytes, 3);
    assert_true(x86_skip(cpu0, INSN_XSETBV));
    assert_int_equal(cpu0->arch.regs.rip, 0x200000 - before + 3);
  }
}

// The second page counts only if the instruction reaches into it.
static void test_second_page_missing(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0x0f, 0x01, 0xd1};
  for (unsigned before = 1; before < 5; before++) {
    world_setup(NULL);
    world_code(64);
    cpu0->arch.regs.rip = 0x200000 - before;
    world_insn(bytes, 3);
    ram_write64(0x12008, 0);
    assert_int_equal(x86_skip(cpu0, INSN_XSETBV), before >= 3);
    if (before < 3) {
      assert_int_equal(cpu0->arch.event.vector, VECTOR_PF);
      assert_int_equal(world.creg[CREG_CR2], 0x200000);
    }
  }
}

// The short way must not take the inside of a 1 GiB page for a table: what it would find there
// leads to another instruction.
static void test_code_in_a_huge_page(void **state) {
  (void)state;
  static const uint8_t plain[] = {0x0f, 0xa2}, prefixed[] = {0x66, 0x0f, 0xa2};
  world_code(64);
  uint64_t rip = cpu0->arch.regs.rip;
  world_insn(prefixed, 3);
  ram_write64(0x11000, 0xe7); // 1 GiB from 0
  ram_write64(0, 0x2000e7);   // as a table: 2 MiB from 0x200000
  memcpy(&world.ram[0x200000 + rip], plain, 2);
  assert_true(x86_skip(cpu0, INSN_CPUID));
  assert_int_equal(cpu0->arch.regs.rip, rip + 3);
}

static void test_another_instruction(void **state) {
  (void)state;
  static const uint8_t rdmsr[] = {0x0f, 0x32};
  world_insn(rdmsr, 2);
  uint64_t rip = cpu0->arch.regs.rip;
  assert_false(x86_skip(cpu0, INSN_CPUID));
  assert_int_equal(cpu0->arch.regs.rip, rip);
  assert_int_equal(cpu0->arch.event.vector, VECTOR_GP);
  assert_int_equal(cpu0->arch.undecoded, 1);
}

static void test_fetch_from_nowhere(void **state) {
  (void)state;
  struct insn i;
  cpu0->arch.regs.rip = RAM_SIZE + 0x1000;
  assert_false(x86_fetch(cpu0, &i));
  assert_int_equal(cpu0->arch.event.vector, VECTOR_GP);
}

static void test_advance(void **state) {
  (void)state;
  world_code(16);
  cpu0->arch.interrupt_shadow = 1;
  cpu0->arch.regs.rip = 0xfffe;
  x86_advance(cpu0, 0x10000);
  assert_int_equal(cpu0->arch.regs.rip, 0);
  assert_int_equal(cpu0->arch.interrupt_shadow, 0);
  assert_int_equal(cpu0->arch.event.type, EVENT_NONE);
  cpu0->arch.regs.rflags |= BIT(8) | BIT(16);
  x86_advance(cpu0, 2);
  assert_int_equal(cpu0->arch.event.vector, VECTOR_DB);
  assert_int_equal(world.creg[CREG_DR6] & BIT(14), BIT(14));
  assert_int_equal(cpu0->arch.regs.rflags & BIT(16), 0);
  world_code(32);
  cpu0->arch.regs.rip = 0xffffffff;
  x86_advance(cpu0, 0x100000001);
  assert_int_equal(cpu0->arch.regs.rip, 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, world_setup)
  const struct CMUnitTest tests[] = {
      TEST(test_encodings),
      TEST(test_unknown),
      TEST(test_too_long),
      TEST(test_skip_in_every_mode),
      TEST(test_over_a_page_end),
      TEST(test_reported_length_needs_no_fetch),
      TEST(test_second_page_missing),
      TEST(test_another_instruction),
      TEST(test_code_in_a_huge_page),
      TEST(test_fetch_from_nowhere),
      TEST(test_advance),
  };
  return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
